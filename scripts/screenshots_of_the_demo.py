"""`scripts/screenshots`: starts a demo with data of its own, signs in with Chromium, and takes pictures of pages."""

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import chromium
from devtools import page_of

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 180


WIDE, NARROW = (1280, 800), (390, 800)


@dataclass(frozen=True)
class Picture:
    """One page. `size` in CSS pixels."""

    name: str
    path: str
    scheme: str = "light"
    language: str = "pt-BR"
    size: tuple[int, int] = WIDE


# What README.md and the documents show.
PICTURES = [
    Picture("overview", "/"),
    Picture("transactions", "/transactions/", scheme="dark"),
    Picture("connections", "/connections/"),
    Picture("connect", "/connections/connect/", size=NARROW),
    Picture("overview-narrow", "/", scheme="dark", size=NARROW),
    Picture("integrations", "/integrations/"),
    Picture("conversations", "/conversations/", size=NARROW),
    Picture("admin", "/admin/", language="en"),
    Picture("admin-transactions", "/admin/banking/transaction/", language="en"),
    Picture("admin-events", "/admin/events/event/", scheme="dark", language="en"),
]
# What a person looks at who changes the pages: --all.
PAGES = (
    *("/", "/connections/", "/connections/connect/", "/accounts/", "/transactions/", "/investments/", "/loans/"),
    *("/integrations/", "/integrations/connect/smtp/", "/integrations/history/"),
    *("/integrations/", "/integrations/history/", "/integrations/connect/postgres/", "/conversations/"),
    *("/activity/", "/identity/", "/design/", "/admin/", "/admin/events/event/", "/admin/banking/connection/"),
    *("/admin/banking/account/", "/admin/banking/transaction/", "/admin/banking/syncrun/", "/admin/banking/webhooks/"),
)
ALL = [
    Picture(
        f"{page.strip('/').replace('/', '-') or 'overview'}-{scheme}-{language}-{size[0]}", page, scheme, language, size
    )
    for page in PAGES
    for scheme, language in (("light", "en"), ("dark", "pt-BR"))
    for size in (WIDE, NARROW)
]


@dataclass(frozen=True)
class Demo:
    """A running demo: the address that signs in."""

    address: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every page, wide and narrow, in both themes and languages")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images", help="the folder (default: docs/images)")
    options = parser.parse_args()
    try:
        program = chromium.find_or_fail()
    except chromium.Missing as reason:
        print(f"screenshots: {reason}", file=sys.stderr)
        return 1
    options.to.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="ponte-screenshots-", ignore_cleanup_errors=True) as folder,
        demo(Path(folder)) as running,
        chromium.started(program, Path(folder)) as debugger,
    ):
        asyncio.run(take(ALL if options.all else PICTURES, running, debugger, options.to))
    return 0


@contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    """A demo with data of its own, until the end of the block."""
    output = folder / "output"
    environment = {**os.environ, "PONTE_FOLDER": str(folder / "demo"), "COLUMNS": "200"}
    with output.open("w") as file:
        process = subprocess.Popen(
            [ROOT / "scripts" / "demo"], env=environment, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield address_in(output, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def address_in(output: Path, process: subprocess.Popen[bytes]) -> Demo:
    """What the demo prints at its end. Raises RuntimeError."""
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        text = output.read_text()
        if address := re.search(r"open\s+(http://127\.0\.0\.1:\d+/enter/\S+)", text):
            return Demo(address[1])
        time.sleep(0.5)
    raise RuntimeError(f"the demo did not start: {output.read_text()}")


async def take(pictures: list[Picture], running: Demo, debugger: str, folder: Path) -> None:
    async with page_of(debugger) as browser:
        await browser.open(running.address)
        for picture in pictures:
            width, height = picture.size
            await browser.look_as(scheme=picture.scheme, language=picture.language, width=width, height=height)
            await browser.open(urljoin(running.address, picture.path))
            file = folder / f"{picture.name}.png"
            await browser.picture(file)
            print(f"{file.name}: {file.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    sys.exit(main())
