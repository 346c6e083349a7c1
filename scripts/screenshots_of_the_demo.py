"""`scripts/screenshots`: starts a demo with data of its own, logs in with Chromium, and takes pictures of the admin."""

import argparse
import asyncio
import base64
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
READY_SECONDS = 180


@dataclass(frozen=True)
class Picture:
    """One page of the admin. `width` and `height` in CSS pixels."""

    name: str
    path: str
    scheme: str = "light"
    language: str = "en"
    width: int = 1280
    height: int = 640


# What README.md shows.
PICTURES = [
    Picture("admin-transactions", "/admin/banking/transaction/"),
    Picture("admin-events", "/admin/events/event/", scheme="dark"),
]
# What a person looks at who changes the admin: --all.
PAGES = ("", "events/event/", "banking/connection/", "banking/account/", "banking/transaction/")
ALL = [
    Picture(
        f"{page.strip('/').replace('/', '-') or 'index'}-{scheme}-{language}-{width}",
        f"/admin/{page}",
        scheme,
        language,
        width,
        height,
    )
    for page in PAGES
    for scheme, language in (("light", "en"), ("dark", "pt-BR"))
    for width, height in ((1280, 800), (390, 800))
]


@dataclass(frozen=True)
class Demo:
    """A running demo: the address of its web server, and its login."""

    address: str
    user: str
    password: str


class Browser:
    """One page of a Chromium, driven by its DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method and return its result. Raises RuntimeError if Chromium refuses."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=30)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result

    async def open(self, url: str) -> None:
        """Open a page and wait until it has loaded."""
        await self.call("Page.navigate", url=url)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(100):
            await asyncio.sleep(0.1)
            state = await self.call("Runtime.evaluate", expression="document.readyState + location.protocol")
            if state["result"].get("value") == "completehttp:":
                return
        raise RuntimeError("the page did not load within 10 s")

    async def take(self, picture: Picture, address: str, folder: Path) -> None:
        await self.call("Emulation.setUserAgentOverride", userAgent="Chromium", acceptLanguage=picture.language)
        await self.call(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": picture.scheme}]
        )
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=picture.width,
            height=picture.height,
            deviceScaleFactor=1,
            mobile=picture.width < 600,
        )
        await self.open(f"{address}{picture.path}")
        shot = await self.call("Page.captureScreenshot", format="png")
        file = folder / f"{picture.name}.png"
        file.write_bytes(base64.b64decode(shot["data"]))
        print(f"{file.name}: {file.stat().st_size // 1024} KiB")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument(
        "--all", action="store_true", help="every page of a newcomer, wide and narrow, in both languages"
    )
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images", help="the folder (default: docs/images)")
    options = parser.parse_args()
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        print("screenshots: no Chromium is installed (Debian: apt install chromium)", file=sys.stderr)
        return 1
    options.to.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="ponte-screenshots-") as folder,
        demo(Path(folder)) as running,
        chromium(browser, Path(folder)) as debugger,
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
        yield login(output, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def login(output: Path, process: subprocess.Popen[bytes]) -> Demo:
    """What the demo prints at its end. Raises RuntimeError."""
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        text = output.read_text()
        address = re.search(r"(http://127\.0\.0\.1:\d+)/admin/", text)
        words = re.search(r"login\s+(\S+)\s+password[^:]*: (\S+)", text)
        if address and words:
            return Demo(address[1], words[1], words[2])
        time.sleep(0.5)
    raise RuntimeError(f"the demo did not start: {output.read_text()}")


@contextmanager
def chromium(program: str, folder: Path) -> Iterator[str]:
    """A Chromium without a window; its debugger's address."""
    options = [
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder / 'chromium'}",
        "--hide-scrollbars",
    ]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium's own sandbox does not run as root; it opens our own pages alone
    process = subprocess.Popen([program, *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    port = folder / "chromium" / "DevToolsActivePort"
    try:
        deadline = time.monotonic() + 30
        while not (port.exists() and port.read_text()):
            if time.monotonic() > deadline:
                raise RuntimeError("Chromium did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port.read_text().split()[0]}"
    finally:
        process.terminate()
        process.wait(20)


async def take(pictures: list[Picture], running: Demo, debugger: str, folder: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{debugger}/json") as answer:
            page = next(each for each in await answer.json() if each["type"] == "page")
        async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            browser = Browser(socket)
            await browser.open(f"{running.address}/admin/login/?next=/admin/")
            fill = f"id_username.value = {running.user!r}; id_password.value = {running.password!r}"
            await browser.call("Runtime.evaluate", expression=f"{fill}; document.forms[0].submit()")
            await asyncio.sleep(1)
            await browser.settle()
            for picture in pictures:
                await browser.take(picture, running.address, folder)


if __name__ == "__main__":
    sys.exit(main())
