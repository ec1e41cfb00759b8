"""The pages for signing in and out: whole in themselves, without scripts, light or dark as the reader has it."""

from html import escape

STYLE = """
:root { color-scheme: light dark; --paper: #faf8f4; --card: #fffefb; --ink: #23241f; --soft: #68645a; --line: #8b8678;
  --accent: #1f6e60; --on: #fff; --bad: #a5352b; }
@media (prefers-color-scheme: dark) { :root { --paper: #141614; --card: #1c1f1c; --ink: #ecebe4; --soft: #a5a79d;
  --line: #777b74; --accent: #7cc9b6; --on: #0c201b; --bad: #f0958b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1, h2 { font-family: "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif; letter-spacing: -0.01em; }
a { color: var(--accent); }
a:focus-visible, input:focus-visible, button:focus-visible, summary:focus-visible { outline: 3px solid var(--accent);
  outline-offset: 2px; }
"""

_FORM = """
body { min-height: 100vh; display: grid; place-items: center; padding: 20px; }
main { width: min(100%, 400px); padding: 30px 32px; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px; }
h1 { margin: 0 0 6px; font-size: 26px; line-height: 1.2; }
p { margin: 0 0 18px; color: var(--soft); overflow-wrap: anywhere; }
label { display: block; margin: 0 0 6px; font-weight: 600; }
input { width: 100%; padding: 11px 13px; font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--line); border-radius: 10px; }
button { margin-top: 18px; width: 100%; padding: 11px 16px; font: inherit; font-weight: 600; color: var(--on);
  background: var(--accent); border: 0; border-radius: 10px; cursor: pointer; }
.bad { color: var(--bad); }
a.back { display: block; margin-top: 14px; text-align: center; }
"""


def whole_page(title: str, style: str, body: str) -> str:
    """A page of HTML.

    Args:
        title: its title, as text.
        style: rules beside those that our pages share.
        body: HTML, with what is not ours escaped already.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head><body>{body}</body></html>"
    )


def login_page(root: str, to: str, fault: str = "") -> str:
    """Where a key is asked for.

    Args:
        root: the path that a proxy serves us under.
        to: where to go then.
        fault: what was wrong with the key before, as text.
    """
    told = f'<p class="bad" id="fault" role="alert">{escape(fault)}</p>' if fault else ""
    marks = ' aria-invalid="true" aria-describedby="fault"' if fault else ""
    return whole_page(
        "Sign in · convrec",
        _FORM,
        f"<main><h1>Sign in</h1><p>Enter the key that you were given. This browser then stays signed in for 30 days.</p>"
        f'{told}<form method="post" action="{escape(root)}/login">'
        f'<input type="hidden" name="to" value="{escape(to)}"><label for="key">Your key</label>'
        '<input id="key" name="key" type="password" autocomplete="current-password" required autofocus '
        f'spellcheck="false" maxlength="200" placeholder="convrec_…"{marks}>'
        '<button type="submit">Sign in</button></form></main>',
    )


def logout_page(root: str, user: str) -> str:
    """Where somebody who is signed in can sign out.

    Args:
        root: the path that a proxy serves us under.
        user: who is signed in.
    """
    return whole_page(
        "Sign out · convrec",
        _FORM,
        f"<main><h1>Sign out?</h1><p>You are signed in as {escape(user)}. Your conversations stay as they are.</p>"
        f'<form method="post" action="{escape(root)}/logout"><button type="submit">Sign out</button></form>'
        f'<a class="back" href="{escape(root)}/">Back to the conversation</a></main>',
    )
