"""Simulated users: by agenda, by a chat model, by replaying what people said."""
