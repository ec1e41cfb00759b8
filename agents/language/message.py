"""A message prepared for reading: its text, its tokens, and the catalogue's words found in it."""

from dataclasses import dataclass, field

from ...tools.lexicon import Found, Lexicon
from ...tools.words import Token, fold, tokens
from .clauses import Clause


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        text: as the user wrote it.
        level: the same, folded, character for character, so that places agree.
        tokens: its words.
        found: the catalogue's words in it; `start` and `end` count tokens.
        taken: which tokens have been understood as something, in place.
        clauses: its clauses, once its titles are known.
        asking: the attribute of the question that it may answer, or empty.
    """

    text: str
    level: str
    tokens: list[Token]
    found: list[Found]
    taken: list[bool] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    asking: str = ""

    @classmethod
    def read(cls, text: str, lexicon: Lexicon, asking: str | None = None) -> "Message":
        """Prepare a message."""
        found = tokens(text)
        return cls(text, level(text), found, lexicon.find(found, text), [False] * len(found), asking=asking or "")

    def start(self, found: Found) -> int:
        """Where a found phrase begins, in characters."""
        return self.tokens[found.start].start

    def end(self, found: Found) -> int:
        """One past where a found phrase ends, in characters."""
        return self.tokens[found.end - 1].end

    def words(self, start: int, end: int) -> str:
        """The user's own words between two places."""
        return self.text[start:end].strip(" ,.;:!?")

    def take(self, start: int, end: int) -> None:
        """Mark the tokens between two places as understood."""
        for place, token in enumerate(self.tokens):
            if token.start < end and token.end > start:
                self.taken[place] = True

    def free(self, start: int, end: int) -> bool:
        """Whether no token between two places is understood yet."""
        return not any(
            t for t, token in zip(self.taken, self.tokens, strict=True) if token.start < end and token.end > start
        )


def level(text: str) -> str:
    """Folded character for character: the result is as long as the text."""
    return "".join(c if c == "&" else f if len(f := fold(c)) == 1 else (f[:1] or " ") for c in text)
