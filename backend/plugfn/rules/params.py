"""The parameters of a step: a JSON tree whose texts may have placeholders, guided by the action's model.

A text that is a single placeholder keeps its value's type, unless the model wants text there. For a parameter declared
with `Field(json_schema_extra={"escape": "html"})`, every inserted value is escaped; the workflow author's own text is
not. `"escape_unless": "plain"` names a parameter that switches escaping off. `"no_placeholders": "what to do instead"`
refuses every placeholder there, because a value would become code (SQL).
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from plugfn.errors import InvalidParams, Problem
from plugfn.rules import templates
from plugfn.rules.fields import Catalogue, Values, members_of, samples
from plugfn.rules.formats import Style
from plugfn.rules.templates import ESCAPES, Escape, Template

DEEPEST = 8
MOST_NODES = 1_000
MOST_TEXT = 200_000
LONGEST_KEY = 200
MOST_RENDERED = 1_000_000

Visit = Callable[[str, "Slot", str], Any]


@dataclass(frozen=True)
class Slot:
    """What the action's model declares for one place in the tree."""

    annotation: Any
    escape: Escape | None = None
    no_placeholders: str = ""
    """What to do instead, where a placeholder is refused."""

    @property
    def wants_text(self) -> bool:
        """Whether only text fits here."""
        members = members_of(self.annotation)
        return bool(members) and all(
            isinstance(member, type) and issubclass(member, str) and not issubclass(member, Enum) for member in members
        )

    def inside(self, key: str | int, beside: Mapping[str, Any]) -> "Slot":
        """The place one level deeper. A parameter's declaration also applies to everything inside it."""
        for member in members_of(self.annotation):
            if isinstance(key, str) and isinstance(member, type) and issubclass(member, BaseModel):
                return self._field(member, key, beside)
            inner = get_args(member)
            if isinstance(key, int) and inner and get_origin(member) in (list, tuple, set, frozenset):
                return replace(self, annotation=inner[0])
        return replace(self, annotation=Any)

    def _field(self, model: type[BaseModel], key: str, beside: Mapping[str, Any]) -> "Slot":
        declared = model.model_fields.get(key)
        if declared is None:
            return replace(self, annotation=Any)
        extra = declared.json_schema_extra if isinstance(declared.json_schema_extra, dict) else {}
        refused = str(extra.get("no_placeholders", self.no_placeholders))
        if beside.get(str(extra.get("escape_unless"))) is True:  # the action then escapes it itself
            return Slot(declared.annotation, None, refused)
        return Slot(declared.annotation, ESCAPES.get(str(extra.get("escape")), self.escape), refused)

    def parse(self, source: str) -> Template:
        """The template of the text in this place. Raises InvalidParams, also for a placeholder that is refused here."""
        if self.no_placeholders and "{{" in source:
            reason = f"must not have placeholders, because values would become code: {self.no_placeholders}"
            raise InvalidParams("the template is not valid", problems=[Problem("", reason)])
        return templates.parse(source)


def size_problem(tree: Any) -> str:
    """Why this cannot be the parameters of any step: not JSON, or too large."""
    nodes, characters = 0, 0
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if depth > DEEPEST or nodes > MOST_NODES:
            return f"are nested deeper than {DEEPEST} levels or have more than {MOST_NODES} parts"
        if not _is_json(node):
            return "must be JSON, with short keys"
        if isinstance(node, (dict, list)):
            waiting += [(part, depth + 1) for part in (node.values() if isinstance(node, dict) else node)]
        characters += len(node) if isinstance(node, str) else 0
        if characters > MOST_TEXT:
            return f"have more than {MOST_TEXT} characters"
    return ""


def _is_json(node: Any) -> bool:
    if isinstance(node, dict):
        return all(isinstance(key, str) and len(key) <= LONGEST_KEY for key in node)
    if isinstance(node, float):
        return math.isfinite(node)
    return node is None or isinstance(node, (str, bool, list)) or (isinstance(node, int) and abs(node) < 10**30)


