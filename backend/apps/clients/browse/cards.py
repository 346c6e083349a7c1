"""The cards of the admin's first page: each app registers its own, and reads them from small tables of counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Figure:
    """One number in words. `url` is the list behind it, `tone` success, info, warning or danger."""

    label: Any
    text: str
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Card:
    """What one card shows. `chart` is SVG. `note` says what the numbers mean, or why there are none."""

    title: Any
    figures: Sequence[Figure] = field(default_factory=tuple)
    chart: str = ""
    note: Any = ""
    wide: bool = False

    @property
    def drawing(self) -> SafeString:
        """The chart as wide as its card. unfold's script takes every `.chart` for one of Chart.js."""
        stretched = str(self.chart).replace('class="chart"', 'class="ponte-chart"')
        return SafeString(
            stretched.replace('<svg viewBox="0 0 640', '<svg preserveAspectRatio="none" viewBox="0 0 640')
        )


def number(value: int) -> str:
    """A whole number in the language's own form."""
    return number_format(value, use_l10n=True, force_grouping=True)


Build = Callable[[HttpRequest], Card]
_CARDS: dict[str, tuple[int, str, Build]] = {}


def add_card(name: str, order: int, build: Build, permission: str = "") -> None:
    """Put a card on the first page, or replace the one with this name. Call it in AppConfig.ready().

    Cards stand by `order`. `permission` is what a person needs to see it. `build` must cost the same however many rows
    there are: it reads counts that a periodic task keeps.
    """
    _CARDS[name] = (order, permission, build)


def cards(request: HttpRequest) -> list[Card]:
    """The cards that this person may see."""
    chosen = sorted(_CARDS.values(), key=lambda entry: entry[0])
    return [
        build(request) for _order, permission, build in chosen if not permission or request.user.has_perm(permission)
    ]
