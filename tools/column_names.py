"""What columns are commonly called, in any trade, and what such a name says about the column.

This is knowledge about names, not about one catalogue: a few hundred words for roles (id, title, prose, links), for
families of attributes (genre, author, price, length ...), and for what a catalogue's items are called.
"""
# ruff: noqa: E501 - one family a line reads best

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .schema import Kind, Measure


@dataclass(frozen=True)
class Family:
    """Columns that mean the same.

    Attributes:
        label: what people call one value; empty where the column's own name says it best.
        names: what such columns are called: words in the singular, as `tokens` gives them.
        also: other words that people use when they speak of it.
        kind: the kind, where the name decides it.
        measure: what it measures, if it holds numbers.
        unit: the unit of its numbers, where nothing else says one.
        person: whether it holds names of people or companies.
        open: whether its values are loose labels.
        several: whether a comma is likely to part values.
        shown: whether cards show it.
    """

    label: str
    names: tuple[str, ...]
    also: tuple[str, ...] = ()
    kind: Kind | None = None
    measure: Measure | None = None
    unit: str = ""
    person: bool = False
    open: bool = False
    several: bool = False
    shown: bool = True


@dataclass(frozen=True)
class Noun:
    """What items are called: in the singular, in the plural, and otherwise."""

    one: str
    several: str
    also: tuple[str, ...] = field(default=())


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


def _person(label: str, names: str, also: str, *, several: bool = False) -> Family:
    return Family(label, _words(names), _words(also), kind="category", person=True, several=several)


def _number(label: str, names: str, also: str, measure: Measure, unit: str = "") -> Family:
    return Family(label, _words(names), _words(also), measure=measure, unit=unit)


def _date(label: str, names: str, also: str) -> Family:
    return Family(label, _words(names), _words(also), kind="date")


def _label(label: str, names: str, also: str = "", *, several: bool = False, is_open: bool = False) -> Family:
    return Family(label, _words(names), _words(also) if also else (), several=several or is_open, open=is_open)


