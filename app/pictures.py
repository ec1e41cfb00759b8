"""Pictures: which links from a catalogue a page may show, so that no catalogue makes readers call hosts nobody chose."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_HOST = re.compile(r"[\w.-]+")
"""A host's name, or an IPv4 address: what every reader of a link takes for its host."""


class Pictures:
    """The hosts whose pictures are shown.

    Args:
        hosts: names such as `img.example.org`; `*.example.org` for all below it, `*` for every host; none shows none.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        names = [host.strip().lower().rstrip(".") for host in hosts]
        self._all = "*" in names
        self._names = frozenset(n for n in names if n and not n.startswith("*"))
        self._below = tuple(n[1:] for n in names if n.startswith("*.") and len(n) > 2)

    @property
    def sources(self) -> tuple[str, ...]:
        """What a content security policy allows pictures from."""
        if self._all:
            return ("https:", "http:")
        return tuple(sorted([*self._names, *(f"*{name}" for name in self._below)]))

    def shown(self, url: str) -> str:
        """The link, if it may be shown; else nothing."""
        try:
            parts = urlsplit(url.strip())
            host = (parts.hostname or "").rstrip(".")
        except ValueError:
            return ""
        # A login in a link, or a space, is no picture's address but somebody's trick; and where a browser takes a backslash
        # for a slash, the host is another.
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or not url.isprintable():
            return ""
        if not _HOST.fullmatch(host):
            return ""
        allowed = self._all or host in self._names or host.endswith(self._below)
        return url.strip() if allowed and " " not in url.strip() else ""
