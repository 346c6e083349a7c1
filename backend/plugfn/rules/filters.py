"""The filters of placeholders: `{{ path | filter:"argument" }}`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plugfn.rules.fields import FieldType
from plugfn.rules.formats import Style, day, day_format_problem, money, text

LONGEST_CUT = 100_000
SCALARS = frozenset(FieldType) - {FieldType.LIST, FieldType.OBJECT}
MOMENTS = frozenset({FieldType.DATETIME, FieldType.DATE, FieldType.STRING, FieldType.ANY})
AMOUNTS = frozenset({FieldType.NUMBER, FieldType.STRING, FieldType.ANY})


@dataclass(frozen=True)
class Filter:
    """Changes a value. `argument` returns why an argument is invalid, or ""; None: it takes no argument."""

    apply: Callable[[Any, str | None, Style], Any]
    types: frozenset[FieldType]
    argument: Callable[[str | None], str] | None = None


def _any_text(argument: str | None) -> str:
    return "needs an argument" if argument is None else ""


def _cut_problem(argument: str | None) -> str:
    if argument is None or not re.fullmatch("[1-9][0-9]{0,5}", argument) or int(argument) > LONGEST_CUT:
        return f"needs a number of characters from 1 to {LONGEST_CUT}"
    return ""


def _currency_problem(argument: str | None) -> str:
    return "" if re.fullmatch("[A-Z]{3}", argument or "") else "needs a currency code such as BRL"


def _format_problem(argument: str | None) -> str:
    return "" if argument is None else day_format_problem(argument)


def _first_name(value: Any, argument: str | None, style: Style) -> str:
    first = (text(value).split() or [""])[0]
    # Banks and forms write names in capitals: MARIA DA SILVA becomes Maria.
    return first.capitalize() if first.isupper() or first.islower() else first


def _truncate(value: Any, argument: str | None, style: Style) -> str:
    whole, most = text(value), int(argument or LONGEST_CUT)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"


FILTERS: Mapping[str, Filter] = {
    # The renderer applies `default` itself: it is the only filter for empty values.
    "default": Filter(lambda value, argument, style: value, frozenset(FieldType), _any_text),
    "upper": Filter(lambda value, argument, style: text(value).upper(), SCALARS),
    "lower": Filter(lambda value, argument, style: text(value).lower(), SCALARS),
    "first_name": Filter(_first_name, SCALARS),
    "date": Filter(day, MOMENTS, _format_problem),
    "currency": Filter(lambda value, argument, style: money(value, argument or "", style), AMOUNTS, _currency_problem),
    "truncate": Filter(_truncate, SCALARS, _cut_problem),
}
