"""A person at the demo's pages in Chromium: opens, clicks, types and reads, by the words on the page."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from devtools import Browser

# Only a failure takes as long; a busy machine needs some of it.
PATIENCE_SECONDS = 60.0
_SHOWN = "[document.title, ...[...document.querySelectorAll('[role=alert]')].map(each => each.innerText)].join(' ')"


class NotSeen(Exception):
    """What a person waited for did not come. The message says what, and what the page showed instead."""


@dataclass
class Person:
    """`home`: any address of the demo. `downloads`: an empty folder. `bank`: the path of the connection that was made.

    `frame` is the selector of an iframe, and `among` of elements, of which the first with the text is meant.
    """

    browser: Browser
    home: str
    downloads: Path
    bank: str = ""

    async def open(self, path: str) -> None:
        await self.browser.open(urljoin(self.home, path))

    async def path(self) -> str:
        found: str = await self.browser.evaluate("location.pathname")
        return found

    async def sees(self, text: str, frame: str = "") -> None:
        """Wait for a text. Raises NotSeen."""
        await self._until(f"document.body.innerText.includes({json.dumps(text)})", f"“{text}”", frame)

    async def finds(self, text: str, among: str) -> None:
        """Wait for an element with this text. Raises NotSeen."""
        await self._until(_element(text, among), f"“{text}” ({among})")

    async def click(self, text: str, among: str = "a, button, summary", frame: str = "") -> None:
        """Click. Raises NotSeen."""
        found = _element(text, among)
        await self._until(found, f"“{text}” to click ({among})", frame)
        await self.browser.evaluate(f"{found}.click()", frame)

    async def follow(self, text: str, among: str = "a, button") -> None:
        """Click what leads to another page, and wait for that page. Raises NotSeen."""
        found = _element(text, among)
        await self._until(found, f"“{text}” to follow ({among})")
        await self.browser.submit(f"{found}.click()")

    async def fill(self, label: str, value: str, frame: str = "") -> None:
        """Type into the field of a label. Raises NotSeen."""
        field = f"{_element(label, 'label')}?.control"
        await self._until(field, f"a field “{label}”", frame)
        typed = f"field.value = {json.dumps(value)}; field.dispatchEvent(new Event('input'))"
        await self.browser.evaluate(f"{{ const field = {field}; {typed} }}", frame)

    async def download(self, text: str) -> Path:
        """Click a link to a file, and wait for the file. Raises NotSeen."""
        await self.click(text, "a[download]")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := [file for file in self.downloads.iterdir() if _is_whole(file)]):
            if time.monotonic() > deadline:
                raise NotSeen(f"no file came of “{text}”")
            await asyncio.sleep(0.05)
        return found[0]

    async def _until(self, expression: str, what: str, frame: str = "") -> None:
        try:
            await self.browser.until(expression, what, PATIENCE_SECONDS, frame)
        except RuntimeError as error:
            places = dict.fromkeys(("", frame))
            raise NotSeen("; ".join([str(error), *[await self._shown(place) for place in places]])) from None

    async def _shown(self, frame: str) -> str:
        try:
            return f"it shows “{await self.browser.evaluate(_SHOWN, frame)}”"
        except RuntimeError as error:
            return str(error)


def _is_whole(file: Path) -> bool:
    """Chromium reserves the name with an empty file, writes into another one, and renames that."""
    return file.suffix != ".crdownload" and file.stat().st_size > 0


def _element(text: str, among: str) -> str:
    """JavaScript for the first element of a selector that is visible, not disabled, and has this text or label."""
    has_text = f"(e.ariaLabel ?? e.textContent).includes({json.dumps(text)})"
    candidates = f"[...document.querySelectorAll({json.dumps(among)})]"
    return f"{candidates}.find(e => e.checkVisibility() && !e.disabled && {has_text})"
