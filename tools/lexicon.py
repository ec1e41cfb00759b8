"""The catalogue's own words, found in talk: titles, labels, names of people, names of attributes.

Matching goes from strict to loose: as written, in the plural or singular, by stem, by abbreviation, and last by
spelling (rapidfuzz). A word that ordinary talk uses is never respelt, and a title made of ordinary words counts only
where something marks it as a title: quotes, capitals, or a cue such as "like" before it.

Finding costs about a millisecond for a message of twenty words; building is linear in the items.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice, product
from typing import Literal

from .catalogue import Catalogue
from .english import is_english
from .nations import ADJECTIVES, REGIONS
from .schema import Attribute
from .talk_words import TALK_WORDS
from .words import STOPWORDS, Token, fold, stem, words

_BY_SURNAME = 0.7
"""How exact a surname alone is."""

_REMEMBERED = 20_000
"""Words whose spelling is remembered."""

LONGEST = 9
"""Words in the longest phrase that is looked up."""

Kind = Literal["value", "item", "attribute", "noun"]


@dataclass(frozen=True, slots=True)
class Sense:
    """What a phrase can mean.

    Attributes:
        kind: a value of an attribute, an item, an attribute itself, or the catalogue's word for an item.
        attribute: the attribute's name, for values and attributes.
        value: the value as the catalogue spells it.
        items: ids, for items.
        exact: 1.0 as written, less for looser matches.
    """

    kind: Kind
    attribute: str = ""
    value: str = ""
    items: tuple[str, ...] = ()
    exact: float = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a message that means something in the catalogue; `start` and `end` count tokens."""

    start: int
    end: int
    senses: tuple[Sense, ...]

    def of(self, kind: Kind) -> tuple[Sense, ...]:
        """The senses of one kind."""
        return tuple(s for s in self.senses if s.kind == kind)


@dataclass
class _Phrases:
    """Phrase -> senses, in one way of writing them."""

    senses: dict[str, list[Sense]] = field(default_factory=lambda: defaultdict(list))

    def add(self, phrase: str, sense: Sense) -> None:
        known = self.senses[phrase]
        if not any(
            (s.kind, s.attribute, s.value, s.items) == (sense.kind, sense.attribute, sense.value, sense.items)
            for s in known
        ):
            known.append(sense)


@dataclass(frozen=True, slots=True)
class _Written:
    """A phrase as the catalogue writes it, with its sense."""

    words: tuple[str, ...]
    sense: Sense


