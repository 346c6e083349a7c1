"""Watches a page: what went wrong in it, in the browser's console or on the network, must have been expected."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request, Response


@dataclass
class Watch:
    """The problems of all pages of a test. A test declares those that it causes on purpose: `allow("404 .*/gone/")`."""

    problems: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, *patterns: str) -> None:
        """Regular expressions, searched in a problem's line."""
        self.allowed += patterns

    def follow(self, page: Page) -> None:
        handlers: dict[str, Callable[[Any], None]] = {
            "console": self._console,
            "pageerror": lambda error: self.problems.append(f"error in a script: {error.stack or error}"),
            "requestfailed": self._failed,
            "response": self._answered,
        }
        for event, handler in handlers.items():
            page.on(event, handler)  # type: ignore[call-overload]

    def unexpected(self) -> list[str]:
        return [line for line in self.problems if not any(re.search(pattern, line) for pattern in self.allowed)]

    def _console(self, message: ConsoleMessage) -> None:
        # A failed request is a line of its own, with its status.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        # A page that is left while it polls aborts its request.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"request failed: {request.failure} {request.method} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status} {response.request.method} {response.url}")