def _walk(node: Any, slot: Slot, at: str, visit: Visit) -> Any:
    if isinstance(node, dict):
        return {key: _walk(part, slot.inside(key, node), _join(at, key), visit) for key, part in node.items()}
    if isinstance(node, list):
        return [_walk(part, slot.inside(index, {}), _join(at, index), visit) for index, part in enumerate(node)]
    return visit(node, slot, at) if isinstance(node, str) else node


def _join(at: str, key: str | int) -> str:
    return f"{at}.{key}" if at else str(key)


def render(params: Mapping[str, Any], model: type[BaseModel], values: Values, style: Style) -> dict[str, Any]:
    """The parameters with every placeholder filled in. Raises InvalidParams, with problems by parameter."""
    problems: list[Problem] = []
    remaining = MOST_RENDERED

    def fill(source: str, slot: Slot, at: str) -> Any:
        nonlocal remaining
        try:
            filled = _fill(slot.parse(source), slot, values, style, remaining)
        except InvalidParams as error:
            problems.extend(Problem(at, str(problem)) for problem in error.problems)
            return None
        remaining -= len(filled) if isinstance(filled, str) else 0
        return filled

    rendered: dict[str, Any] = _walk(dict(params), Slot(model), "", fill)
    if problems:
        raise InvalidParams("the step's parameters cannot be filled in", problems=problems[:20])
    return rendered


def _fill(template: Template, slot: Slot, values: Values, style: Style, remaining: int) -> Any:
    only = template.only
    if only is not None and not slot.wants_text:
        value = templates.value(only, values, style)
        if not isinstance(value, str):
            return value
    return templates.render(template, values, style, slot.escape, min(remaining, templates.LONGEST_RESULT))


def check(params: Mapping[str, Any], model: type[BaseModel], known: Catalogue, style: Style) -> list[Problem]:
    """What is wrong with a step's parameters: their placeholders, and their fit to the action's model."""
    problems: list[Problem] = []
    templated: set[str] = set()

    def look(source: str, slot: Slot, at: str) -> None:
        try:
            template = slot.parse(source)
        except InvalidParams as error:
            problems.extend(Problem(at, problem.reason) for problem in error.problems)
            return
        if template.placeholders:
            templated.add(at)
        problems.extend(Problem(at, reason) for reason in templates.check(template, known, not slot.wants_text))

    _walk(dict(params), Slot(model), "", look)
    return problems or _misfits(params, model, known, style, templated)


def _misfits(
    params: Mapping[str, Any], model: type[BaseModel], known: Catalogue, style: Style, templated: set[str]
) -> list[Problem]:
    """The model's objections to the parameters when they are filled with made-up values.

    A made-up text is not an e-mail address, so a filled-in value only counts when its type is wrong; the run finds
    the rest. Values without placeholders must be valid now."""
    try:
        model.model_validate(render(params, model, samples(known), style))
    except InvalidParams as error:  # a made-up text is not a date or an amount either
        return [problem for problem in error.problems if problem.field not in templated]
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        objections = [
            (".".join(str(part) for part in detail["loc"]), detail["type"], detail["msg"]) for detail in details
        ]
        return [Problem(at, why) for at, kind, why in objections if _counts(at, kind, templated)][:20]
    return []


def _counts(at: str, kind: str, templated: set[str]) -> bool:
    if any(at.startswith(f"{place}.") for place in templated):
        return False
    if kind.endswith("_type") or kind in ("missing", "extra_forbidden"):
        return True
    return not touches(at, templated)


def touches(at: str, places: Collection[str]) -> bool:
    """Whether a problem at `at` may be about one of these places: the place itself, something in it, or around it."""
    return any(not at or place == at or place.startswith(f"{at}.") or at.startswith(f"{place}.") for place in places)


def places_of(params: Mapping[str, Any], paths: Collection[str]) -> set[str]:
    """The places in a step's parameters where these values are inserted."""
    places: set[str] = set()

    def look(source: str, slot: Slot, at: str) -> None:
        if any(placeholder.path in paths for placeholder in templates.parse(source).placeholders):
            places.add(at)

    _walk(dict(params), Slot(Any), "", look)
    return places