class Lexicon:
    """Finds the words of a catalogue in a message.

    Args:
        catalogue: whose words.
        frequency: in how many items a stem occurs.
    """

    def __init__(self, catalogue: Catalogue, frequency: Callable[[str], int]) -> None:
        self._catalogue = catalogue
        self._frequency = frequency
        self._written = _Phrases()
        self._stemmed: dict[str, list[_Written]] = defaultdict(list)
        self._titles: dict[str, list[str]] = defaultdict(list)
        self._forms_of: dict[str, list[str]] = defaultdict(list)
        self._title_words: dict[str, set[str]] = defaultdict(set)
        self._surnames: dict[str, list[Sense]] = defaultdict(list)
        self._labels: list[tuple[str, Sense]] = []
        self._abbreviable: dict[str, list[tuple[tuple[str, ...], Sense]]] = defaultdict(list)
        self._abbreviations: dict[tuple[str, ...], list[Sense]] = {}
        self._add_nouns()
        for attribute in catalogue.schema.attributes:
            self._add_attribute(attribute)
        self._add_titles()
        self._by_letter = self._spellings()
        # People say the same words again and again, and each is looked up for every phrase that it may stand in.
        self._respelt = lru_cache(_REMEMBERED)(self._respell)
        self._is_word = lru_cache(_REMEMBERED)(self._knows)
        self._ordinary = lru_cache(_REMEMBERED)(self._corrected)

    @cached_property
    def long_titles(self) -> dict[str, set[str]]:
        """Titles with more words than are looked up at once, folded and between blanks, with the ids of their items."""
        found: dict[str, set[str]] = defaultdict(set)
        for item in self._catalogue.items:
            for title in (item.title, *item.aliases):
                if len(said := words(title)) > LONGEST:
                    found[f" {' '.join(said)} "].add(item.id)
        return dict(found)

    def find(self, message: Sequence[Token], text: str = "", *, rough: bool = True) -> list[Found]:
        """The phrases that mean something, in order, none overlapping: longer and stricter matches win.

        Args:
            message: the message's tokens.
            text: the message as written, for its quotes.
            rough: whether parts of titles and misspelt titles count; finding them takes half of the time.
        """
        respelt = [self._respelt(t.text) for t in message]
        found: list[Found] = []
        for start in range(len(message)):
            for end in range(min(start + LONGEST, len(message)), start, -1):
                senses = self._senses([t.text for t in message[start:end]], 1.0)
                if not senses:
                    senses = self._misspelt(message[start:end], respelt[start:end])
                senses = [s for s in senses if self._meant(message, start, end, text, s)]
                if senses:
                    found.append(Found(start, end, tuple(senses)))
        chosen = _without_overlaps(found)
        if not rough:
            return chosen
        return _without_overlaps([*chosen, *self._rough_titles(message, respelt, chosen)])

    def _misspelt(self, part: Sequence[Token], respelt: Sequence[tuple[str, ...]]) -> list[Sense]:
        """The senses of a phrase with a misspelt word; a real word is respelt only beside others, in a name."""
        for variant in islice(product(*respelt), 1, 12):
            senses = self._senses(variant, 0.8)
            if len(part) == 1 and len(part[0].text) < 7:
                senses = [s for s in senses if s.exact > _BY_SURNAME]
            real = any(v != t.text and self._is_word(t.text) for v, t in zip(variant, part, strict=True))
            if real:
                senses = [
                    s for s in senses if s.kind == "value" and self._catalogue.schema.attribute(s.attribute).person
                ]
                senses = senses if len(part) > 1 else []
            if senses:
                return senses
        return []

    def _rough_titles(
        self, message: Sequence[Token], respelt: Sequence[tuple[str, ...]], chosen: Sequence[Found]
    ) -> list[Found]:
        """Parts of titles and misspelt titles: at least two telling words in a row that one title has."""
        solid = {p for f in chosen for p in range(f.start, f.end) if f.of("item") or f.of("noun")}
        found: list[Found] = []
        for start in range(len(message)):
            for end in range(min(start + LONGEST, len(message)), start + 1, -1):
                if any(p in solid for p in range(start, end)):
                    continue
                item = self._rough_title(
                    message[start:end], [r[-1] if not self._is_word(r[0]) else r[0] for r in respelt[start:end]]
                )
                if item is not None:
                    found.append(Found(start, end, (Sense("item", items=(item,), exact=0.7),)))
                    break
        return found

    def _rough_title(self, part: Sequence[Token], respelt: Sequence[str]) -> str | None:
        """The one item whose title has these words in this order, a misspelling allowed; None when several or none have."""
        edges = (part[0].text, part[-1].text)
        if any(e in STOPWORDS for e in edges[1:]) or (edges[0] in STOPWORDS and edges[0] not in ("the", "a")):
            return None
        telling = [w for w in respelt if w not in STOPWORDS and w not in TALK_WORDS]
        rare = [w for w in telling if 0 < len(self._title_words.get(w, ())) <= 3]
        if len(telling) < 2 or not rare:
            return None
        holders = set.intersection(*(self._title_words.get(w, set()) for w in telling))
        written = " ".join(respelt)
        fitting = {i for i in holders if any(f" {written} " in f" {f} " for f in self._forms_of[i])}
        return next(iter(fitting)) if len(fitting) == 1 else None

    def _add_nouns(self) -> None:
        schema = self._catalogue.schema
        for noun in (schema.noun, schema.nouns, *schema.also):
            self._add(noun, Sense("noun"))

    def _add_attribute(self, attribute: Attribute) -> None:
        sense = Sense("attribute", attribute.name)
        if attribute.person:
            self._labels.append((fold(attribute.label), sense))
        for name in (attribute.name.replace("_", " "), attribute.label, *attribute.also):
            self._add(name, sense)
        if attribute.kind != "category":
            return
        for value in self._catalogue.columns.categories[attribute.name].values:
            self._add_value(attribute, value)

    def _add_value(self, attribute: Attribute, value: str) -> None:
        known = words(value)
        if not known or len(known) > LONGEST:
            return
        sense = Sense("value", attribute.name, value)
        self._add(value, sense)
        for other in attribute.synonyms.get(value, ()):
            self._add(other, sense)
        loose = Sense("value", attribute.name, value, exact=0.9)
        for adjective in ADJECTIVES.get(value, ()):
            self._add(adjective, loose)
        for region in REGIONS.get(value, ()):
            self._add(region, loose)
        if attribute.person:
            for surname in _surnames(value):
                self._surnames[surname].append(Sense("value", attribute.name, value, exact=_BY_SURNAME))
        elif not attribute.person and 2 <= len(known) <= 4:
            self._abbreviable[known[0][0]].append((tuple(known), loose))

    def _add_titles(self) -> None:
        for item in self._catalogue.items:
            for title in (item.title, *item.aliases):
                known = words(title)
                for form in title_forms(title, known):
                    if item.id not in self._titles[form]:
                        self._titles[form].append(item.id)
                        self._forms_of[item.id].append(form)
                for word in known:
                    self._title_words[word].add(item.id)

    def _add(self, phrase: str, sense: Sense) -> None:
        known = words(phrase)
        if not known:
            return
        self._written.add(" ".join(known), sense)
        self._stemmed[" ".join(stem(w) for w in known)].append(_Written(tuple(known), sense))

    def _senses(self, phrase: Sequence[str], exact: float) -> list[Sense]:
        written = " ".join(phrase)
        senses = list(self._written.senses.get(written, ()))
        if not senses and not (len(phrase) == 1 and written in TALK_WORDS):
            alike = self._stemmed.get(" ".join(stem(w) for w in phrase), ())
            senses = _closest(written, [a.sense for a in alike if _inflects(phrase, a.words)], 0.9)
        if not senses and len(phrase) == 1 and exact == 1.0:
            senses = self._compared(phrase[0]) or self._derived(phrase[0])
        if not senses and len(phrase) <= 2 and exact == 1.0:
            senses = self._abbreviated(phrase)
        if not senses and len(phrase) <= 3:
            senses = self._surnames.get(_without_possessive(written), [])
        ids = self._titles.get(written)
        if ids:
            senses = [*senses, Sense("item", items=tuple(sorted(ids, key=lambda i: self._namesake(i, written))))]
        return senses if exact == 1.0 else [_looser(s, exact) for s in senses]

    def _namesake(self, item_id: str, written: str) -> tuple[int, float]:
        """Order among items of one name: whose whole title it is, then the best known."""
        catalogue = self._catalogue
        title = " ".join(words(catalogue.item(item_id).title))
        articled = title in (f"the {written}", f"a {written}", f"an {written}")
        return (
            0 if title == written else 1 if articled else 2,
            -float(catalogue.popularity[catalogue.row_of[item_id]]),
        )

    def _compared(self, word: str) -> list[Sense]:
        """ "funnier" and "darkest" for what is called funny and dark."""
        if word in TALK_WORDS:
            return []
        for ending in ("er", "est"):
            bare = word.removesuffix(ending)
            if bare == word or len(bare) < 3:
                continue
            doubled = bare[:-1] if bare[-1] == bare[-2] else bare
            for base in (bare, bare + "e", doubled, bare[:-1] + "y" if bare.endswith("i") else bare):
                senses = [s for s in self._written.senses.get(base, ()) if s.kind == "value"]
                if senses:
                    return [_looser(s, 0.9) for s in senses]
        return []

    def _derived(self, word: str) -> list[Sense]:
        """ "romantic" for Romance, "historical" for History: a long common beginning, short different ends."""
        if len(word) < 6 or word in TALK_WORDS:
            return []
        root = stem(word)
        for length in range(len(root), 4, -1):
            if len(root) - length > 3:
                break
            if word[length:] not in _DERIVING:
                continue
            matches = [
                s
                for known, senses in self._derivable.get(root[:5], {}).items()
                if known.startswith(root[:length]) and len(known) - length <= 3
                for s in senses
            ]
            if matches:
                return [_looser(s, 0.8) for s in _closest(word, matches, 1.0)[:1]]
        return []

    @property
    def _derivable(self) -> dict[str, dict[str, list[Sense]]]:
        cached = getattr(self, "_derivable_cache", None)
        if cached is None:
            cached = defaultdict(dict)
            columns, schema = self._catalogue.columns.categories, self._catalogue.schema
            few = {n for n, c in columns.items() if len(c.values) <= 80 and not schema.attribute(n).person}
            for phrase, alike in self._stemmed.items():
                values = [a.sense for a in alike if a.sense.kind == "value" and a.sense.attribute in few]
                if values and " " not in phrase and len(phrase) >= 5:
                    cached[phrase[:5]][phrase] = values
            self._derivable_cache = cached
        return cached

    def _abbreviated(self, phrase: Sequence[str]) -> list[Sense]:
        """ "sci fi" and "scifi" for Science Fiction, "fps" for First-Person Shooter."""
        if any(w in TALK_WORDS or w in STOPWORDS for w in phrase) or sum(map(len, phrase)) > 8:
            return []
        named = [
            s
            for label, s in self._labels
            if len(phrase) == 1 and 2 < len(b := phrase[0].rstrip("s")) < len(label) - 3 and label.startswith(b)
        ]
        if named:
            return named[:1]
        if len(phrase) == 1 and (len(phrase[0]) < 3 or self._frequency(stem(phrase[0])) > 0):
            return []
        key = tuple(phrase)
        if key not in self._abbreviations and len(self._abbreviations) < 10_000:
            near = self._abbreviable.get(phrase[0][0], ())
            self._abbreviations[key] = [sense for known, sense in near if _abbreviates(phrase, known)][:1]
        return self._abbreviations.get(key, [])

    def _respell(self, word: str) -> tuple[str, ...]:
        """A word, and the catalogue's words that it may be a misspelling of."""
        if len(word) < 5 or not word.isalpha() or word in TALK_WORDS or word in STOPWORDS:
            return (word,)
        near = self._by_letter.get(word[0], {})
        if word in near.get(len(word), ()) or (self._is_word(word) and len(word) < 7):
            return (word,)
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        allowed = 1 if len(word) < 8 else 2
        choices = [w for length in range(len(word) - allowed, len(word) + allowed + 1) for w in near.get(length, ())]
        found = process.extract(word, choices, scorer=DamerauLevenshtein.distance, score_cutoff=allowed, limit=4)
        return (word, *(f[0] for f in found))

    def ordinary(self, word: str) -> str:
        """The ordinary word of talk that a word is a slip of ("wtih", "recomend"), or the word itself.

        A word that means something, in English or in the catalogue, or might be another of the catalogue's, is no slip.
        """
        return self._ordinary(word)

    def _corrected(self, word: str) -> str:
        if len(word) < 4 or not (word.isascii() and word.isalpha()) or word in TALK_WORDS or word in STOPWORDS:
            return word
        if self._is_word(word) or word in self._surnames or len(self._respelt(word)) > 1:
            near = [w for w in self._respelt(word)[1:] if w not in TALK_WORDS and w not in STOPWORDS]
            if near or self._is_word(word) or word in self._surnames:
                return word
        from rapidfuzz.distance import DamerauLevenshtein

        lengths = range(len(word) - 1, len(word) + 2)
        close = [
            w
            for first in {word[0], word[1]}
            for length in lengths
            for w in self._by_letter.get(first, {}).get(length, ())
            if DamerauLevenshtein.distance(word, w, score_cutoff=1) <= 1
        ]
        if not close or any(w not in TALK_WORDS and w not in STOPWORDS for w in close):
            return word
        return min(close, key=lambda w: (sorted(w) != sorted(word), len(w) != len(word), w))

    def _knows(self, word: str) -> bool:
        """Whether a word is right as it stands: English, or of the catalogue's texts."""
        bare = _without_possessive(word)
        return is_english(bare) or self._inflected(bare)

    def _inflected(self, word: str) -> bool:
        """Whether a word is one of the catalogue's texts, in some inflection."""
        root = stem(word)
        return self._frequency(root) > 0 and word[len(root) :] in ("", "s", "es", "ed", "ing", "d", "e", "y", "er")

    def _spellings(self) -> dict[str, dict[int, list[str]]]:
        """First letter -> length -> the words of all phrases, and of ordinary talk (so that "somthing" finds no title)."""
        vocabulary: dict[str, None] = dict.fromkeys(sorted(TALK_WORDS | STOPWORDS))
        for phrase in (*self._written.senses, *self._titles, *self._surnames):
            vocabulary.update(dict.fromkeys(phrase.split()))
        near: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for word in vocabulary:
            if word.isalpha() and len(word) > 2:
                near[word[0]][len(word)].append(word)
        return near

    def _meant(self, message: Sequence[Token], start: int, end: int, text: str, sense: Sense) -> bool:
        """Whether the words stand for this sense: a pronoun is no country, an ordinary word no title without a mark."""
        if sense.kind == "item":
            return self._marked(message, start, end, text, sense)
        only = message[start]
        if sense.kind == "value" and end - start == 1 and (only.text in STOPWORDS or only.text in _PRONOUNS):
            return only.raw.isupper() and len(only.raw) > 1
        surname = sense.kind == "value" and sense.exact <= _BY_SURNAME and end - start == 1
        if surname and self._catalogue.schema.attribute(sense.attribute).person:
            return self._marked_name(message, start, text)
        return True

    def _marked_name(self, message: Sequence[Token], start: int, text: str) -> bool:
        """Whether a lone surname is meant as one: led up to by "by", a capital, or a word that no text uses otherwise."""
        token = message[start]
        before = message[start - 1].text if start else ""
        if before in ("by", "with", "starring", "featuring") or any(
            s.kind == "attribute" for s in self._written.senses.get(before, ())
        ):
            return True
        if token.raw[0].isupper() and not _opens_sentence(text, token):
            return True
        name = _without_possessive(token.text)
        columns = self._catalogue.columns.categories
        carriers = sum(len(columns[s.attribute].rows(s.value)) for s in self._surnames.get(name, ()))
        return name not in TALK_WORDS and self._frequency(stem(name)) <= 1.5 * carriers + 1

    def _marked(self, message: Sequence[Token], start: int, end: int, text: str, sense: Sense) -> bool:
        """Whether a phrase that could be a title is meant as one."""
        part = message[start:end]
        if _quoted(part, text):
            return True
        ordinary = all(self._is_ordinary(t.text) for t in part)
        possessed = start > 0 and message[start - 1].text in _POSSESSIVES and not part[0].raw[0].isupper()
        if not ordinary and not possessed:
            return True
        telling = sum(t.text not in STOPWORDS and t.text not in TALK_WORDS for t in part)
        if len(part) > 2 and telling > 1 and sense.exact == 1.0:
            return True
        capitals = [t.raw[0].isupper() or t.raw[0].isdigit() for t in part if t.text not in STOPWORDS or len(part) == 1]
        if all(t.raw.isdigit() for t in part) and len(message) > 1:
            capitals = []
        shouted = all(t.raw.isupper() for t in message if t.raw.isalpha())
        opens = start == 0 or _opens_sentence(text, part[0])
        if capitals and all(capitals) and not shouted and (not opens or len(part) > 1 or len(message) == 1):
            return True
        before = [t.text for t in message[max(0, start - 2) : start]]
        after = message[end].text if end < len(message) else ""
        listed = bool(before) and before[-1] in ("and", "or") and any(t.text in _STRONG_CUES for t in message[:start])
        cued = listed or (
            bool(before)
            and (before[-1] in _TITLE_CUES or (before[-1] == "the" and len(before) > 1 and before[0] in _TITLE_CUES))
        )
        closed = not after or after in _TITLE_ENDS or _breaks_after(text, part[-1])
        if len(part) == 1 and part[0].text in STOPWORDS | _PRONOUNS:
            return False
        if (opens and after in _LEAVES_TITLE) or len(part) == len(message) > 1:
            return True
        if len(part) == 1 and (
            part[0].text in TALK_WORDS or len(part[0].text) == 1 or (before and before[-1] in _LOOSE_CUES)
        ):
            return False
        return cued and closed and (sense.exact == 1.0 or len(part[0].text) > 6)

    def _is_ordinary(self, word: str) -> bool:
        """Whether a word is one of talk, or common in the catalogue's texts, or a label."""
        if word in TALK_WORDS or word in STOPWORDS or word.isdigit():
            return True
        if any(s.kind == "value" for s in self._written.senses.get(word, ())):
            return True
        return self._frequency(stem(word)) > max(3, len(self._catalogue) // 1500)


_STRONG_CUES = frozenset("like seen watched played loved enjoyed liked hated finished rewatched".split())
_LOOSE_CUES = frozenset("to is was about".split())
_DERIVING = frozenset("ic ical al ous y ish ian ed ing ive ful istic ary e es s ies ar an n ese i ional d".split())
_POSSESSIVES = frozenset(["my", "our", "your", "his", "her", "their"])
_PARTICLES = frozenset("de le la les du da di del della der den van von bin al el st".split())
_TITLE_CUES = frozenset(
    """
    like resembles resemble resembling
    seen watched read played loved love enjoyed liked than as called titled named similar hated adored finished
    rewatched to recommend about is was
    """.split()
)  # fmt: skip
_LEAVES_TITLE = frozenset("but except meets made destroyed blew minus".split())
_TITLE_ENDS = frozenset(
    """
    about and or but with without except that which so because from by is was were please though for if in when yet
    """.split()
)
_PRONOUNS = frozenset("it her him them us me he she they we you i one this that up".split())


def _surnames(name: str) -> set[str]:
    """How people are called for short: "Tarantino", "Kore-eda", "De Niro" and "Niro"."""
    parts = name.split()
    if len(parts) < 2:
        return set()
    last = " ".join(words(parts[-1]))
    found = {last} if len(last) > 3 and last not in TALK_WORDS else set()
    if fold(parts[-2]) in _PARTICLES:
        found.add(" ".join(words(" ".join(parts[-2:]))))
    return found


def title_forms(title: str, known: list[str]) -> set[str]:
    """A title as people shorten it: without its first article, and its part before a colon or bracket."""
    forms = {" ".join(known)}
    for mark in (":", " - ", " – ", "("):
        head = words(title.split(mark)[0])
        if 0 < len(head) < len(known) and (len(head) > 1 or len(head[0]) > 4):
            forms.add(" ".join(head))
        tail = words(title.partition(mark)[2])
        if mark != "(" and len(tail) > 2:
            forms.add(" ".join(tail))
    for form in list(forms):
        first, _, rest = form.partition(" ")
        if first in ("the", "a", "an") and rest:
            forms.add(rest)
    return {f for f in forms if f and len(f.split()) <= LONGEST}


def _closest(written: str, senses: Iterable[Sense], exact: float) -> list[Sense]:
    """Senses nearest in spelling first; where several values share a stem, only the nearest."""
    from rapidfuzz.distance import Levenshtein

    ranked = sorted(senses, key=lambda s: Levenshtein.distance(written, fold(s.value or s.attribute)))
    values = [s for s in ranked if s.kind == "value"]
    kept = {s.attribute: s for s in reversed(values)}
    return [_looser(s, exact) for s in ranked if s.kind != "value" or kept[s.attribute] is s]


def _inflects(phrase: Sequence[str], written: Sequence[str]) -> bool:
    """Whether each word is an inflection of the written one: "comedies" of "comedy", not "fantastic" of "fantasy"."""
    return all(a == b or _bare_forms(a) & _bare_forms(b) for a, b in zip(phrase, written, strict=True))


def _bare_forms(word: str) -> set[str]:
    """A word and what it may be an inflection of."""
    forms = {word}
    for ending, base in (
        ("ies", "y"),
        ("ied", "y"),
        ("es", ""),
        ("s", ""),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
        ("'s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            forms.add(word[: -len(ending)] + base)
    return forms


def _looser(sense: Sense, exact: float) -> Sense:
    return Sense(sense.kind, sense.attribute, sense.value, sense.items, sense.exact * exact)


def _abbreviates(phrase: Sequence[str], known: Sequence[str]) -> bool:
    if len(phrase) == 2:
        return len(known) == 2 and all(
            2 <= len(a) < len(b) and b.startswith(a) for a, b in zip(phrase, known, strict=True)
        )
    word = phrase[0]
    if len(known) >= 3 and word == "".join(w[0] for w in known):
        return True
    return len(known) == 2 and any(
        known[0].startswith(word[:cut]) and known[1].startswith(word[cut:]) for cut in range(2, len(word) - 1)
    )


def _without_possessive(word: str) -> str:
    return word[:-2] if word.endswith("'s") else word.rstrip("'")


def _quoted(part: Sequence[Token], text: str) -> bool:
    before, after = text[: part[0].start].rstrip(), text[part[-1].end :].lstrip()
    return before[-1:] in tuple("\"“”«'*_") and after[:1] in tuple("\"“”»'*_") and bool(before and after)


def _opens_sentence(text: str, token: Token) -> bool:
    return text[: token.start].rstrip()[-1:] in ("", ".", "!", "?", "\n")


def _breaks_after(text: str, token: Token) -> bool:
    return text[token.end :].lstrip()[:1] in tuple(",.;:!?)")


def _without_overlaps(found: list[Found]) -> list[Found]:
    def weight(f: Found) -> tuple[float, ...]:
        return (f.end - f.start, max(s.exact for s in f.senses))

    chosen: list[Found] = []
    for candidate in sorted(found, key=weight, reverse=True):
        if all(candidate.end <= c.start or candidate.start >= c.end for c in chosen):
            chosen.append(candidate)
    return sorted(chosen, key=lambda f: f.start)
