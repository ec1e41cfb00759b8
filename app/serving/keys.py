"""Keys: who may call the server, in a file that holds no key itself.

A key is `convrec_<id>_<secret>`, and the file holds the SHA-256 of the secret. A slow hash would add nothing: the secret
is 32 random bytes, not a word that somebody chose, so nobody can try them all, however fast each try is.

From the first key on a key is asked for, also when all of them have been revoked or have run out; whoever wants the
server open to this machine again deletes the file and starts it anew.
"""

import hashlib
import hmac
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...tools.errors import CorruptError, InputError
from ...tools.files import locked
from ..user_files import write_private

Scope = Literal["chat", "items", "memory", "simulate", "metrics"]
"""What a key allows: to talk, to look at items, to see and change what is remembered, to run simulations, to read metrics."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
USER_SCOPES: tuple[Scope, ...] = ("chat", "items", "memory")
"""What a key allows where nothing else is said."""

FILE = "keys.json"
"""The file's name in the data folder."""

LONGEST = 64
"""Characters in the name of a key's owner."""

_DAY = 86_400.0
_KEY = re.compile(r"convrec_([0-9a-f]{8})_([0-9a-f]{64})")


class Key(BaseModel):
    """What is known of a key.

    Attributes:
        id: names the key without being it.
        name: the user whose key it is, or the service.
        kind: a user's key speaks for that user alone; a service's for each of the service's own users.
        scopes: what it allows.
        hash: SHA-256 of the secret, in hexadecimal digits.
        created: when it was made, seconds since 1970.
        expires: from when on it is not taken any more; never if None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{8}$")
    name: str = Field(min_length=1)
    kind: Literal["user", "service"]
    scopes: tuple[Scope, ...]
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    created: float
    expires: float | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[Key, ...] = ()


class Keys:
    """The keys of one data folder; the file is read again when it changes.

    Args:
        file: where they are kept; it need not be there.
        clock: seconds since 1970.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._seen: tuple[int, ...] | None = None
        self._keys: dict[str, Key] = {}
        self._asked = False

    def add(
        self, name: str, kind: Literal["user", "service"], scopes: Collection[Scope], days: float | None = None
    ) -> str:
        """Make a key and return the whole of it, which is kept nowhere.

        Args:
            name: the user, or the service; 1 to 64 characters without a slash.
            kind: whose key it is.
            scopes: what it allows, at least one.
            days: after how many days it runs out; never if None.

        Raises:
            InputError: the name, a scope or the days cannot be used.
            CorruptError: the file of keys is damaged; it is left as it is.
            BusyError: another process is changing it.
        """
        _check(name, scopes, days)
        now = self._clock()
        number, secret = secrets.token_hex(4), secrets.token_hex(32)
        made = Key(
            id=number,
            name=name,
            kind=kind,
            scopes=tuple(s for s in SCOPES if s in scopes),
            hash=_hash(secret),
            created=now,
            expires=None if days is None else now + days * _DAY,
        )
        with self._changing():
            self._write((*self.all(), made))
        return f"convrec_{number}_{secret}"

    def all(self) -> list[Key]:
        """Every key, the oldest first; those that have run out too."""
        return list(self._read().values())

    def revoke(self, beginning: str) -> Key:
        """Take a key back, by its id or how that begins.

        Raises:
            InputError: no key's id begins so, or several do.
        """
        with self._changing():
            keys = self.all()
            found = [k for k in keys if k.id.startswith(beginning)] if beginning else []
            if len(found) != 1:
                several = "Several keys begin" if found else "No key begins"
                raise InputError(f"{several} with {beginning[:40]!r}.", "`convrec key list` shows their ids.")
            self._write(tuple(k for k in keys if k is not found[0]))
        return found[0]

    def check(self, secret: str) -> Key | None:
        """Whose key this is; None if it is nobody's or has run out. It takes as long whether the id is known or not."""
        keys, match = self._read(), _KEY.fullmatch(secret)
        key = keys.get(match[1]) if match else None
        same = hmac.compare_digest(_hash(match[2] if match else ""), key.hash if key else "0" * 64)
        return key if key is not None and same and self._holds(key) else None

    def find(self, number: str) -> Key | None:
        """The key of an id, if it is there and has not run out."""
        key = self._read().get(number)
        return key if key is not None and self._holds(key) else None

    def allow(self, name: str, scope: Scope) -> bool:
        """Whether a key of a user allows something."""
        keys = self._read().values()
        return any(k.name == name and k.kind == "user" and scope in k.scopes and self._holds(k) for k in keys)

    def any(self) -> bool:
        """Whether a key is asked for: once one was made, it is, and not until the next start is it not."""
        self._read()
        return self._asked

    def _holds(self, key: Key) -> bool:
        return key.expires is None or self._clock() < key.expires

    def _changing(self) -> AbstractContextManager[None]:
        return locked(self._file.with_name(f"{self._file.name}.lock"), "changing the keys")

    def _read(self) -> dict[str, Key]:
        """The keys by id, from memory while the file is the same.

        Raises:
            CorruptError: the file cannot be read or understood, so that nobody can be told from anybody.
        """
        try:
            there = self._file.stat()
            seen = (there.st_mtime_ns, there.st_size, there.st_ino)
            if seen != self._seen:
                held = _File.model_validate_json(self._file.read_bytes())
                self._keys, self._seen = {key.id: key for key in held.keys}, seen
                self._asked = True
        except FileNotFoundError:
            # Whoever deletes the file while a server runs takes all keys back, and lets nobody in.
            self._keys, self._seen = {}, None
        except (OSError, ValidationError) as fault:
            raise CorruptError(
                f"The file of keys, {self._file}, cannot be read or understood.",
                "Put back a copy of it; or delete it, and make new keys with `convrec key add`.",
            ) from fault
        return self._keys

    def _write(self, keys: tuple[Key, ...]) -> None:
        held = _File(keys=keys).model_dump_json(indent=2)
        write_private(self._file, held.encode(), replace=True)
        self._asked = True


def _check(name: str, scopes: Collection[str], days: float | None) -> None:
    """Refuse what no key can have."""
    odd = any(unicodedata.category(c) in ("Cc", "Cs") for c in name) or "/" in name
    if not name.strip() or name != name.strip() or len(name) > LONGEST or odd:
        raise InputError(
            f"{name[:40]!r} cannot be the name of a key's owner.",
            f"Use 1 to {LONGEST} characters without slashes, control characters or spaces around them.",
        )
    unknown = [s for s in scopes if s not in SCOPES]
    if unknown or not scopes:
        raise InputError(
            f"There is no scope {unknown[0][:40]!r}." if unknown else "A key needs a scope.",
            f"There are: {', '.join(SCOPES)}.",
        )
    if days is not None and not 0 < days <= 36_500:
        raise InputError(f"A key cannot run out after {days:g} days.", "Use more than 0, at most 36,500.")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
