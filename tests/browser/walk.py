"""Walk through the page in a real browser: every tab, by mouse and keyboard, wide and narrow, light and dark; with pictures.

    python tests/browser/walk.py [--shots FOLDER] [--url http://127.0.0.1:7860] [--axe axe.min.js]

Without --url it serves the stand-ins of page_stage.py on a free loopback port. With axe-core, from --axe or from the
package axe-playwright-python, each picture is checked for what keeps people from using the page.
It ends at the first thing that is not as it should be.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from walking import FLAGS, Walk, expect, find_axe, find_browser, served

WIDE: Any = {"width": 1280, "height": 860}
PHONE: Any = {"width": 390, "height": 844}


def walk(address: str, shots: Path | None, scripted: bool, axe: str = "") -> None:
    """Go through the page; `scripted` adds what only the stand-in can be made to do."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        context = browser.new_context(viewport=WIDE, accept_downloads=True, reduced_motion="reduce")
        context.set_default_timeout(30_000)
        here = Walk(context.new_page(), address, shots, axe)
        _talk(here)
        _react(here)
        if scripted:
            _stumble(here)
        _come_back(here)
        _keep_talks(here)
        _remember(here, scripted)
        _look_through(here)
        if here.has("settings"):
            _choose(here)
        if scripted and here.has("arena"):
            _vote(here)
        _look(here)
        _start_over(here)
        _another_tab(here, Walk(context.new_page(), address, shots, axe))
        expect(not here.foreign, f"the page asked other hosts for {here.foreign[:3]}")
        expect(not here.console, f"the browser's console has errors: {here.console[:3]}")
        browser.close()


def _talk(here: Walk) -> None:
    here.open()
    here.page.wait_for_selector(".cr-welcome")
    here.picture("welcome")
    here.page.click(".cr-example >> nth=0")
    here.page.wait_for_selector(".cr-now")
    here.picture("working")
    here.page.wait_for_selector(".cr-card")
    here.settle()
    here.wait_count(".cr-talk-row", 1)
    here.picture("cards")
    here.page.click(".cr-answer details.cr-steps summary")
    here.page.click(".cr-card details.cr-about summary >> nth=0")
    here.picture("unfolded")


def _react(here: Walk) -> None:
    page = here.page
    page.locator("#cr-chat-tab [data-act=liked]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-act=liked][aria-pressed=true]")
    expect(
        page.evaluate("document.activeElement?.dataset?.act") == "liked", "the keyboard's place is lost after a button"
    )
    page.click("[data-act=disliked] >> nth=1")
    page.wait_for_selector("[data-act=disliked][aria-pressed=true]")
    page.click("[data-act=seen] >> nth=2")
    page.wait_for_selector("[data-act=seen][aria-pressed=true]")
    chips = here.count(".cr-panel .cr-chip")
    if chips:
        page.click("[data-act=drop] >> nth=0")
        here.wait_count(".cr-panel .cr-chip", chips - 1)
    expect(here.count(".cr-card details[open]") == 1, "a fold closes by itself when a button is pressed")
    here.picture("feedback")
    page.click("#cr-chat-tab [data-act=more] >> nth=0")
    here.wait_count(".cr-chat .cr-said", 2)
    here.settle()
    here.picture("more-like-this")
    page.click("[data-act=why] >> nth=0")
    here.wait_count(".cr-chat .cr-said", 3)
    here.settle()
    here.picture("why")
    page.click("[data-act=retry]")
    page.wait_for_timeout(500)
    here.settle()
    here.wait_count(".cr-chat .cr-said", 3)
    page.click("[data-act=undo]")
    here.wait_count(".cr-chat .cr-said", 2)


def _stumble(here: Walk) -> None:
    page = here.page
    here.say("too long " * 400)
    page.wait_for_selector(".cr-notice .cr-fault")
    expect(len(page.input_value(".cr-box textarea")) > 2000, "a refused message is not given back")
    here.picture("too-long")
    here.say("go offline")
    page.wait_for_selector(".cr-answer .cr-fault")
    here.settle()
    here.picture("error")
    page.click("[data-act=undo]")
    here.wait_count(".cr-chat .cr-said", 2)
    expect(page.input_value(".cr-box textarea") == "go offline", "undo does not give the words back")
    here.say("break, <img src=x onerror=alert(1)> **please**")
    page.wait_for_selector(".cr-answer .cr-fault")
    here.settle()
    expect("wire" not in page.inner_text(".cr-chat"), "the page shows what only the log should say")
    expect(here.count(".cr-chat .cr-said img") == 0, "a message's HTML is not escaped")
    here.say("something slow")
    here.wait_count(".cr-chat .cr-said", 4)
    page.click(".cr-box .stop-button")
    page.wait_for_selector(".cr-stopped")
    page.wait_for_selector(".cr-box .submit-button")
    here.picture("stopped")
    page.click("[data-act=retry]")
    page.wait_for_selector(".cr-stopped", state="detached")
    here.settle()
    here.wait_count(".cr-chat .cr-said", 4)


