"""Reads real people's talk with the built-in understanding, and says what it made of it.

Run as `.venv/bin/python benchmarks/blind_understanding.py [--turns 200] [--seed 7] [--list]`; the data is read from
`CONVREC_DATA`, or else from `shared/data` beside the repository. Half of the turns are seekers' messages of ReDial
(validation part), half are seekers' utterances of IARD, which carry intents. The films are ReDial's own 6,583. People
talked with people there, and nothing was written to be understood by a program.

The state before a turn is kept roughly right: the seeker's earlier messages are read and grown into the wish, films
that the recommending side names are shown, and a question of theirs that names an attribute counts as asked.

What is measured:
- unclear: turns whose act is `unclear`, and turns that leave no trace at all (an act of `unclear` or `smalltalk`, and
  nothing else).
- mentions: the films of a text are known by id. A film of the same name counts as found where the text gives no year. A
  mention of a film in focus that the text does not name is a reference ("it"), and counts for nothing here.
- feelings: against what the seeker of a ReDial dialogue said afterwards of each film (liked, seen). `liked`, `accepted`
  and `like_this` should meet liked = yes, `disliked` liked = no, `seen` seen = yes. These are answers about the film,
  not about the sentence: some difference is right.
- acts: an act agrees with an utterance's IARD intents when it is among those that `INTENTS` allows for any of them; the
  intent "other" counts only where it stands alone.
- wishes that nobody made: turns whose intents hold no wish (`WISHLESS`: seen it, will watch it, what is it about, thanks)
  and whose reading has preferences nevertheless. An opinion of a named actor or genre there may be one all the same.
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from convrec.agents import wishes
from convrec.agents.state import Act, Preference, Understanding, Wish
from convrec.agents.understand import understand
from convrec.tools.catalogue import Catalogue
from convrec.tools.index import Index
from convrec.tools.items import Item
from convrec.tools.lexical import Lexical, item_text
from convrec.tools.schema import Schema
from convrec.tools.schema_file import read_schema
from convrec.tools.words import fold

ROOT = Path(__file__).resolve().parent.parent
FILMS = ROOT / "tools" / "films" / "schema.toml"

INTENTS: dict[str, frozenset[Act]] = {
    "IQU": frozenset(("request", "preference", "surprise")),  # asks for a recommendation
    "CON": frozenset(("more", "request", "surprise", "reject")),  # asks for another
    "REF": frozenset(("request", "preference", "more", "reset")),  # puts the wish in other words
    "STO": frozenset(("request", "preference", "more", "reset")),  # starts a new wish
    "PRO": frozenset(("preference", "request")),  # says what they like
    "ANS": frozenset(("preference", "request", "surprise")),  # answers a question about their taste
    "ASK": frozenset(("ask", "compare", "smalltalk", "help")),  # asks the other person's opinion
    "SEE": frozenset(("reject", "preference", "more", "request")),  # has seen it, liked or not
    "ACC": frozenset(("accept", "preference")),  # likes what is recommended
    "REJ": frozenset(("reject", "request", "preference")),  # does not like it
    "INQ": frozenset(("ask", "compare")),  # asks about a recommended film
    "CRI-F": frozenset(("request", "reject", "preference", "more", "ask")),  # wants one feature otherwise
    "CRI-A": frozenset(("request", "reject", "preference", "more")),  # adds a wish to what is shown
    "CRI-C": frozenset(("request", "reject", "preference", "more")),  # wants something like it
    "NRE": frozenset(("smalltalk", "reject", "accept", "preference", "thanks", "more")),  # says nothing of liking it
    "OTH": frozenset(("greet", "thanks", "bye", "smalltalk", "accept", "help")),  # greets, thanks, chats
}
"""IARD's intents (Cai and Chen 2020, Table 2) and the acts that would send the turn the right way."""

WISHLESS = frozenset(("SEE", "ACC", "NRE", "INQ", "ASK", "OTH"))
"""Intents that leave the wish as it is."""

_ID = re.compile(r"@(\d+)(?:\s*<[^>]*>)?")
_YEAR = re.compile(r"\s*\((\d{4})(?:[-–]\d{0,4})?\)\s*$")


