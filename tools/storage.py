"""Where catalogues lie in the data folder, and how a new version of one takes the old one's place.

<home>/catalogues/<name>/CURRENT        the version that counts, replaced in one step
<home>/catalogues/<name>/<version>/     items.jsonl, schema.toml, manifest.json, vectors.npy, bm25/
<home>/catalogues/<name>/history/       who liked what, and what was learnt from it (tools/history.py)
<home>/chroma/                          one Chroma database, a collection per catalogue
<home>/encoders/                        exported sentence encoders
<home>/threads.sqlite                   conversations
<home>/memories/                        what is remembered of users, a Chroma database of its own
<home>/answers.sqlite                   answers of language models, where they are kept
<home>/traces/                          what agents did, turn by turn, a file per user
<home>/keys.json, secret                who may call the server, hashed, and what signs the page's cookies (app/serving/)
<home>/runs/                            simulations; those of callers in served/ (app/job_folders.py)
<home>/arena/votes.jsonl                votes between two systems (app/votes.py)
"""

import json
import re
import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import CorruptError, InputError, SchemaError, UnknownCatalogueError
from .files import reported, write_text
from .items import Item
from .schema import Schema
from .schema_file import read_schema, write_schema

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,49}[a-z0-9])?")


class Manifest(BaseModel):
    """What a version was built with.

    Attributes:
        encoder: the sentence encoder's name.
        items: how many items there are.
        hashes: each item's content hash, in row order.
        source: the file that was imported.
        built: when, seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    encoder: str
    items: int
    hashes: tuple[str, ...]
    source: str = ""
    built: float = 0.0


class Home:
    """The data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def chroma(self) -> Path:
        """The Chroma database."""
        return self.folder / "chroma"

    @property
    def encoders(self) -> Path:
        """Exported sentence encoders."""
        return self.folder / "encoders"

    @property
    def threads(self) -> Path:
        """The checkpoints of all threads."""
        return self.folder / "threads.sqlite"

    @property
    def memories(self) -> Path:
        """The Chroma database of what is remembered of users."""
        return self.folder / "memories"

    @property
    def answers(self) -> Path:
        """Kept answers of language models."""
        return self.folder / "answers.sqlite"

    @property
    def traces(self) -> Path:
        """What agents did, turn by turn, a file per user."""
        return self.folder / "traces"

    def catalogue(self, name: str) -> Path:
        """The folder of a catalogue.

        Raises:
            InputError: the name has other characters than a-z, 0-9, - and _, or begins or ends with the last two.
        """
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{name[:60]!r} cannot be a catalogue's name.",
                "Use up to 51 small letters, digits, - and _, beginning and ending with a letter or digit.",
            )
        return self.folder / "catalogues" / name

    def names(self) -> list[str]:
        """The catalogues that have been imported."""
        return sorted(p.parent.name for p in (self.folder / "catalogues").glob("*/CURRENT"))

    def exists(self, name: str) -> bool:
        """Whether a catalogue has been imported."""
        return (self.catalogue(name) / "CURRENT").exists()

    def version(self, name: str) -> Path:
        """The folder of a catalogue's current version.

        Raises:
            UnknownCatalogueError: it was never imported.
            CorruptError: its folder is missing or damaged.
        """
        folder = self.catalogue(name)
        pointer = folder / "CURRENT"
        if not pointer.exists():
            known = ", ".join(self.names()) or "none yet"
            raise UnknownCatalogueError(
                f"There is no catalogue {name!r} in {self.folder} (there: {known}).",
                f"`convrec catalog import FILE --name {name}` makes one.",
            )
        version = folder / pointer.read_text(encoding="utf-8", errors="replace").strip()
        if not (version / "manifest.json").exists():
            raise CorruptError(
                f"The catalogue {name!r} is damaged: {version} is missing or incomplete.",
                f"Import it again: `convrec catalog import FILE --name {name}`.",
            )
        return version

    def draft(self, name: str) -> Path:
        """A fresh folder for a catalogue's next version."""
        folder = self.catalogue(name) / f"v{int(time.time())}-{uuid.uuid4().hex[:6]}"
        with reported(self.folder):
            folder.mkdir(parents=True)
        return folder

    def publish(self, name: str, version: Path) -> None:
        """Make a version the current one, in one step; the others are removed."""
        write_text(self.catalogue(name) / "CURRENT", version.name)
        self.tidy(name)

    def tidy(self, name: str) -> None:
        """Remove every version but the current one, such as drafts of imports that were killed."""
        current = self.version(name)
        for folder in self.catalogue(name).glob("v*-*"):
            if folder != current:
                shutil.rmtree(folder, ignore_errors=True)


def write_version(folder: Path, items: Sequence[Item], schema: Schema, manifest: Manifest) -> None:
    """Write the parts of a version that come from the source."""
    with reported(folder):
        with (folder / "items.jsonl").open("wb") as file:
            file.writelines(orjson.dumps(i.model_dump(), option=orjson.OPT_APPEND_NEWLINE) for i in items)
        write_schema(folder / "schema.toml", schema)
        (folder / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")


def read_items(folder: Path) -> list[Item]:
    """A version's items in row order.

    Raises:
        CorruptError: the file is damaged.
    """
    try:
        with (folder / "items.jsonl").open("rb") as file:
            return [Item.model_validate(orjson.loads(line)) for line in file]
    except (OSError, ValidationError, orjson.JSONDecodeError) as fault:
        raise _damaged(folder, "items.jsonl") from fault


def read_version_schema(folder: Path) -> Schema:
    """A version's schema.

    Raises:
        CorruptError: the file is damaged.
    """
    try:
        return read_schema(folder / "schema.toml")
    except SchemaError as fault:
        raise _damaged(folder, "schema.toml") from fault


def read_manifest(folder: Path) -> Manifest:
    """A version's manifest.

    Raises:
        CorruptError: the file is damaged.
    """
    try:
        return Manifest.model_validate(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError) as fault:
        raise _damaged(folder, "manifest.json") from fault


def _damaged(folder: Path, file: str) -> CorruptError:
    return CorruptError(
        f"{folder / file} is damaged.", f"Import it again: `convrec catalog import FILE --name {folder.parent.name}`."
    )
