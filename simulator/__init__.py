"""Simulated users and the evaluation against them, and against what people said and liked."""
