"""The service of Toybank, in memory. A link has wallets and a log of movements; a cursor is a position in the log."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Link:
    """A person's link. `log` holds (wallet, movement, amount); the amount None undoes the movement."""

    person: str
    token: str
    wallets: dict[str, Decimal] = field(default_factory=dict)
    log: list[tuple[str, str, Decimal | None]] = field(default_factory=list)
    broken: bool = False


@dataclass
class Toybank:
    """The service for one application. Its webhooks carry `key`."""

    key: str
    links: dict[str, Link] = field(default_factory=dict)

    def look(self, link: str, token: str) -> Link:
        """The link. Raises LookupError if it does not exist or has another token."""
        known = self.links.get(link)
        if known is None or known.token != token:
            raise LookupError(link)
        return known
