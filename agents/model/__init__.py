"""The agents' second brains: the same nouns as the built-in ones, read and written by a language model."""