FAMILIES = (
    # people and companies
    _person("director", "director, directed by, regisseur, regie, réalisateur, regista", "directed, directed by, filmmaker", several=True),
    _person("author", "author, writer, written by, autor, auteur, autore, schriftsteller, author name", "written, written by, writer, wrote", several=True),
    _person("actor", "cast, actor, actress, star, starring, top cast, cast member, schauspieler, darsteller, acteur", "starring, stars, actress, plays, played by, cast, with", several=True),
    _person("artist", "artist, band, singer, musician, performer, interpreter, künstler, artiste, artista", "band, singer, musician, performed, performed by, by", several=True),
    _person("composer", "composer, composed by, music by, komponist", "composed, music by, score by", several=True),
    _person("producer", "producer, produced by, winery, brewery, distillery, roaster, produzent", "produced, produced by, made by", several=True),
    _person("developer", "developer, dev, development studio, entwickler", "developed, developed by, made by, studio", several=True),
    _person("studio", "studio, production studio, animation studio", "made by, studio", several=True),
    _person("publisher", "publisher, published by, imprint, publishing house, verlag, éditeur, editeur, editorial, editore", "published, published by, publishing house", several=True),
    _person("creator", "creator, created by, showrunner, maker", "created, created by, made by", several=True),
    _person("designer", "designer, designed by, board game designer, architect", "designed, designed by", several=True),
    _person("illustrator", "illustrator, illustrated by", "illustrated, illustrated by, drawn by", several=True),
    _person("narrator", "narrator, narrated by, read by", "narrated, narrated by, read by", several=True),
    _person("host", "host, presenter, podcaster, moderator, hosted by", "hosted, hosted by, presented by, presenter", several=True),
    _person("editor", "editor, edited by", "edited, edited by", several=True),
    _person("brand", "brand, manufacturer, make, vendor, marke, marque, marca, hersteller, fabricant, brand name", "brand, maker, manufacturer, made by"),
    _person("seller", "seller, store, merchant, shop, retailer", "sold by, shop"),
    _person("chef", "chef, cook, contributor", "cooked by, by"),
    _person("teacher", "instructor, teacher, lecturer, professor, tutor", "taught, taught by, teacher", several=True),
    _person("", "company, production company, organization, organisation, institution, network, label, record label", "from", several=True),
    # labels
    _label("genre", "genre, género, genero, genere, gattung, musical style", "kind, type, category", several=True),
    _label("category", "category, kategorie, catégorie, categoría, categoria, department, product category, product type, section, product group", "kind, type", several=True),
    _label("style", "style, stil", "kind"),
    _label("variety", "variety", "kind"),
    _label("type", "type, kind, format, typ, tipo, item type", "kind"),
    _label("keyword", "keyword, plot keyword, schlagwort, stichwort, mot clé", "about, tag, theme", is_open=True),
    _label("tag", "tag, shelf, label tag, hashtag, user tag, popular shelf", "tagged, about", is_open=True),
    _label("feature", "spec, feature, specification, amenity, attribute, highlight, merkmal", "features, has, with", is_open=True),
    _label("topic", "topic, subject, theme, thema, sujet, tema, field of study, research area", "about, subject, theme", is_open=True),
    _label("ingredient", "ingredient, zutat, ingrédient, ingrediente", "contains, made with, with", is_open=True),
    _label("mood", "mood, vibe, atmosphere, stimmung", "feel, vibe, atmosphere", is_open=True),
    _label("language", "language, lang, language code, spoken language, original language, sprache, langue, idioma, lingua", "in, spoken, language", several=True),
    _label("country", "country, origin, country of origin, production country, nation, land, pays, país, paese, nationality", "from, made in, country", several=True),
    _label("", "region, province, state, appellation, area, district, anbaugebiet", "from"),
    _label("city", "city, town, location, place, neighborhood, neighbourhood, stadt, ville", "in, located in"),
    _label("colour", "color, colour, farbe, farben, couleur, colore", "color, coloured", several=True),
    _label("material", "material, fabric, composition, matière", "made of, in", several=True),
    _label("platform", "platform, system, console, operating system, os, device", "on, for, runs on", several=True),
    _label("grape", "grape, varietal, grape variety, rebsorte, cépage", "grape, made from", several=True),
    _label("cuisine", "cuisine, küche, cucina", "food, cooking", several=True),
    _label("", "diet, dietary, allergen, diet label", "suitable for", several=True),
    _label("mechanic", "mechanic, mechanism, board game mechanic", "mechanism, with", several=True),
    _label("", "audience, target audience, gender, target group, certification, certificate, content rating, age rating, mpaa, esrb, rated", "for, rated"),
    _label("series", "series, franchise, collection, saga, universe, belong to collection, reihe", "part of, franchise"),
    _label("", "album, show", "from, on"),
    _label("venue", "venue, journal, conference, booktitle, publication venue", "appeared in, journal"),
    _label("season", "season, occasion, event", "for"),
    _label("difficulty", "difficulty, level, skill level, schwierigkeit", "hard, easy"),
    _label("binding", "binding, edition", "edition"),
    # numbers
    _number("duration", "runtime, run time, running time, duration, playtime, playing time, play time, playingtime, minplaytime, maxplaytime, total time, cook time, cooking time, prep time, preparation time, reading time, laufzeit, dauer, spieldauer, durée, duración, durata, track length, minute, length minute, average playtime", "long, length, lasts, takes, runs", "duration", "min"),
    _number("price", "price, cost, preis, prix, precio, prezzo, preço, list price, sale price, msrp, rrp, price range, fee, selling price, retail price, current price", "costs, cost, cheap, expensive", "price"),
    _number("rating", "rating, score, star, average rating, avg rating, vote average, metascore, metacritic, point, bewertung, note, nota, puntuación, valoración, stars average, average, user score, critic score, imdb score, rating value, review score", "rated, score, stars", "rating"),
    _number("number of ratings", "rating count, num rating, number of rating, vote, vote count, num vote, rating number, review count, num review, text review count, number of review, user rated, usersrated, n rating, review, rater, total review, total rating", "popular, well known, famous", "popularity"),
    _number("", "popularity, sale, renown, download, play count, playcount, listener, follower, view, view count, subscriber, citation, citation count, num citation, n citation, install, owner, sold, unit sold, num sold, popularity score, like, favorite, favourite, want, player count, bestseller", "popular, famous, well known", "popularity"),
    _number("number of pages", "page, num page, page count, number of page, pages number, seitenzahl, seite, pagecount", "pages, long, length", "length", "pages"),
    _number("minimum age", "min age, minimum age, required age, age, minage, age limit, recommended age, from age, alter, mindestalter, âge", "age, years old, suitable from", "age", "years"),
    _number("players", "player, num player, number of player, min player, max player, minplayer, maxplayer, spieler, joueur", "people, for", "players", "players"),
    _number("", "size, width, height, weight, screen size, diameter, depth, volume, capacity, größe, taille, area sqm", "big, small, large", "size"),
    # dates
    _date("publication year", "publication year, published year, year published, yearpublished, publish year, year of publication, first published, published, pub year, publication date, publish date, published date, pubdate, pub date, date published, published at, erscheinungsjahr", "published, came out, year"),
    _date("release date", "release date, released, release, date released, air date, first air date, launch date, erscheinungsdatum, release day", "released, came out, year"),
    _date("", "date, datum, day", "year, when"),
    _date("year", "year, release year, vintage, jahr, année, annee, año, anno, ano, jahrgang, startyear, start year, release yr", "from, released, came out"),
)  # fmt: skip

