"""Drives one page of a Chromium by its DevTools protocol. The demo and scripts/screenshots need no more than that."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

LOAD_SECONDS = 30.0
LOOK_SECONDS = 0.03
_STATE = "document.readyState + ' ' + performance.timeOrigin + ' ' + location.protocol"


class Browser:
    """One page. `console_errors` and `failed` collect what went wrong in it: a script, and answers of 400 or more."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self.console_errors: list[str] = []
        self.failed: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method and return its result. Raises RuntimeError if Chromium refuses."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=LOAD_SECONDS)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result
            self._hear(message)

    async def watch(self) -> None:
        """Collect errors from now on."""
        for domain in ("Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")

    def _hear(self, message: dict[str, Any]) -> None:
        values = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                details = values["exceptionDetails"]
                self.console_errors.append(details.get("exception", {}).get("description") or details["text"])
            case "Runtime.consoleAPICalled" if values["type"] == "error":
                self.console_errors.append(" ".join(str(each.get("value", "")) for each in values["args"]))
            # A failed request is in `failed`, with its status.
            case "Log.entryAdded" if values["entry"]["level"] == "error" and values["entry"]["source"] != "network":
                self.console_errors.append(f"{values['entry'].get('url', '')}: {values['entry']['text']}")
            case "Network.responseReceived" if values["response"]["status"] >= 400:
                self.failed.append(f"{values['response']['status']} {values['response']['url']}")

    async def evaluate(self, expression: str, frame: str = "") -> Any:
        """The value of a JavaScript expression, which may be a promise. Raises RuntimeError if it throws.

        `frame`: the selector of an iframe, in which it is evaluated. Raises RuntimeError if there is none.
        """
        where = {"contextId": await self._world(frame)} if frame else {}
        options = {"awaitPromise": True, "returnByValue": True, **where}
        answer = await self.call("Runtime.evaluate", expression=expression, **options)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    async def _world(self, frame: str) -> int:
        """An iframe's JavaScript context. A frame of another origin needs one of our own, which sees its elements."""
        element = await self.call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(frame)})")
        if "objectId" not in element["result"]:
            raise RuntimeError(f"there is no {frame} on the page")
        node = await self.call("DOM.describeNode", objectId=element["result"]["objectId"])
        world = await self.call("Page.createIsolatedWorld", frameId=node["node"]["frameId"], worldName="devtools")
        number: int = world["executionContextId"]
        return number

    async def open(self, url: str) -> None:
        """Open a page and wait until it has loaded."""
        answer = await self.call("Page.navigate", url=url)
        if "errorText" in answer:
            raise RuntimeError(f"{url}: {answer['errorText']}")
        await self.until(f"({_STATE}).startsWith('complete') && location.protocol == 'http:'", "the page to load")

    async def submit(self, expression: str) -> None:
        """Do something that leads to another page, and wait until that one has loaded."""
        before = await self.evaluate("performance.timeOrigin")
        await self.evaluate(expression)
        await self.until(f"performance.timeOrigin != {before} && document.readyState == 'complete'", "the next page")

    async def until(self, expression: str, what: str, seconds: float = LOAD_SECONDS, frame: str = "") -> None:
        """Wait until a JavaScript expression is true. Raises RuntimeError."""
        deadline = time.monotonic() + seconds
        while not await self._holds(expression, frame):
            if time.monotonic() > deadline:
                where = await self.evaluate("location.pathname")
                raise RuntimeError(f"{where}: waited {seconds:.0f} s for {what}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _holds(self, expression: str, frame: str) -> bool:
        try:
            return bool(await self.evaluate(f"Boolean({expression})", frame))
        except RuntimeError:  # the page or the frame is being replaced by another one
            return False

    async def download_to(self, folder: Path) -> None:
        """Put the files that the page downloads into this folder."""
        await self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    async def look_as(self, *, scheme: str, language: str, width: int, height: int) -> None:
        """Be a device of this size (in CSS pixels), with this colour scheme and language."""
        await self.call("Emulation.setUserAgentOverride", userAgent="Chromium", acceptLanguage=language)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    async def picture(self, file: Path) -> None:
        """Take a picture of what is visible."""
        shot = await self.call("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def page_of(debugger: str) -> AsyncIterator[Browser]:
    """The first page of the Chromium whose debugger is at this address."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{debugger}/json") as answer:
            page = next(each for each in json.loads(await answer.text()) if each["type"] == "page")
        async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            yield Browser(socket)
