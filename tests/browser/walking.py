"""What a walk through the page stands on: the browser, the page served by stand-ins, and the checks of every step."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
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

ALLOWED: dict[str, str] = {}
"""Rules of axe that Gradio itself breaks and that cannot be mended from outside, each with its reason. None so far."""

_SERVE = """
import sys
sys.path[:0] = [{tests!r}, {here!r}]
import uvicorn
from fastapi import FastAPI
from page_stage import page
from convrec.app.ui import mount
uvicorn.run(mount(FastAPI(), page({folder!r})), port={port}, log_level="warning")
"""


def find_browser() -> str:
    """Where a Chromium is, or empty."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), "")


def find_axe(given: Path | None = None) -> str:
    """The script of axe-core: from a file, or from the package axe-playwright-python; empty where there is none."""
    if given is not None:
        return given.read_text(encoding="utf-8")
    package = find_spec("axe_playwright_python")
    folders = list(package.submodule_search_locations or ()) if package else []
    files = [file for folder in folders for file in sorted(Path(folder).rglob("axe.min.js"))]
    return files[0].read_text(encoding="utf-8") if files else ""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The stand-ins' page, in a process of its own; the folder is for what it keeps."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = Path(__file__).resolve().parent
    code = _SERVE.format(tests=str(here.parent), here=str(here), folder=str(folder), port=port)
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
    """One browser page, with the checks that every step repeats.

    Args:
        page: Playwright's.
        address: where the page is served.
        shots: a folder for pictures, if they are wanted.
        axe: the script of axe-core, or empty.
    """

    def __init__(self, page: Any, address: str, shots: Path | None, axe: str = "") -> None:
        self.page = page
        self.address = address
        self.shots = shots
        self.axe = axe
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
        """Load the page; an earlier conversation may come back."""
        self.page.goto(self.address)
        self.page.wait_for_selector(".cr-talks[data-talk]", state="attached")

    def tab(self, name: str) -> None:
        """Choose a tab."""
        self.page.click(f"#cr-{name}-tab-button")
        self.page.wait_for_selector(f"#cr-{name}-tab", state="visible")

    def has(self, name: str) -> bool:
        """Whether the page has a tab."""
        return self.count(f"#cr-{name}-tab-button") > 0

    def picture(self, name: str) -> None:
        """Look at the page: nothing is wider than the window, axe finds nothing grave; and take a picture."""
        self.page.wait_for_timeout(500)
        wide = self.page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.panel-wrap, .cr-room-box, .tabitem')]"
            ".filter(e => e.offsetParent || e === document.documentElement).map(e => e.scrollWidth - e.clientWidth)"
        )
        expect(max(wide) <= 0, f"{name}: something is wider than the window ({wide})")
        if self.shots:
            self.taken += 1
            self.page.screenshot(path=self.shots / f"{self.taken:02d}-{name}.png")
        self._check_access(name)

    def _check_access(self, name: str) -> None:
        if not self.axe:
            return
        # One script in the page is enough, however often it is asked.
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(self.axe)
        found = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        grave = [v for v in found if v["impact"] in ("serious", "critical") and v["id"] not in ALLOWED]
        told = [f"{v['id']}: {v['nodes'][0]['target']} {v['nodes'][0]['html'][:120]}" for v in grave]
        expect(not grave, f"{name}: axe finds {told}")

    def say(self, text: str) -> None:
        """Send a message."""
        self.page.fill(".cr-box textarea", text)
        self.page.press(".cr-box textarea", "Enter")

    def settle(self) -> None:
        """Wait until no answer is under way."""
        self.page.wait_for_selector('.cr-answer[aria-busy="true"]', state="detached", timeout=60_000)

    def agree(self, words: str | None = None) -> None:
        """Agree in the dialog, with other words where some are given."""
        self.page.wait_for_selector(".cr-dialog[open]")
        if words is None:
            self.page.click(".cr-dialog-do")
        else:
            self.page.fill(".cr-dialog textarea", words)
            self.page.press(".cr-dialog textarea", "Enter")
        self.page.wait_for_selector(".cr-dialog[open]", state="detached")

    def saved(self, button: str) -> str:
        """What a button saves as a file."""
        with self.page.expect_download() as coming:
            self.page.click(button)
        return Path(coming.value.path()).read_text(encoding="utf-8")

    def count(self, selector: str) -> int:
        """How many elements there are."""
        return self.page.locator(selector).count()

    def wait_count(self, selector: str, number: int) -> None:
        """Wait until there are so many."""
        self.page.wait_for_function(
            "([selector, number]) => document.querySelectorAll(selector).length === number", arg=[selector, number]
        )


def expect(holds: bool, complaint: str) -> None:
    """Stop the walk when something is not as it should be."""
    if not holds:
        raise AssertionError(complaint)