TITLES = _words(
    "title, name, app name, product name, product title, item name, item title, book title, movie title, film title, "
    "game title, game name, track name, track title, song, song title, song name, recipe name, recipe title, wine name, "
    "show name, episode title, paper title, artist name, course title, course name, restaurant name, hotel name, "
    "primary title, display name, full name, headline, heading, label, titel, titre, título, titulo, titolo, nombre, nom, "
    "naam, nome, bezeichnung, produktname, artikelname, artikelbezeichnung, nazwa, tytuł, название, наименование, 名称, "
    "タイトル, 标题"
)
ALIASES = _words(
    "original title, alternative title, alt title, alternate title, aka, also known as, alias, alternative name, other title, "
    "other name, title and subtitle, full title, long title, short title, english title, english name, international title, "
    "original name, originaltitel, synonym, title english, title japanese, alternate name, title original, localized title"
)
PROSE = _words(
    "description, overview, plot, summary, synopsis, abstract, about, about the game, body, content, short description, "
    "long description, detailed description, product description, tagline, blurb, story, storyline, text, detail, "
    "review text, note, tasting note, instruction, direction, step, method, bio, biography, lyric, intro, introduction, "
    "beschreibung, beschrijving, résumé, resume, descripción, descripcion, descrizione, descrição, trama, handlung, inhalt, "
    "описание, 説明, 描述, meta description, plot summary, about this item, body html, show description, plot synopsis, bullet point"
)
URLS = _words("url, link, href, website, web, homepage, page url, product url, permalink, webpage, store url, uri")
IMAGES = _words(
    "image, image url, img, img url, picture, picture url, photo, thumbnail, thumbnail url, cover, cover url, cover image, "
    "poster, poster url, poster path, artwork, image link, header image, image src, bild, foto, pictureurl, large image"
)
IDS = _words(
    "id, item id, product id, sku, asin, parent asin, uid, uuid, guid, key, isbn13, isbn 13, isbn, isbn10, isbn 10, ean, gtin, "
    "upc, doi, article number, artikelnummer, artnr, art nr, product code, item code, code, handle, slug, nr, no, number, app id, "
    "appid, bgg id, arxiv id, reference, ref"
)
FOREIGN_IDS = frozenset(
    [
        "id",
        "isbn",
        "isbn10",
        "isbn13",
        "asin",
        "imdb",
        "tmdb",
        "tconst",
        "uuid",
        "guid",
        "hash",
        "md5",
        "sha",
        "sha1",
        "sha256",
        "ean",
        "gtin",
        "upc",
        "barcode",
        "sku",
        "issn",
        "doi",
        "oclc",
        "lccn",
        "mbid",
        "url",
        "uri",
        "link",
        "path",
        "file",
        "filename",
        "filepath",
        "checksum",
        "etag",
        "phone",
        "zip",
        "zipcode",
        "postcode",
        "email",
    ]
)
INTERNAL = frozenset(
    [
        "created",
        "updated",
        "modified",
        "inserted",
        "imported",
        "crawled",
        "scraped",
        "indexed",
        "timestamp",
        "status",
        "stock",
        "inventory",
        "quantity",
        "version",
        "revision",
        "lagerbestand",
        "bestand",
        "position",
        "rank",
        "order",
        "available",
        "availability",
        "row",
        "index",
    ]
)
"""Words in the names of columns that matter to a shop's machinery and not to its customers."""

NOUNS = (
    Noun("film", "films", ("movie", "movies", "flick", "flicks", "picture")),
    Noun("movie", "movies", ("film", "films", "flick", "flicks", "picture")),
    Noun("book", "books", ("read", "reads", "novel", "novels", "title", "titles")),
    Noun("game", "games", ("title", "titles")),
    Noun("song", "songs", ("track", "tracks", "tune", "tunes", "music")),
    Noun("track", "tracks", ("song", "songs", "tune", "tunes", "music")),
    Noun("album", "albums", ("record", "records", "music")),
    Noun("artist", "artists", ("band", "bands", "musician", "musicians", "act", "acts", "music")),
    Noun("podcast", "podcasts", ("show", "shows")),
    Noun("show", "shows", ("series", "programme", "program")),
    Noun("series", "series", ("show", "shows")),
    Noun("anime", "anime", ("series", "show", "shows")),
    Noun("manga", "manga", ("comic", "comics")),
    Noun("recipe", "recipes", ("dish", "dishes", "meal", "meals")),
    Noun("wine", "wines", ("bottle", "bottles")),
    Noun("beer", "beers", ("brew", "brews")),
    Noun("paper", "papers", ("article", "articles", "publication", "publications")),
    Noun("article", "articles", ("piece", "pieces", "story", "stories")),
    Noun("product", "products", ("item", "items", "thing", "things")),
    Noun("restaurant", "restaurants", ("place", "places")),
    Noun("hotel", "hotels", ("place", "places")),
    Noun("course", "courses", ("class", "classes")),
    Noun("toy", "toys", ("present", "presents", "gift", "gifts")),
)

