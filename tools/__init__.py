"""Recommender tools: items, catalogue, index, search, neighbours, entailment, errors."""
