"""The entries of the menu. Each app registers its own when it starts, so the shell knows no app."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise


class Section(StrEnum):
    """Where an entry stands: in the menu of everybody, in that of the settings, or in that of staff."""

    MAIN = "main"
    SETTINGS = "settings"
    STAFF = "staff"


def everybody(_request: HttpRequest) -> bool:
    return True


@dataclass(frozen=True)
class Entry:
    """One entry. `name` is what a page says it belongs to; the lowest `order` stands first."""

    name: str
    label: str | Promise
    url_name: str
    icon: str
    order: int = 50
    section: Section = Section.MAIN
    visible: Callable[[HttpRequest], bool] = field(default=everybody)

    @property
    def url(self) -> str:
        return reverse(self.url_name)


_entries: dict[str, Entry] = {}


def register(entry: Entry) -> None:
    """Add an entry, or replace the one of that name."""
    _entries[entry.name] = entry


def entries(request: HttpRequest, section: Section) -> list[Entry]:
    """The entries of a section that this person sees, in their order."""
    mine = [entry for entry in _entries.values() if entry.section is section and entry.visible(request)]
    return sorted(mine, key=lambda entry: (entry.order, entry.name))