@dataclass(frozen=True)
class Said:
    """One message of a dialogue: who says it, in which words, naming which films; intents where a corpus has them."""

    seeker: bool
    text: str
    films: tuple[str, ...] = ()
    dated: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialogue:
    """A dialogue, and its seeker's answers afterwards: film -> (seen, liked), None where they did not say."""

    name: str
    said: tuple[Said, ...]
    labels: dict[str, tuple[bool | None, bool | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """One turn, the state before it, and what was made of it."""

    dialogue: Dialogue
    turn: int
    wish: Wish
    got: Understanding
    milliseconds: float

    @property
    def said(self) -> Said:
        """The message that was read."""
        return self.dialogue.said[self.turn]


def data_folder() -> Path:
    """Where the research data lies, whether or not it is there."""
    return Path(os.environ.get("CONVREC_DATA") or ROOT.parent / "shared" / "data")


def film_schema() -> Schema:
    """What ReDial tells of a film; the genres' other words are those of the shipped catalogue."""
    shipped = read_schema(FILMS)
    named = {"sci-fi": "Science Fiction"}
    others = shipped.attribute("genres").synonyms
    synonyms = {fold(name): words for name, words in others.items()}
    synonyms |= {name: (*synonyms.pop(fold(other), ()), other) for name, other in named.items()}
    return shipped.model_copy(
        update={
            "attributes": tuple(
                shipped.attribute(name).model_copy(update={"synonyms": synonyms if name == "genres" else {}})
                for name in ("year", "directors", "genres", "cast")
            )
        }
    )


def read_films(folder: Path) -> list[Item]:
    """ReDial's films."""
    rows = json.loads((folder / "redial" / "id2info.json").read_text("utf-8"))
    items = []
    for film, row in rows.items():
        if not bare(row["name"]):
            continue
        year = _YEAR.search(row["name"])
        attributes = {
            "genres": tuple(row["genre"] or ()),
            "directors": tuple(row["director"] or ()),
            "cast": tuple(row["star"] or ()),
            "year": year[1] if year else "",
        }
        known = {name: value for name, value in attributes.items() if value}
        items.append(Item(id=film, title=bare(row["name"]), text=row["plot"] or "", attributes=known))
    return items


def bare(name: str) -> str:
    """A film's name without its year."""
    return " ".join(_YEAR.sub("", name.strip()).split())


def build_index(items: list[Item]) -> Index:
    """An index with all that understanding needs, and no vectors."""
    schema = film_schema()
    lexical = Lexical.build([item_text(i, schema) for i in items])
    return Index(Catalogue("redial", schema, items), None, None, lexical)  # type: ignore[arg-type]


def write(text: str, key: str, seeker: bool, catalogue: Catalogue, intents: tuple[str, ...] = ()) -> Said:
    """A message with titles for ids, as people write them: most as they are spelt, some in small letters, some dated.

    Args:
        text: the message with its ids.
        key: decides how each title is written, the same in every run.
        seeker: whether the seeker says it.
        catalogue: the films.
        intents: what the corpus says of it.
    """
    films: list[str] = []
    dated: list[str] = []

    def title(match: re.Match[str]) -> str:
        if match[1] not in catalogue.row_of:
            written = re.search(r"<([^>]*)>", match[0])
            return bare(written[1]) if written else "a film"
        films.append(match[1])
        item = catalogue.item(match[1])
        chance = random.Random(f"{key} {match.start()}").random()
        if chance < 0.15 and "year" in item.attributes:
            dated.append(match[1])
            return f"{item.title} ({item.attributes['year']})"
        return item.title.lower() if chance > 0.85 else item.title

    written = " ".join(_ID.sub(title, text).split())
    return Said(seeker, written, tuple(dict.fromkeys(films)), tuple(dated), intents)


def read_redial(folder: Path, catalogue: Catalogue) -> Iterator[Dialogue]:
    """The validation dialogues of ReDial."""
    for line in (folder / "redial" / "valid_data.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        name, seeker = row["conversationId"], row["initiatorWorkerId"]
        said = [
            write(m["text"], f"{name} {n}", m["senderWorkerId"] == seeker, catalogue)
            for n, m in enumerate(row["messages"])
        ]
        answers = row["initiatorQuestions"] or row["respondentQuestions"] or {}
        told = {1: True, 0: False, 2: None}
        labels = {film: (told[a["seen"]], told[a["liked"]]) for film, a in answers.items()} if answers else {}
        yield Dialogue(f"redial {name}", tuple(said), labels)


def read_iard(folder: Path, catalogue: Catalogue) -> Iterator[Dialogue]:
    """The dialogues of IARD."""
    for name, row in json.loads((folder / "iard" / "iard.json").read_text("utf-8")).items():
        said = [
            write(
                u["utterance_text"].replace("...", " ... "),
                f"{name} {n}",
                u["role"] == "seeker",
                catalogue,
                tuple(dict.fromkeys(u["sub-intent/action"])),
            )
            for n, u in enumerate(row["dialogue_info"].values())
        ]
        yield Dialogue(f"iard {name}", tuple(said))


def sample(dialogues: list[Dialogue], count: int, seed: int) -> list[tuple[Dialogue, int]]:
    """Seekers' turns that say something, at most one of a dialogue as long as there are enough."""
    chance = random.Random(seed)
    turns = [(d, n) for d in dialogues for n, s in enumerate(d.said) if s.seeker and re.search(r"[^\W\d_]{2}", s.text)]
    chance.shuffle(turns)
    seen: set[str] = set()
    first = [t for t in turns if not (t[0].name in seen or seen.add(t[0].name))]
    rest = [t for t in turns if not any(t is f for f in first)] if len(first) < count else []
    return (first + rest)[:count]


async def read_turn(dialogue: Dialogue, turn: int, index: Index) -> Reading:
    """Reads one turn after all that came before it."""
    wish = Wish()
    for said in dialogue.said[:turn]:
        if said.seeker:
            wish = wishes.grow(wish, await understand(said.text, wish, index))
        elif said.films:
            wish = wishes.show(wish, said.films)
        elif (asked := _asked(said.text, index)) and not wish.asking:
            wish = wishes.ask(wish, asked)
    started = time.perf_counter()
    got = await understand(dialogue.said[turn].text, wish, index)
    return Reading(dialogue, turn, wish, got, (time.perf_counter() - started) * 1000)


def _asked(text: str, index: Index) -> str:
    """The attribute that a question of the recommending side names."""
    if "?" not in text:
        return ""
    spoken = fold(text)
    for attribute in index.catalogue.schema.attributes:
        if any(re.search(rf"\b{re.escape(w)}s?\b", spoken) for w in (attribute.label, *attribute.also) if len(w) > 3):
            return attribute.name
    return ""


def show_reading(number: int, reading: Reading, catalogue: Catalogue) -> None:
    """Prints one reading."""
    said, got = reading.said, reading.got
    named = lambda ids: ", ".join(_name(i, catalogue) for i in ids)  # noqa: E731
    before = next((s for s in reversed(reading.dialogue.said[: reading.turn]) if not s.seeker), None)
    print(f"\n#{number} {reading.dialogue.name}:{reading.turn} {' '.join(said.intents)}")
    if before:
        print(f"   after    {before.text}")
    if reading.wish.focus:
        print(f"   focus    {named(reading.wish.focus)}")
    if reading.wish.asking:
        print(f"   asking   {reading.wish.asking}")
    print(f"   TEXT     {said.text}")
    if said.films:
        print(f"   films    {named(said.films)}")
    print(
        f"   act      {got.act}"
        + (f"   count {got.count}" if got.count else "")
        + (" declined" if got.declined else "")
    )
    for preference in got.preferences:
        print(f"   wish     {_describe(preference)}   [{preference.words}]{' lasting' if preference.lasting else ''}")
    for mention in got.mentions:
        print(f"   mention  {_name(mention.item, catalogue)}: {mention.feeling}   [{mention.words}]")
    if got.question:
        print(f"   question {got.question.kind} {got.question.attribute or ''} of {named(got.question.items)}")
    for name in ("dropped", "phrases", "notes"):
        if values := getattr(got, name):
            print(f"   {name:8} {values}")


def _name(item: str, catalogue: Catalogue) -> str:
    film = catalogue.item(item)
    return f"{film.title} ({film.attributes.get('year', '?')})"


def _describe(preference: Preference) -> str:
    limit = preference.limit
    places = [*limit.values, *(f"{r.low}..{r.high}" for r in limit.ranges)]
    return f"{preference.strength} {limit.attribute or '~'} {'|'.join(places)}"


def summarise(readings: list[Reading], catalogue: Catalogue) -> None:
    """Prints the numbers."""
    count = len(readings)
    unclear = [r for r in readings if r.got.act == "unclear"]
    empty = [r for r in readings if leaves_nothing(r.got)]
    acts = Counter(r.got.act for r in readings)
    print(f"\n{count} turns; acts: {', '.join(f'{a} {n}' for a, n in acts.most_common())}")
    print(f"act unclear: {len(unclear) / count:.1%}; unclear or small talk, and nothing read: {len(empty) / count:.1%}")
    known = found = read = right = 0
    for reading in readings:
        hits, total, correct, named = mentions_found(reading, catalogue)
        found, known, right, read = found + hits, known + total, right + correct, read + named
    print(f"mentions: recall {_share(found, known)}, precision {_share(right, read)}")
    for feeling, (agree, differ) in feelings_agree(readings).items():
        print(f"   {feeling:9} agrees with the seeker's own label {agree} of {agree + differ}")
    silent = sum(
        m.feeling is None and m.item not in r.wish.focus
        for r in readings
        for m in r.got.mentions
        if m.item in r.said.films
    )
    print(f"   named films without a feeling: {silent}")
    labelled = [r for r in readings if r.said.intents]
    agreed = [r for r in labelled if agrees(r)]
    print(f"acts against IARD intents: {_share(len(agreed), len(labelled))}")
    wishless = [r for r in labelled if set(r.said.intents) <= WISHLESS]
    invented = [r for r in wishless if r.got.preferences]
    hard = [r for r in invented if any(p.hard for p in r.got.preferences)]
    print(f"wishes that nobody made: {_share(len(invented), len(wishless))} of turns, hard limits {len(hard)}")
    by_intent: dict[str, Counter[str]] = {}
    for reading in labelled:
        for intent in counted_intents(reading.said.intents):
            by_intent.setdefault(intent, Counter())[reading.got.act] += 1
    for intent, counts in sorted(by_intent.items(), key=lambda pair: -sum(pair[1].values())):
        good = sum(n for act, n in counts.items() if act in INTENTS.get(intent, ()))
        print(f"   {intent:6} {good}/{sum(counts.values())}  {dict(counts.most_common())}")
    times = sorted(r.milliseconds for r in readings)
    p95 = times[min(int(0.95 * count), count - 1)]
    print(f"milliseconds per turn: p50 {times[count // 2]:.1f}, p95 {p95:.1f}, most {times[-1]:.1f}")


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / max(whole, 1):.1%}"


def leaves_nothing(got: Understanding) -> bool:
    """Whether a reading is as if nothing had been said."""
    said = got.preferences or got.mentions or got.question or got.phrases or got.declined or got.dropped
    return got.act in ("unclear", "smalltalk") and not said


def mentions_found(reading: Reading, catalogue: Catalogue) -> tuple[int, int, int, int]:
    """Named films that were found, named films, right mentions, mentions (references to the focus left out)."""
    said = reading.said
    read = {m.item for m in reading.got.mentions} | set(reading.got.question.items if reading.got.question else ())

    def same(written: str, got: str) -> bool:
        one, other = catalogue.item(written), catalogue.item(got)
        year = written not in said.dated or one.attributes.get("year") == other.attributes.get("year")
        return written == got or (fold(one.title) == fold(other.title) and year)

    named = {i for i in read if i not in reading.wish.focus or i in said.films}
    found = sum(any(same(film, got) for got in read) for film in said.films)
    right = sum(any(same(film, got) for film in said.films) for got in named)
    return found, len(said.films), right, len(named)


def feelings_agree(readings: list[Reading]) -> dict[str, tuple[int, int]]:
    """Feeling -> how often the seeker's own label agrees, and how often it differs."""
    counts: dict[str, list[int]] = {}
    for reading in readings:
        for mention in reading.got.mentions:
            seen, liked = reading.dialogue.labels.get(mention.item, (None, None))
            wanted = {"liked": liked, "accepted": liked, "like_this": liked, "seen": seen}.get(mention.feeling or "")
            if mention.feeling == "disliked" and liked is not None:
                wanted = not liked
            if wanted is not None:
                counts.setdefault(mention.feeling or "", [0, 0])[0 if wanted else 1] += 1
    return {feeling: (agree, differ) for feeling, (agree, differ) in sorted(counts.items())}


def counted_intents(intents: tuple[str, ...]) -> tuple[str, ...]:
    """The intents that count: "other" only where it stands alone."""
    return tuple(i for i in intents if i != "OTH") or intents


def agrees(reading: Reading) -> bool:
    """Whether the act is one that the utterance's intents allow."""
    return any(reading.got.act in INTENTS.get(i, ()) for i in counted_intents(reading.said.intents))


async def main() -> int:
    """Reads the turns and prints what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--turns", type=int, default=200, help="how many turns, half from each corpus (default: 200)")
    parser.add_argument("--seed", type=int, default=7, help="which turns (default: 7)")
    parser.add_argument("--list", action="store_true", help="print every reading, then the numbers")
    arguments = parser.parse_args()
    folder = data_folder()
    missing = [
        p for p in ("redial/id2info.json", "redial/valid_data.jsonl", "iard/iard.json") if not (folder / p).exists()
    ]
    if missing:
        print(f"The research data is not there: {folder} has no {', '.join(missing)}. Set CONVREC_DATA to its folder.")
        return 2
    index = build_index(read_films(folder))
    half = arguments.turns // 2
    turns = sample(list(read_redial(folder, index.catalogue)), arguments.turns - half, arguments.seed)
    turns += sample(list(read_iard(folder, index.catalogue)), half, arguments.seed)
    await understand("hello", Wish(), index)
    readings = [await read_turn(dialogue, turn, index) for dialogue, turn in turns]
    if arguments.list:
        for number, reading in enumerate(readings, start=1):
            show_reading(number, reading, index.catalogue)
    summarise(readings, index.catalogue)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