_CAMEL = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])")
_WORD = re.compile(r"[^\W_]+")
_IRREGULAR = {
    "movies": "movie", "cookies": "cookie", "people": "person", "children": "child", "series": "series", "shelves": "shelf",
    "species": "species", "alias": "alias", "aliases": "alias", "canvas": "canvas", "genres": "genre", "news": "news", "studies": "study", "os": "os", "mechanics": "mechanic", "sales": "sale", "indices": "index",
}  # fmt: skip
_NOISE = frozenset(("name", "list", "text", "str", "string", "value", "array", "all", "info"))
_UNITS = {
    "min": "min", "mins": "min", "minute": "min", "hour": "h", "hr": "h", "h": "h", "sec": "s", "second": "s", "ms": "ms", "usd": "USD",
    "eur": "EUR", "gbp": "GBP", "dollar": "USD", "euro": "EUR", "kg": "kg", "g": "g", "gram": "g", "lb": "lb", "cm": "cm", "mm": "mm",
    "inch": "in", "ml": "ml", "l": "l", "gb": "GB", "mb": "MB", "km": "km", "pct": "%", "percent": "%", "kcal": "kcal",
}  # fmt: skip
_NO_NOUN = frozenset(
    ["results", "rows", "records", "entries", "exports", "files", "columns", "tables", "metadatas", "details"]
)
_LEADING = frozenset(
    ["original", "num", "number", "n", "total", "main", "primary", "avg", "average", "product", "item", "the"]
)


def singular(word: str) -> str:
    """An English word in the singular, as far as its ending tells: "stories" -> "story"."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def plural(word: str) -> str:
    """An English word in the plural: "dish" -> "dishes"."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh", "z")) else "s")


def tokens(name: str) -> tuple[str, ...]:
    """The words of a column's name, small and in the singular: "numPages" and "num_pages" -> ("num", "page")."""
    return tuple(singular(word.lower()) for word in _WORD.findall(_CAMEL.sub(" ", name)))


def named(name: str, names: tuple[str, ...]) -> int:
    """The place of a column's name in a list of names, or -1."""
    phrase = " ".join(tokens(name))
    return next((i for i, known in enumerate(names) if " ".join(tokens(known)) == phrase), -1)


_FAMILY_OF = {" ".join(tokens(name)): family for family in FAMILIES for name in family.names}


def family_of(name: str) -> Family | None:
    """The family that a column's name belongs to, by its longest known ending: "tmdb_top_cast" ends in "top cast"."""
    words = tokens(name)
    for end in range(len(words), 0, -1):
        for start in range(end):
            if found := _FAMILY_OF.get(" ".join(words[start:end])):
                return found
        if words[end - 1] not in _NOISE and words[end - 1] not in _UNITS:
            return None
    return None


def unit_in(name: str) -> str:
    """The unit at the end of a column's name: "min" in "length_minutes"."""
    words = tokens(name)
    return _UNITS.get(words[-1], "") if len(words) > 1 else ""


def humanise(name: str, *, one: bool = True) -> str:
    """A column's name as people would say it: "original_publication_year" -> "publication year".

    Args:
        name: the column's name.
        one: whether its words are put into the singular.
    """
    words = list(tokens(name)) if one else [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", name))]
    while len(words) > 1 and words[0] in _LEADING:
        words.pop(0)
    while len(words) > 1 and (words[-1] in _NOISE or words[-1] in _UNITS):
        words.pop()
    return " ".join(words) or name


def noun_of(name: str, columns: Sequence[str] = ()) -> Noun:
    """What items are called, going by the catalogue's name, then by its columns' names ("movieId" speaks of movies)."""
    known = {noun.one: noun for noun in NOUNS}
    for number, words in enumerate((name, *columns)):
        for word in reversed(tokens(re.sub(r"\d+\w{0,2}\b", "", words))):
            for one, noun in known.items():
                if word == one or (number == 0 and len(one) > 3 and word.endswith(one)):
                    return noun
    plurals = [
        word
        for word in _WORD.findall(name.lower())
        if singular(word) != word and word.isalpha() and word not in _NO_NOUN
    ]
    return Noun(singular(plurals[-1]), plurals[-1]) if plurals else Noun("item", "items")
