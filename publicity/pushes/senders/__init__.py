"""How a push travels over each channel: message by message to followers, or as one job of the platform's."""
