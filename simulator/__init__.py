"""Simulated users and the evaluation against them; nothing is here yet."""
