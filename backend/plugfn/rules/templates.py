"""Text with placeholders: `{{ path | filter:"argument" }}`, and nothing else. No tags, calls or arithmetic.

Parsed once; values are put in and never read again, so that `{{` in a value stays text. Paths are checked when a
workflow is saved; a value that is empty at run time, without `default`, is an error and never "None". Time and size of
the result grow with the text and the values, up to a limit.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plugfn.errors import InvalidParams, Problem, suggestion
from plugfn.rules.evaluation import is_empty
from plugfn.rules.fields import Catalogue, FieldType, Values, near
from plugfn.rules.filters import FILTERS, SCALARS
from plugfn.rules.formats import Style, text

LONGEST_TEMPLATE = 20_000
LONGEST_RESULT = 100_000
MOST_PLACEHOLDERS = 200
MOST_FILTERS = 8

Escape = Callable[[str], str]

# Each matches at one place only, and none can be read in two ways: reading is linear.
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
    """Text and placeholders, in turn."""

    parts: tuple[str | Placeholder, ...]

    @property
    def only(self) -> Placeholder | None:
        """The placeholder, when there is nothing else."""
        single = self.parts[0] if len(self.parts) == 1 else None
        return single if isinstance(single, Placeholder) else None

    @property
    def placeholders(self) -> list[Placeholder]:
        """All of them."""
        return [part for part in self.parts if isinstance(part, Placeholder)]


def _wrong(reason: str, at: str = "") -> InvalidParams:
    return InvalidParams("the template is not valid", problems=[Problem(at, reason)])


def parse(source: str) -> Template:
    """Read a template. Raises InvalidParams."""
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
    while (found := _FILTER.match(source, at)) is not None:
        filters.append((found[1], found[2]))
        at = found.end()
        if len(filters) > MOST_FILTERS:
            raise _wrong(f"{where} has more than {MOST_FILTERS} filters")
    end = _END.match(source, at)
    if end is None:
        raise _wrong(f'{where} is not of the form {{{{ path | filter:"argument" }}}}')
    return Placeholder(path[1], tuple(filters)), end.end()


def check(template: Template, known: Catalogue, whole: bool = False) -> list[str]:
    """Why it cannot be rendered with these fields. `whole`: a lone placeholder keeps its value's type."""
    keeps = template.only if whole else None
    return [reason for one in template.placeholders for reason in _check(one, known, one is keeps)]


def _check(placeholder: Placeholder, known: Catalogue, whole: bool) -> list[str]:
    field = known.get(placeholder.path)
    if field is None:
        return [f"{placeholder.path}: {near(placeholder.path, known)}"]
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
    found = FILTERS.get(name)
    if found is None:
        return f"no such filter: {suggestion(name[:80], list(FILTERS))}"
    if kind not in found.types:
        return f"cannot be used on a {kind}"
    if found.argument is None:
        return "takes no argument" if argument is not None else ""
    return found.argument(argument)


def render(
    template: Template,
    values: Values,
    style: Style,
    escape: Escape | None = None,
    most: int = LONGEST_RESULT,
) -> str:
    """The text. Raises InvalidParams: a value is missing or cannot be written, or the text is too long."""
    pieces: list[str] = []
    length = 0
    for part in template.parts:
        piece = part if isinstance(part, str) else _written(part, values, style, escape)
        length += len(piece)
        if length > most:
            raise _wrong(f"gives more than {most} characters")
        pieces.append(piece)
    return "".join(pieces)


def value(placeholder: Placeholder, values: Values, style: Style) -> Any:
    """What a placeholder stands for, with its own type. Raises InvalidParams."""
    found = values.get(placeholder.path)
    given = False
    for name, argument in placeholder.filters:
        if is_empty(found):
            found, given = (argument, True) if name == "default" else (found, given)
        else:
            found = _filtered(placeholder, name, found, argument, style)
    if is_empty(found) and not given:
        raise _wrong("is empty and has no default", placeholder.path)
    return found


def _filtered(placeholder: Placeholder, name: str, found: Any, argument: str | None, style: Style) -> Any:
    try:
        return FILTERS[name].apply(found, argument, style)
    except ValueError as error:
        raise _wrong(str(error), f"{placeholder.path} | {name}") from None


def _written(placeholder: Placeholder, values: Values, style: Style, escape: Escape | None) -> str:
    found = value(placeholder, values, style)
    try:
        written = text(found)
    except ValueError as error:
        raise _wrong(str(error), placeholder.path) from None
    return written if escape is None else escape(written)


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD_JOINER = "\u2060"


def escape_slack(written: str) -> str:
    """What Slack's mrkdwn asks to escape: a value makes no mention, link or channel."""
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_whatsapp(written: str) -> str:
    """No control or direction characters, and no two braces together, which some gateways expand."""
    return re.sub(r"(?<=\{)(?=\{)", _WORD_JOINER, _CONTROL.sub("", written))


ESCAPES: Mapping[str, Escape] = {"html": html.escape, "slack": escape_slack, "whatsapp": escape_whatsapp}
"""By the name that a parameter's model gives: `Field(json_schema_extra={"escape": "html"})`."""
