"""Metrics, each a pure function with its definition and source."""
