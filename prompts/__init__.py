"""The prompts of language-model brains, one Markdown file each; the built-in brains need none."""
