"""The mails of both emulators in one list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.sendgrid.app import SendGrid
from sandbox.smtp.server import World

from . import read

MOST = 100
Stored = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Where mails come from. `stored` is the emulator's own list, oldest first."""

    name: str
    stored: list[Stored]
    head: Callable[[str, Stored], read.Head]
    body: Callable[[Stored], read.Body]


class Inbox:
    """What arrived by SMTP, and by SendGrid if it runs in the same process."""

    def __init__(self, smtp: World, sendgrid: SendGrid | None) -> None:
        self.sendgrid = sendgrid
        self.sources = [Source("smtp", smtp.mails, read.smtp_head, read.smtp_body)]
        if sendgrid is not None:
            self.sources.append(Source("sendgrid", sendgrid.mails, read.sendgrid_head, read.sendgrid_body))

    def heads(self) -> list[read.Head]:
        """The newest, newest first."""
        newest = [
            (mail["at"], source, number)
            for source in self.sources
            for number, mail in list(enumerate(source.stored))[-MOST:]
        ]
        newest.sort(key=lambda each: each[0], reverse=True)
        return [source.head(f"{source.name}-{number}", source.stored[number]) for _, source, number in newest[:MOST]]

    def find(self, key: str) -> tuple[Source, Stored] | None:
        """A mail by its key, as the emulator stored it."""
        name, _, number = key.partition("-")
        for source in self.sources:
            if source.name == name and number.isdecimal() and int(number) < len(source.stored):
                return source, source.stored[int(number)]
        return None

    def forget(self) -> None:
        """Delete all mails."""
        for source in self.sources:
            source.stored.clear()
