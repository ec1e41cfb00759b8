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
        wanted: the labels that are wanted already, each with its attribute.
    """

    text: str
    level: str
    tokens: list[Token]
    found: list[Found]
    taken: list[bool] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    asking: str = ""
    wanted: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def read(
        cls,
        text: str,
        lexicon: Lexicon,
        asking: str | None = None,
        wanted: frozenset[tuple[str, str]] = frozenset(),
    ) -> "Message":
        """Prepare a message."""
        found, folded = _without_slips(tokens(text), level(text), lexicon)
        senses = lexicon.find(found, text)
        return cls(text, folded, found, senses, [False] * len(found), asking=asking or "", wanted=wanted)

    def start(self, found: Found) -> int:
        """Where a found phrase begins, in characters."""
        return self.tokens[found.start].start

    def end(self, found: Found) -> int:
        """One past where a found phrase ends, in characters."""
        return self.tokens[found.end - 1].end

    def place(self, found: Found) -> tuple[int, int]:
        """Where a found phrase stands, in characters."""
        return self.start(found), self.end(found)

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


def _without_slips(found: list[Token], folded: str, lexicon: Lexicon) -> tuple[list[Token], str]:
    """Tokens and folded text with the slips in ordinary words mended; names are left alone, and so are places."""
    for place, token in enumerate(found):
        named = place > 0 and token.raw[0].isupper()
        meant = token.text if named else lexicon.ordinary(token.text)
        if meant != token.text:
            found[place] = Token(meant, token.raw, token.start, token.end)
            if len(meant) == len(token.text) == token.end - token.start:
                folded = folded[: token.start] + meant + folded[token.end :]
    return found, folded


def level(text: str) -> str:
    """Folded character for character: the result is as long as the text."""
    return "".join(c if c == "&" else f if len(f := fold(c)) == 1 else (f[:1] or " ") for c in text)
