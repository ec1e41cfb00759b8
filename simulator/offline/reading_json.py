"""Reads a JSON file that is one object, as public data sets keep their catalogues."""

from pathlib import Path
from typing import Any

import orjson

from ...tools.errors import ImportFailedError


def read_object(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        ImportFailedError: the file is missing, unreadable, or holds something else.
    """
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ImportFailedError(f"{path}: cannot be read ({error.strerror}).", "Check the folder.") from error
    except orjson.JSONDecodeError as error:
        raise ImportFailedError(f"{path.name}: not JSON ({error}).", "Take the file as published.") from error
    if not isinstance(found, dict):
        raise ImportFailedError(f"{path.name}: not an object.", "Take the file as published.")
    return found
