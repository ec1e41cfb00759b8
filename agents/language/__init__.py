"""How the built-in brain reads a message: acts, clauses, limits, references."""
