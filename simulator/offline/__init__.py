"""Protocols on human dialogues and histories, without a simulated user."""