def _come_back(here: Walk) -> None:
    """A reload brings back what was kept, and undo works on it."""
    page = here.page
    here.open()
    page.wait_for_selector(".cr-card")
    said = here.count(".cr-chat .cr-said")
    expect(said >= 2, "a reload does not bring the talk back")
    expect(here.count("[data-act=liked][aria-pressed=true]") >= 1, "a reload loses how the user felt")
    here.picture("come-back")
    page.click("[data-act=undo]")
    here.wait_count(".cr-chat .cr-said", said - 1)


def _keep_talks(here: Walk) -> None:
    page = here.page
    page.click(".cr-new")
    page.wait_for_selector(".cr-welcome")
    here.say("Something tall")
    here.wait_count(".cr-talk-row", 2)
    here.settle()
    page.hover(".cr-talk-row >> nth=0")
    page.click("[data-act='talk.rename'] >> nth=0")
    here.picture("rename")
    here.agree("My <b>tall</b> plants")
    page.wait_for_selector(".cr-talk-open:has-text('My <b>tall</b> plants')")
    page.click(".cr-talk-open >> nth=1")
    page.wait_for_selector(".cr-talk-row:nth-child(2).cr-current")
    page.wait_for_selector(".cr-chat .cr-said")
    expect(here.count(".cr-chat .cr-said") >= 1, "another conversation does not open")
    markdown = here.saved("[data-act='save.markdown']")
    expect(markdown.startswith("# "), "a talk saved as Markdown has no heading")
    expect(bool(json.loads(here.saved("[data-act='save.json']"))["turns"]), "a talk saved as JSON has no turns")
    page.locator(".cr-talk-row [data-act='talk.delete']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".cr-dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector(".cr-dialog[open]", state="detached")
    expect(
        page.evaluate("document.activeElement.dataset.act") == "talk.delete", "the dialog loses the keyboard's place"
    )
    page.keyboard.press("Enter")
    here.agree()
    here.wait_count(".cr-talk-row", 1)


def _remember(here: Walk, scripted: bool) -> None:
    page = here.page
    here.tab("memory")
    page.wait_for_selector(".cr-memory")
    before = here.count(".cr-memory-row")
    page.click("[data-act='memory.add']")
    here.agree("I have a <i>cat</i>")
    here.wait_count(".cr-memory-row", before + 1)
    here.picture("memory")
    page.click("[data-act='memory.edit'] >> nth=0")
    here.agree("I never water anything")
    if scripted:
        # The stand-in keeps every word as it was said.
        page.wait_for_selector(".cr-memory-text:has-text('I never water anything')")
    here.picture("memory-edited")
    before = here.count(".cr-memory-row")
    page.click("[data-act='memory.delete'] >> nth=0")
    here.picture("memory-delete")
    here.agree()
    here.wait_count(".cr-memory-row", before - 1)
    everything = json.loads(here.saved("[data-act='save.everything']"))
    expect(everything["format"] == "convrec-user-1", "what is saved is no export")


def _look_through(here: Walk) -> None:
    page = here.page
    here.tab("catalogue")
    page.wait_for_selector(".cr-shelf .cr-card")
    here.picture("catalogue")
    total = page.inner_text(".cr-found")
    page.click("[data-act='shelf.label'] >> nth=0")
    page.wait_for_selector(".cr-facet[aria-pressed=true]")
    expect(page.inner_text(".cr-found") != total, "a filter changes nothing")
    page.fill(".cr-search input", "plant")
    page.press(".cr-search input", "Enter")
    page.wait_for_selector(".cr-shelf .cr-card")
    here.picture("catalogue-filtered")
    page.click("[data-act='shelf.clear']")
    page.wait_for_selector("[data-act='shelf.clear']", state="detached")
    expect(page.input_value(".cr-search input") == "", "the search box keeps what was cleared")
    if here.count("[data-act='shelf.page']"):
        page.click("[data-act='shelf.page'][data-value='1']")
        page.wait_for_selector(".cr-shelf[data-page='1']")
    page.click("[data-act='shelf.liked'] >> nth=0")
    page.wait_for_selector("[data-act='shelf.liked'][aria-pressed=true]")
    page.click(".cr-shelf [data-act=more] >> nth=0")
    page.wait_for_selector("#cr-chat-tab", state="visible")
    page.wait_for_selector(".cr-chat .cr-said")
    here.settle()


def _choose(here: Walk) -> None:
    page = here.page
    here.tab("settings")
    page.wait_for_selector(".cr-settings")
    here.picture("settings")
    if not here.count(".cr-settings select"):
        return
    page.select_option(".cr-settings [name=effort]", "high")
    page.click(".cr-settings [type=submit]")
    page.wait_for_selector(".cr-saved")
    here.open()
    here.tab("settings")
    page.wait_for_selector(".cr-settings")
    expect(page.input_value(".cr-settings [name=effort]") == "high", "the browser does not keep the settings")


def _vote(here: Walk) -> None:
    page = here.page
    here.tab("arena")
    page.fill(".cr-arena-box textarea", "Something green")
    page.press(".cr-arena-box textarea", "Enter")
    page.wait_for_selector(".cr-vote:not([disabled])")
    here.picture("arena")
    page.click(".cr-vote >> nth=0")
    page.wait_for_selector("text=You preferred A.")
    here.picture("arena-voted")


def _look(here: Walk) -> None:
    """Every tab, wide and narrow, light and dark."""
    page = here.page
    names = [name for name in ("memory", "catalogue", "arena", "evaluate", "settings", "chat") if here.has(name)]
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        for size, look in ((WIDE, "wide"), (PHONE, "phone")):
            page.set_viewport_size(size)
            for name in names:
                here.tab(name)
                here.picture(f"{look}-{scheme}-{name}")
        for drawer in ("talks", "panel"):
            page.click(f"[data-drawer={drawer}]")
            page.wait_for_selector(f".cr-drawer-{drawer}.cr-unfolded")
            here.picture(f"phone-{scheme}-{drawer}")
            page.keyboard.press("Escape")
            page.wait_for_selector(".cr-unfolded", state="detached")
            expect(
                page.evaluate("document.activeElement.dataset.drawer") == drawer, "a drawer loses the keyboard's place"
            )
    tall = page.evaluate("document.querySelector('.cr-talk').clientHeight")
    expect(tall > PHONE["height"] - 130, f"on a phone the chat has {tall} of {PHONE['height']} pixels")
    page.set_viewport_size(WIDE)


def _start_over(here: Walk) -> None:
    here.page.click(".cr-new")
    here.page.wait_for_selector(".cr-welcome")
    expect(here.count(".cr-chat .cr-said") == 0, "a new chat still shows the old one")
    here.page.click("[data-act=private]")
    here.page.wait_for_selector("[data-act=private][aria-checked=true]")
    here.say("hello in private")
    here.wait_count(".cr-chat .cr-said", 1)
    here.settle()
    here.picture("private")
    here.open()
    expect(here.count(".cr-chat .cr-said") == 0, "a private talk comes back after a reload")
    here.page.set_viewport_size(PHONE)
    here.picture("phone-welcome")


def _another_tab(here: Walk, there: Walk) -> None:
    here.say("hello from the first tab")
    here.wait_count(".cr-chat .cr-said", 1)
    here.settle()
    there.open()
    expect(there.count(".cr-chat .cr-said") == 0, "a new tab shows another tab's conversation")
    users = [walk.page.evaluate("localStorage.getItem('convrec-user')") for walk in (here, there)]
    expect(bool(users[0]), "the browser does not keep the user's id")
    there.tab("memory")
    there.page.click("[data-act=forget]")
    there.agree()
    there.page.wait_for_selector(".cr-welcome")
    there.wait_count(".cr-talk-row", 0)
    there.tab("memory")
    there.page.wait_for_selector(".cr-nothing")


def main() -> int:
    """Run the walk from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=Path, help="a folder for the pictures")
    parser.add_argument("--url", help="a page that is already served")
    parser.add_argument("--axe", type=Path, help="axe-core's axe.min.js")
    chosen = parser.parse_args()
    if chosen.shots:
        chosen.shots.mkdir(parents=True, exist_ok=True)
    axe = find_axe(chosen.axe)
    if not axe:
        sys.stderr.write("No axe-core: what keeps people from using the page is not looked for (--axe axe.min.js).\n")
    if chosen.url:
        walk(chosen.url.rstrip("/"), chosen.shots, scripted=False, axe=axe)
        return 0
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as address:
        walk(address, chosen.shots, scripted=True, axe=axe)
    return 0


if __name__ == "__main__":
    sys.exit(main())
