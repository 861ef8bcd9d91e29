"""The ground: what has no opinion about selections, votes or WeChat."""
