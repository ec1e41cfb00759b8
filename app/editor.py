"""Hands a text to the user's editor and takes it back, as `git commit` does."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..tools.errors import InputError

_EDITORS = ("editor", "nano", "vi", "notepad")
"""What is looked for where none is set."""

_MARK = "#"


def edit_text(text: str, comment: str, editor: str = "") -> str:
    """A text after its user has edited it, without comment lines; empty where nothing is left.

    Args:
        text: what to begin with.
        comment: what to say below it, in lines that do not count.
        editor: a command; one that is on this machine where it is empty.

    Raises:
        InputError: there is no editor or no terminal for it, it failed, or what it left is no text.
    """
    command = _command(editor)
    notes = "".join(f"{_MARK} {line}".rstrip() + "\n" for line in comment.splitlines())
    # A folder of its own: what editors leave beside the file, such as backups, goes with it.
    with tempfile.TemporaryDirectory(prefix="convrec-") as folder:
        file = Path(folder) / "profile.txt"
        # A line of the text's own that looks like a comment is moved in, so that it is none.
        lines = [f" {line}" if line.startswith(_MARK) else line for line in text.splitlines()]
        file.write_text("\n".join([*lines, "", notes]), encoding="utf-8")
        try:
            code = subprocess.run([*command, str(file)], check=False).returncode
        except OSError as fault:
            raise InputError(
                f"The editor {command[0]!r} cannot be started: {fault.strerror}.", "Set EDITOR, or use --editor."
            ) from fault
        if code:
            raise InputError(f"The editor {command[0]!r} ended with code {code}; nothing was changed.")
        try:
            left = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise InputError("What the editor left is no UTF-8 text; nothing was changed.") from fault
    return "\n".join(line.strip() for line in left.splitlines() if not line.startswith(_MARK)).strip()


def _command(editor: str) -> list[str]:
    try:
        command = shlex.split(editor)
    except ValueError as fault:
        raise InputError(f"{editor!r} is no command: {fault}.", "Set EDITOR, or use --editor.") from fault
    if command:
        return command
    found = next(filter(None, map(shutil.which, _EDITORS)), "")
    if not found or not sys.stdin.isatty():
        raise InputError(
            "There is no editor here to change the profile in." if not found else "There is no terminal for an editor.",
            "Use --add TEXT, or --id ID --text TEXT; or set EDITOR.",
        )
    return [found]
