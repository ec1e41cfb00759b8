"""Files that a user names: read whole, and written in one step for their owner's eyes alone; - is stdin."""

import os
import sys
import uuid
from pathlib import Path

from ..tools.errors import InputError


def read_text(file: Path) -> str:
    """A file's text, or that of stdin.

    Raises:
        InputError: it is not there, cannot be read, or is not UTF-8.
    """
    try:
        held = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return held.decode("utf-8-sig")
    except OSError as fault:
        raise InputError(f"{file} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise InputError(f"{file} is not UTF-8 text.", "Save it as UTF-8.") from fault


def write_private(file: Path, held: bytes, *, replace: bool) -> None:
    """Write a file that its owner alone can read; whoever looks sees the whole of it or none.

    Args:
        file: where.
        held: what.
        replace: whether a file that is there may be replaced.

    Raises:
        InputError: it is there already, or cannot be written.
    """
    check_free(file, replace=replace)
    draft = file.with_name(f".convrec-{uuid.uuid4().hex[:12]}")
    try:
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                opened.write(held)
                opened.flush()
                os.fsync(opened.fileno())
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as fault:
        raise InputError(f"{file} cannot be written: {fault.strerror}.") from fault


def check_free(file: Path, *, replace: bool) -> None:
    """Refuse a file that is there already, unless it may be replaced.

    Raises:
        InputError: it is there.
    """
    if not replace and os.path.lexists(file):
        raise InputError(f"{file} is already there.", "--force writes over it.")
