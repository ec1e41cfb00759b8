"""When something was, in words that hold in every time zone."""

from datetime import UTC, datetime

from .markup import safe

_STEPS = ((60.0, "min"), (3600.0, "h"), (86400.0, "day"), (604800.0, "week"))
_DAYS = 30 * 86400.0


def when_html(seconds: float, now: float) -> str:
    """How long ago that was; the moment itself is behind it.

    Args:
        seconds: since 1970.
        now: since 1970.
    """
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        # What was imported may hold any number.
        return "at no known time"
    exact = moment.strftime("%Y-%m-%d %H:%M UTC")
    return f'<time datetime="{moment.isoformat()}" title="{safe(exact)}">{_ago(now - seconds, moment)}</time>'


def _ago(seconds: float, moment: datetime) -> str:
    if seconds >= _DAYS:
        return f"{moment.day} {moment:%b %Y}"
    length, name = next((step for step in reversed(_STEPS) if seconds >= step[0]), (0.0, ""))
    if not name:
        return "just now"
    count = int(seconds // length)
    return f"{count} {name}{'s' if count != 1 and length >= 86400 else ''} ago"
