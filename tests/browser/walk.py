"""Walk through the page in a real browser: chat, feedback, chips, errors, stop, undo, phone, dark; with pictures.

    python tests/browser/walk.py [--shots FOLDER] [--url http://127.0.0.1:7860]

Without --url it serves the stand-in of tests/ui_stage.py on a free loopback port.
It ends at the first thing that is not as it should be.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_browser() -> str:
    """Where a Chromium is, or empty."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), "")


@contextmanager
def served() -> Iterator[str]:
    """The stand-in's page, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tests = Path(__file__).resolve().parents[1]
    code = (
        f"import sys; sys.path.insert(0, {str(tests)!r})\n"
        "from ui_stage import StandIn\n"
        "from convrec.app.ui import build_page, launch\n"
        f"launch(build_page(StandIn(pause=0.15)), port={port})\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "NO_PROXY": "*"}) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, server)
            yield address
        finally:
            server.terminate()


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError("The page's process ended before it answered.")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError("The page did not answer within a minute.")


class Walk:
    """One browser page, with the checks that every step repeats."""

    def __init__(self, page: Any, address: str, shots: Path | None) -> None:
        self.page = page
        self.address = address
        self.shots = shots
        self.taken = 0
        self.foreign: list[str] = []
        self.console: list[str] = []
        page.on("request", self._note_request)
        page.on("console", lambda said: self.console.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.address, self.address.replace("http", "ws"), "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_selector(".cr-welcome")

    def picture(self, name: str) -> None:
        self.page.wait_for_timeout(500)
        wide = self.page.evaluate(
            "[document.documentElement, document.querySelector('.panel-wrap')].map(e => e.scrollWidth - e.clientWidth)"
        )
        expect(max(wide) <= 0, f"{name}: something is wider than the window ({wide})")
        if self.shots:
            self.taken += 1
            self.page.screenshot(path=self.shots / f"{self.taken:02d}-{name}.png")

    def say(self, text: str) -> None:
        self.page.fill(".cr-box textarea", text)
        self.page.press(".cr-box textarea", "Enter")

    def settle(self) -> None:
        """Wait until no answer is under way."""
        self.page.wait_for_selector('.cr-answer[aria-busy="true"]', state="detached", timeout=60_000)

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def wait_count(self, selector: str, number: int) -> None:
        self.page.wait_for_function(
            "([selector, number]) => document.querySelectorAll(selector).length === number", arg=[selector, number]
        )


def expect(holds: bool, complaint: str) -> None:
    """Stop the walk when something is not as it should be."""
    if not holds:
        raise AssertionError(complaint)


def walk(address: str, shots: Path | None, scripted: bool) -> None:
    """Go through the page; `scripted` adds what only the stand-in can be made to do."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        context.set_default_timeout(30_000)
        here = Walk(context.new_page(), address, shots)
        _talk(here)
        _react(here)
        if scripted:
            _stumble(here)
        _look(here)
        _start_over(here)
        _another_tab(here, Walk(context.new_page(), address, shots))
        expect(not here.foreign, f"the page asked other hosts for {here.foreign[:3]}")
        expect(not here.console, f"the browser's console has errors: {here.console[:3]}")
        browser.close()


def _talk(here: Walk) -> None:
    here.open()
    here.picture("welcome")
    here.page.click(".cr-example >> nth=0")
    here.page.wait_for_selector(".cr-now")
    here.picture("working")
    here.page.wait_for_selector(".cr-card")
    here.settle()
    here.picture("cards")
    here.page.click(".cr-answer details.cr-steps summary")
    here.page.click(".cr-card details.cr-about summary >> nth=0")
    here.picture("unfolded")


def _react(here: Walk) -> None:
    page = here.page
    page.locator("[data-act=liked]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-act=liked][aria-pressed=true]")
    expect(
        page.evaluate("document.activeElement?.dataset?.act") == "liked", "the keyboard's place is lost after a button"
    )
    page.click("[data-act=disliked] >> nth=1")
    page.wait_for_selector("[data-act=disliked][aria-pressed=true]")
    page.click("[data-act=seen] >> nth=2")
    page.wait_for_selector("[data-act=seen][aria-pressed=true]")
    chips = here.count(".cr-chip")
    if chips:
        page.click("[data-act=drop] >> nth=0")
        here.wait_count(".cr-chip", chips - 1)
    expect(here.count(".cr-card details[open]") == 1, "a fold closes by itself when a button is pressed")
    here.picture("feedback")
    page.click("[data-act=more] >> nth=0")
    here.wait_count(".cr-said", 2)
    here.settle()
    here.picture("more-like-this")
    page.click("[data-act=why] >> nth=0")
    here.wait_count(".cr-said", 3)
    here.settle()
    here.picture("why")
    page.click("[data-act=retry]")
    page.wait_for_timeout(500)
    here.settle()
    here.wait_count(".cr-said", 3)
    page.click("[data-act=undo]")
    here.wait_count(".cr-said", 2)


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
    here.wait_count(".cr-said", 2)
    expect(page.input_value(".cr-box textarea") == "go offline", "undo does not give the words back")
    here.say("break, <img src=x onerror=alert(1)> **please**")
    page.wait_for_selector(".cr-answer .cr-fault")
    here.settle()
    expect("wire" not in page.inner_text(".cr-chat"), "the page shows what only the log should say")
    expect(here.count(".cr-said img") == 0, "a message's HTML is not escaped")
    here.say("something slow")
    here.wait_count(".cr-said", 4)
    page.click(".cr-box .stop-button")
    page.wait_for_selector(".cr-stopped")
    page.wait_for_selector(".cr-box .submit-button")
    here.picture("stopped")
    page.click("[data-act=retry]")
    page.wait_for_selector(".cr-stopped", state="detached")
    here.settle()
    here.wait_count(".cr-said", 4)


def _look(here: Walk) -> None:
    page = here.page
    page.emulate_media(color_scheme="dark")
    here.picture("dark")
    page.set_viewport_size({"width": 390, "height": 844})
    here.picture("phone-dark")
    page.click(".cr-toggle")
    here.picture("phone-panel")
    page.click(".cr-toggle")
    page.emulate_media(color_scheme="light")
    here.picture("phone")
    page.set_viewport_size({"width": 1280, "height": 860})


def _start_over(here: Walk) -> None:
    here.page.click(".cr-new")
    here.page.wait_for_selector(".cr-welcome")
    expect(here.count(".cr-said") == 0, "a new chat still shows the old one")
    here.page.set_viewport_size({"width": 390, "height": 844})
    here.picture("phone-welcome")


def _another_tab(here: Walk, there: Walk) -> None:
    here.say("hello from the first tab")
    here.wait_count(".cr-said", 1)
    here.settle()
    there.open()
    expect(there.count(".cr-said") == 0, "a new tab shows another tab's conversation")
    users = [walk.page.evaluate("localStorage.getItem('convrec-user')") for walk in (here, there)]
    expect(bool(users[0]), "the browser does not keep the user's id")
    there.page.click(".cr-forget summary")
    there.page.click("[data-act=forget]")
    there.page.wait_for_selector(".cr-welcome")


def main() -> int:
    """Run the walk from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=Path, help="a folder for the pictures")
    parser.add_argument("--url", help="a page that is already served")
    chosen = parser.parse_args()
    if chosen.shots:
        chosen.shots.mkdir(parents=True, exist_ok=True)
    if chosen.url:
        walk(chosen.url.rstrip("/"), chosen.shots, scripted=False)
        return 0
    with served() as address:
        walk(address, chosen.shots, scripted=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
