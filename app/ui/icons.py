"""The page's icons, drawn here so that nothing is fetched; screen readers skip them."""


def _icon(paths: str) -> str:
    return (
        '<svg class="cr-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{paths}</svg>'
    )


HEART = _icon('<path d="M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.4 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z"/>')
CROSS = _icon('<path d="M6 6l12 12M18 6L6 18"/>')
EYE = _icon(
    '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>'
)
SHUT_EYE = _icon(
    '<path d="M3 10c2.300 3.600 5.400 5.500 9 5.500s6.700-1.900 9-5.500M6 14l-1.800 2.500M12 15.500V19M18 14l1.800 2.500"/>'
)
SIMILAR = _icon('<rect x="4" y="4" width="11" height="11" rx="2"/><path d="M19.5 9v9a1.5 1.5 0 0 1-1.5 1.500H9"/>')
QUESTION = _icon(
    '<circle cx="12" cy="12" r="9"/><path d="M9.6 9.200a2.5 2.5 0 1 1 3.6 2.300c-.8.4-1.2.9-1.2 1.800M12 16.600v.01"/>'
)
MARK_FITS = _icon('<path d="M5 12.500l4.5 4.500L19 7.5"/>')
MARK_UNKNOWN = _icon('<path d="M8.5 8.500a3.5 3.5 0 1 1 5 3.200c-1 .5-1.5 1.2-1.5 2.300M12 18.500v.01"/>')
MARK_MISSES = _icon('<path d="M7 7l10 10M17 7L7 17"/>')
RETRY = _icon('<path d="M4.5 12a7.5 7.5 0 1 1 2.3 5.400M4.5 18.500v-4h4"/>')
UNDO = _icon('<path d="M8.5 5L4 9.5 8.5 14M4.5 9.500H14a5.5 5.5 0 0 1 0 11h-2"/>')
PLUS = _icon('<path d="M12 5v14M5 12h14"/>')
CHEVRON = _icon('<path d="M9 6l6 6-6 6"/>')
PIN = _icon('<path d="M9 4h6l-1 6 3 3H7l3-3-1-6zM12 13v7"/>')
DOWN = _icon('<path d="M6 9l6 6 6-6"/>')
PEN = _icon(
    '<path d="M4.5 19.500l1-4.200L16 4.800a1.800 1.800 0 0 1 2.600 0l.6.600a1.800 1.800 0 0 1 0 2.600L8.700 18.500z"/>'
)
BIN = _icon('<path d="M5 7h14M10 4h4M7 7l.8 12.500h8.400L17 7M10.500 11v5M13.500 11v5"/>')
LIST = _icon('<path d="M4.500 6.500h15M4.500 12h15M4.500 17.500h9"/>')
IDEA = _icon(
    '<path d="M9 17.500h6M10 20.500h4M8.500 14.500a5.500 5.500 0 1 1 7 0c-.6.500-.9 1.300-.9 2h-5.200c0-.7-.3-1.500-.9-2z"/>'
)
SAVE = _icon('<path d="M12 4.500v10M8 11l4 4 4-4M5 19.500h14"/>')
FILTER = _icon('<path d="M4.500 6.500h15M7.500 12h9M10 17.500h4"/>')
