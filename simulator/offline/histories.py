"""Public data sets of histories: a catalogue, what each user took, and what they took next.

Each reader says what its data set's order and texts are. A row that cannot be used is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...agents.state import Noun
from ...tools.errors import ImportFailedError
from ...tools.items import AttributeValue, Interaction, Item
from ...tools.movielens import tidy_films
from ...tools.reading import Fault, Row, read_rows
from ...tools.schema import Attribute, Schema
from ..nouns import Utterance
from .titles import bare_title


class History(Noun):
    """What one user took, and what they took next.

    Attributes:
        user: the user's name; one who has several histories has a name in each.
        items: ids, oldest first where the order is known.
        next: ids of what came next and is held out; what is counted first stands first.
        group: a part of the catalogue that both belong to; empty where there is one part only.
        said: the user's own words on the items, oldest first, where there are any.
    """

    user: str
    items: tuple[str, ...]
    next: tuple[str, ...]
    group: str = ""
    said: tuple[Utterance, ...] = ()


@dataclass(frozen=True)
class Histories:
    """A data set of histories; its interactions hold none of what is held out.

    Attributes:
        name: the data set's.
        schema, items: the catalogue.
        histories: one per user, or per user and group.
        interactions: all that may be learnt from: the histories, with values and times where these are known.
        group: the attribute that holds an item's group, if the catalogue has groups.
    """

    name: str
    schema: Schema
    items: tuple[Item, ...]
    histories: tuple[History, ...]
    interactions: tuple[Interaction, ...]
    group: str = ""


_MULTICAT = Schema(
    noun="product",
    nouns="products",
    also=("item", "items"),
    attributes=(
        Attribute(name="category", kind="category", label="category", also=("kind", "type")),
        Attribute(name="department", kind="category", label="department"),
        Attribute(name="price", kind="number", label="price", measure="price", unit="USD"),
    ),
)


def read_amazon2023(folder: Path) -> Histories:
    """Four reviewed products and the fifth, held out, per user and category: `training.jsonl` of amazon2023_multicat.

    The catalogue is every product that is named, by its title, category, department and price; a product without a title
    is called by its department and id. A user who reviewed in several categories has a history in each, called
    `user/category`. The reviews of the history are the user's words; those of what is held out are not read, nor are the
    reviews of others, since a product that is only held out would have none.

    Raises:
        ImportFailedError: the file is missing, or no line can be used.
    """
    items: dict[str, Item] = {}
    histories: list[History] = []
    interactions: list[Interaction] = []
    for row in _good(read_rows(folder / "training.jsonl")):
        try:
            category = str(row.cells["category"]).replace("_", " ")
            user = f"{row.cells['user_id']}/{category}"
            reviews = sorted(row.cells["history"], key=lambda r: r["timestamp_ms"])
            held = row.cells["heldout"]
            products = [_product(r, category) for r in (*reviews, held)]
            likes = [_liked(user, r) for r in reviews]
            said = tuple(Utterance(speaker="seeker", text=_review(r), items=(str(r["parent_asin"]),)) for r in reviews)
        except (KeyError, TypeError, ValueError):
            continue
        for product in products:
            items.setdefault(product.id, product)
        interactions += likes
        histories.append(
            History(
                user=user, items=tuple(like.item for like in likes), next=(products[-1].id,), group=category, said=said
            )
        )
    return _checked(
        Histories("amazon2023", _MULTICAT, tuple(items.values()), tuple(histories), tuple(interactions), "category"),
        folder,
    )


def _product(review: dict[str, Any], category: str) -> Item:
    product, name = review["product"], str(review["parent_asin"])
    department = product.get("main_category") or ""
    attributes: dict[str, AttributeValue] = {"category": (category,)}
    if department:
        attributes["department"] = (department,)
    if isinstance(product.get("price"), int | float):
        attributes["price"] = float(product["price"])
    title = str(product.get("title") or "").strip() or f"{department or category} {name}"
    return Item(id=name, title=title[:1000], attributes=attributes)


def _liked(user: str, review: dict[str, Any]) -> Interaction:
    return Interaction(
        user=user, item=str(review["parent_asin"]), value=float(review["rating"]), time=review["timestamp_ms"] / 1000
    )


def _review(review: dict[str, Any]) -> str:
    return ". ".join(part for part in (review.get("review_title"), review.get("review_excerpt")) if part)


_ML1M = Schema(
    noun="film",
    nouns="films",
    also=("movie", "movies", "flick", "flicks"),
    attributes=(
        Attribute(name="year", kind="date", label="year", also=("from", "released", "came out")),
        Attribute(name="genres", kind="category", many=True, label="genre", also=("kind", "type", "category")),
        Attribute(name="keywords", kind="category", many=True, open=True, label="keyword", also=("tagged", "about")),
        Attribute(name="cast", kind="category", many=True, person=True, label="actor", also=("actress", "starring")),
        Attribute(name="minutes", kind="number", label="running time", measure="duration", unit="min"),
    ),
)


def read_ml_1m(folder: Path) -> Histories:
    """The positives of MovieLens-1M's users as Agent4Rec parted them: `train.txt` is the history, `valid.txt` held out.

    The catalogue is `movie_detail.csv` (title, genres), with overview, cast, keywords and running time from
    `movielens_movies_tmdb.csv` where the title is found there. The files tell no times, and each list's order is taken
    as it stands; it is not known to be that in which the films were rated.

    Raises:
        ImportFailedError: a file is missing, or nothing in it can be used.
    """
    rows = list(_good(read_rows(folder / "movie_detail.csv")))
    more = list(_good(read_rows(folder / "movielens_movies_tmdb.csv")))
    for table in (rows, more):
        tidy_films(table)
    told = {(bare_title(r.cells["title"]), r.cells["year"]): r.cells for r in more}
    items = tuple(_film(r.cells, told.get((bare_title(r.cells["title"]), r.cells["year"]), {})) for r in rows)
    known = {item.id for item in items}
    next_of = dict(_lists(folder / "valid.txt"))
    histories = [
        History(user=user, items=tuple(i for i in taken if i in known), next=next_of.get(user, ()))
        for user, taken in _lists(folder / "train.txt")
    ]
    likes = [Interaction(user=h.user, item=item) for h in histories for item in h.items]
    return _checked(Histories("ml_1m", _ML1M, items, tuple(h for h in histories if h.next), tuple(likes)), folder)


def _film(cells: dict[str, Any], told: dict[str, Any]) -> Item:
    attributes: dict[str, AttributeValue] = {}
    if cells["year"]:
        attributes["year"] = cells["year"]
    for name, values in (
        ("genres", cells["genres"]), ("keywords", _parts(told.get("tmdb_keywords"))),
        ("cast", _parts(told.get("tmdb_top_cast"))),
    ):  # fmt: skip
        if values:
            attributes[name] = tuple(dict.fromkeys(values))
    if _number(told.get("tmdb_runtime")):
        attributes["minutes"] = _number(told.get("tmdb_runtime"))
    return Item(
        id=cells["movie_id"], title=cells["title"], aliases=tuple(cells["aliases"]),
        text=told.get("tmdb_overview") or "", attributes=attributes,
    )  # fmt: skip


def _parts(cell: str | None) -> list[str]:
    return [part.strip() for part in (cell or "").split(",") if part.strip()]


def _number(cell: str | None) -> float:
    try:
        return float(cell or 0)
    except ValueError:
        return 0.0


_GAMES = Schema(noun="game", nouns="games", also=("video game", "video games", "title"))


def read_amazon_games(folder: Path) -> Histories:
    """Amazon's video games with the next one held out, in RecBole's form: `Games-6k.item`, `Games-6k.valid.inter`.

    The catalogue is titles alone. Histories are in order of time.

    Raises:
        ImportFailedError: a file is missing, or nothing in it can be used.
    """
    items = tuple(
        Item(id=r.cells["item_id"], title=r.cells["title"].replace("&amp;", "&").strip() or r.cells["item_id"])
        for r in _good(read_rows(folder / "Games-6k.item"))
    )
    histories = tuple(
        History(user=r.cells["user_id"], items=tuple(r.cells["item_id_list"].split()), next=(r.cells["item_id"],))
        for r in _good(read_rows(folder / "Games-6k.valid.inter"))
    )
    # The lists' own order stands in for times.
    likes = [
        Interaction(user=h.user, item=item, time=float(place))
        for h in histories
        for place, item in enumerate(h.items, 1)
    ]
    return _checked(Histories("amazon_games", _GAMES, items, histories, tuple(likes)), folder)


_LASTFM = Schema(noun="artist", nouns="artists", also=("band", "bands", "musician", "musicians"))


def read_lastfm(folder: Path) -> Histories:
    """Last.fm's artists as HetRec 2011 has them (`artists.dat`, `user_artists_dev.dat`): how often users played whom.

    The catalogue is names alone: this part of the data has no tags, so nothing can be asked of it. The files tell no
    times; of each user, the artist in the middle of their most played ones is held out, so that it is neither the
    plainest nor the faintest of their tastes.

    Raises:
        ImportFailedError: a file is missing, or nothing in it can be used.
    """
    items = tuple(
        Item(id=str(r.cells["id"]), title=r.cells["name"])
        for r in _good(read_rows(folder / "artists.dat", ("id", "name", "url", "pictureURL")))
        if str(r.cells["id"]).isdigit() and str(r.cells["name"]).strip()
    )
    known = {item.id for item in items}
    played: dict[str, list[Interaction]] = defaultdict(list)
    for row in _good(read_rows(folder / "user_artists_dev.dat", ("user", "artist", "plays"))):
        user, artist = str(row.cells["user"]), str(row.cells["artist"])
        if artist in known and _number(row.cells["plays"]):
            played[user].append(Interaction(user=user, item=artist, value=_number(row.cells["plays"])))
    histories: list[History] = []
    likes: list[Interaction] = []
    for user, theirs in played.items():
        if len(theirs) < 3:
            continue
        ordered = sorted(theirs, key=lambda i: (-i.value, i.item))
        held = ordered.pop(len(ordered) // 2)
        histories.append(History(user=user, items=tuple(i.item for i in reversed(ordered)), next=(held.item,)))
        likes += reversed(ordered)
    return _checked(Histories("lastfm", _LASTFM, items, tuple(histories), tuple(likes)), folder)


def _lists(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Lines of a user and items, parted by spaces."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ImportFailedError(f"{path}: cannot be read ({error.strerror}).", "Check the folder.") from error
    for line in lines:
        user, *taken = line.split() or [""]
        if user and taken:
            yield user, tuple(dict.fromkeys(taken))


def _good(rows: Iterable[Row | Fault]) -> Iterator[Row]:
    return (row for row in rows if isinstance(row, Row))


def _checked(histories: Histories, folder: Path) -> Histories:
    if not histories.items or not histories.histories:
        raise ImportFailedError(f"{folder}: no user with a history and what came next.", "Take the files as published.")
    known = {item.id for item in histories.items}
    kept = [
        h.model_copy(update={"items": taken, "next": held})
        for h in histories.histories
        if (taken := _known(h.items, known)) and (held := _known(h.next, known))
    ]
    return Histories(
        histories.name, histories.schema, histories.items, tuple(kept),
        tuple(i for i in histories.interactions if i.item in known), histories.group,
    )  # fmt: skip


def _known(ids: Sequence[str], known: set[str]) -> tuple[str, ...]:
    return tuple(i for i in ids if i in known)
