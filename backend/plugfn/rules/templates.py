"""Text with placeholders, `{{ path | filter:"argument" }}`. There are no tags, calls or arithmetic.

A template is parsed once. Inserted values are never parsed, so `{{` in a value stays text. Paths are checked when a
workflow is saved. A value that is empty at run time, without `default`, is an error and never "None". Time and size
grow linearly with the text and the values, up to a limit.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plugfn.errors import InvalidParams, Problem, suggestion
from plugfn.rules.evaluation import is_empty
from plugfn.rules.fields import Catalogue, FieldType, Values, unknown_field
from plugfn.rules.filters import FILTERS, SCALARS
from plugfn.rules.formats import Style, text

LONGEST_TEMPLATE = 20_000
LONGEST_RESULT = 100_000
MOST_PLACEHOLDERS = 200
MOST_FILTERS = 8

Escape = Callable[[str], str]

# Each pattern matches in only one way, so parsing takes linear time.
_PATH = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)", re.ASCII)
_FILTER = re.compile(r'\s*\|\s*([a-z_]+)(?:\s*:\s*"([^"]*)")?', re.ASCII)
_END = re.compile(r"\s*\}\}", re.ASCII)


@dataclass(frozen=True)
class Placeholder:
    """One `{{ … }}`."""

    path: str
    filters: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Template:
    """Text and placeholders, in order."""

    parts: tuple[str | Placeholder, ...]

    @property
    def only(self) -> Placeholder | None:
        """The placeholder, when the template has nothing else."""
        single = self.parts[0] if len(self.parts) == 1 else None
        return single if isinstance(single, Placeholder) else None

    @property
    def placeholders(self) -> list[Placeholder]:
        """All placeholders."""
        return [part for part in self.parts if isinstance(part, Placeholder)]


def _wrong(reason: str, at: str = "") -> InvalidParams:
    return InvalidParams("the template is not valid", problems=[Problem(at, reason)])


def parse(source: str) -> Template:
    """Parse a template. Raises InvalidParams."""
    if len(source) > LONGEST_TEMPLATE:
        raise _wrong(f"is longer than {LONGEST_TEMPLATE} characters")
    parts: list[str | Placeholder] = []
    at = 0
    while (opens := source.find("{{", at)) >= 0:
        if opens > at:
            parts.append(source[at:opens])
        placeholder, at = _placeholder(source, opens + 2)
        parts.append(placeholder)
        if len(parts) > 2 * MOST_PLACEHOLDERS:
            raise _wrong(f"has more than {MOST_PLACEHOLDERS} placeholders")
    if at < len(source):
        parts.append(source[at:])
    return Template(tuple(parts))


def _placeholder(source: str, at: int) -> tuple[Placeholder, int]:
    where = f"the placeholder at character {at - 1}"
    path = _PATH.match(source, at)
    if path is None:
        raise _wrong(f"{where} names no field")
    filters = []
    at = path.end()
    while (match := _FILTER.match(source, at)) is not None:
        filters.append((match[1], match[2]))
        at = match.end()
        if len(filters) > MOST_FILTERS:
            raise _wrong(f"{where} has more than {MOST_FILTERS} filters")
    end = _END.match(source, at)
    if end is None:
        raise _wrong(f'{where} is not of the form {{{{ path | filter:"argument" }}}}')
    return Placeholder(path[1], tuple(filters)), end.end()


def check(template: Template, known: Catalogue, whole: bool = False) -> list[str]:
    """Why the template cannot be rendered with these fields. `whole`: a lone placeholder keeps its value's type."""
    keeps = template.only if whole else None
    return [
        reason for placeholder in template.placeholders for reason in _check(placeholder, known, placeholder is keeps)
    ]


def _check(placeholder: Placeholder, known: Catalogue, whole: bool) -> list[str]:
    field = known.get(placeholder.path)
    if field is None:
        return [f"{placeholder.path}: {unknown_field(placeholder.path, known)}"]
    kind, reasons = field.type, []
    for name, argument in placeholder.filters:
        reason = _filter_problem(name, argument, kind)
        if reason:
            reasons.append(f"{placeholder.path} | {name}: {reason}")
        kind = kind if name == "default" else FieldType.STRING
    if not whole and kind not in SCALARS:
        reasons.append(f"{placeholder.path} is a {kind}, which cannot be put into text")
    return reasons


def _filter_problem(name: str, argument: str | None, kind: FieldType) -> str:
    chosen = FILTERS.get(name)
    if chosen is None:
        return f"no such filter: {suggestion(name[:80], list(FILTERS))}"
    if kind not in chosen.types:
        return f"cannot be used on a {kind}"
    if chosen.argument is None:
        return "takes no argument" if argument is not None else ""
    return chosen.argument(argument)


def render(
    template: Template,
    values: Values,
    style: Style,
    escape: Escape | None = None,
    most: int = LONGEST_RESULT,
) -> str:
    """The filled-in text. Raises InvalidParams: a value is missing or cannot be text, or the text is too long."""
    pieces: list[str] = []
    length = 0
    for part in template.parts:
        piece = part if isinstance(part, str) else _text(part, values, style, escape)
        length += len(piece)
        if length > most:
            raise _wrong(f"has more than {most} characters once it is filled in")
        pieces.append(piece)
    return "".join(pieces)


def value(placeholder: Placeholder, values: Values, style: Style) -> Any:
    """A placeholder's value, in its own type. Raises InvalidParams."""
    current = values.get(placeholder.path)
    defaulted = False
    for name, argument in placeholder.filters:
        if is_empty(current):
            current, defaulted = (argument, True) if name == "default" else (current, defaulted)
        else:
            current = _filtered(placeholder, name, current, argument, style)
    if is_empty(current) and not defaulted:
        raise _wrong("is empty and has no default", placeholder.path)
    return current


def _filtered(placeholder: Placeholder, name: str, current: Any, argument: str | None, style: Style) -> Any:
    try:
        return FILTERS[name].apply(current, argument, style)
    except ValueError as error:
        raise _wrong(str(error), f"{placeholder.path} | {name}") from None


def _text(placeholder: Placeholder, values: Values, style: Style, escape: Escape | None) -> str:
    current = value(placeholder, values, style)
    try:
        result = text(current)
    except ValueError as error:
        raise _wrong(str(error), placeholder.path) from None
    return result if escape is None else escape(result)


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD_JOINER = "\u2060"


def escape_slack(text: str) -> str:
    """Escapes as Slack's mrkdwn requires, so that a value cannot make a mention, a link or a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_whatsapp(text: str) -> str:
    """Removes control and direction characters, and separates double braces, which some gateways expand."""
    return re.sub(r"(?<=\{)(?=\{)", _WORD_JOINER, _CONTROL.sub("", text))


ESCAPES: Mapping[str, Escape] = {"html": html.escape, "slack": escape_slack, "whatsapp": escape_whatsapp}
"""Escape functions by their name in a parameter's model: `Field(json_schema_extra={"escape": "html"})`."""
