"""Toybank itself, in memory: links of people hold wallets; what happens is a log, and a cursor is a place in it."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Link:
    """What a person linked. `log` holds (wallet, movement, amount); without an amount the movement was undone."""

    person: str
    token: str
    wallets: dict[str, Decimal] = field(default_factory=dict)
    log: list[tuple[str, str, Decimal | None]] = field(default_factory=list)
    broken: bool = False


@dataclass
class Toybank:
    """The vendor's service for one application, which proves itself by `key`."""

    key: str
    links: dict[str, Link] = field(default_factory=dict)

    def look(self, link: str, token: str) -> Link:
        """A link, for those who have its token. Raises LookupError."""
        known = self.links.get(link)
        if known is None or known.token != token:
            raise LookupError(link)
        return known
