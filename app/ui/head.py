"""The head of the page: its name, who answers, and the buttons that show what a narrow page hides."""

from .icons import IDEA, LIST
from .markup import button, safe


def brand_html(name: str, nouns: str, brain: str) -> str:
    """The page's name, what it is about, and who answers."""
    # A narrow page says who answers, not where and how.
    who = brain.split(", ")[0].split(" at ")[0]
    more = f'<span class="cr-more">{safe(brain[len(who) :])}</span>'
    return (
        f'<div class="cr-name"><h1>{safe(name)}</h1><div class="cr-lines">'
        f'<p class="cr-tagline">{safe(nouns)}, found in conversation</p>'
        f'<p class="cr-who" title="{safe(brain)}">Answered by {safe(who)}{more}</p></div></div>'
    )


def tools_html() -> str:
    """The buttons of a narrow page for the conversations and for what was understood."""
    return "".join(
        button(
            "", "drawer", kind="cr-drawer-button", icon=icon, data_drawer=name, aria_label=words, title=words,
            aria_expanded="false",
        )
        for name, words, icon in (("talks", "Conversations", LIST), ("panel", "What I understood", IDEA))
    )  # fmt: skip
