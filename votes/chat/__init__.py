"""Voting in the chat: candidates by number, a summary, a word that confirms, a receipt; as complete as the page."""
