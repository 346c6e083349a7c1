"""`python -m ponte_demo.walk ADDRESS`: uses the demo in Chromium as a newcomer does, then opens a page of every kind.

ADDRESS signs in. Prints one JSON object: {"visited", "errors", "console_errors"} with their numbers, and on stderr each
error itself. Prints null, and on stderr why, where there is no Chromium.
"""

import asyncio
import json
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import chromium
from devtools import Browser, page_of
from ponte_demo import flow
from ponte_demo.person import Person

# Pages of one kind differ in a number only: one of each is enough.
MOST = 90
_NUMBERS = re.compile(r"[0-9a-f-]{32,36}|\d+")
# These end the session, change something, answer with a file, are no pages of ours, or are the admin's many lists.
_NOT_WALKED = re.compile(
    r"/(logout|sair|enter|i18n|export|download|static|jsi18n|api/schema)(/|$)|\.(csv|json|ofx)$|^/admin/."
)
_LINKS = "[...document.querySelectorAll('a[href]:not([download])')].map(link => link.href)"


@dataclass
class Walk:
    """One visit of every kind of page that a link leads to."""

    browser: Browser
    home: str
    seen: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    visited: int = 0

    async def go(self) -> None:
        waiting = [urljoin(self.home, "/")]
        while waiting and self.visited < MOST:
            url = waiting.pop(0)
            if not self._is_new(url):
                continue
            try:
                await self.browser.open(url)
            except RuntimeError as error:
                self.errors.append(str(error))
                continue
            self.visited += 1
            waiting += await self._links()

    def _is_new(self, url: str) -> bool:
        kind = kind_of(url)
        if urlsplit(url).netloc != urlsplit(self.home).netloc or _NOT_WALKED.search(urlsplit(url).path):
            return False
        new = kind not in self.seen
        self.seen.add(kind)
        return new

    async def _links(self) -> list[str]:
        return [urldefrag(urljoin(self.home, link))[0] for link in await self.browser.evaluate(_LINKS)]


def kind_of(url: str) -> str:
    """The path without numbers and without its query: pages of one list are one kind."""
    return _NUMBERS.sub("#", urlsplit(url).path)


async def walk(entry: str, debugger: str, downloads: Path) -> dict[str, int]:
    async with page_of(debugger) as browser:
        await browser.watch()
        await browser.look_as(scheme="light", language="pt-BR", width=1280, height=800)
        await browser.download_to(downloads)
        await browser.open(entry)
        taken, stuck = await flow.go(Person(browser, entry, downloads))
        print(f"done in Chromium: {', '.join(taken) or 'nothing'}", file=sys.stderr)
        walked = Walk(browser, entry)
        await walked.go()
        problems = [*stuck, *walked.errors, *browser.failed]
        for line in [*problems, *browser.console_errors]:
            print(f"a page's error: {line}", file=sys.stderr)
    return {"visited": walked.visited, "errors": len(problems), "console_errors": len(browser.console_errors)}


def main() -> int:
    program = chromium.find()
    if program is None:
        print(f"the pages were not walked: there is no Chromium: {chromium.command_for_people()}", file=sys.stderr)
        print("null")
        return 0
    with (
        # Chromium's last processes may still write into it.
        tempfile.TemporaryDirectory(prefix="ponte-walk-", ignore_cleanup_errors=True) as folder,
        chromium.started(program, Path(folder)) as debugger,
    ):
        downloads = Path(folder) / "downloads"
        downloads.mkdir()
        print(json.dumps(asyncio.run(walk(sys.argv[1], debugger, downloads))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
