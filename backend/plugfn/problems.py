"""Reports pydantic's validation errors without the values."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from plugfn.errors import InvalidParams, Problem, suggestion

M = TypeVar("M", bound=BaseModel)
MOST = 20
LONGEST_FIELD = 100


def problems_of(error: ValueError, model: type[BaseModel] | None = None) -> tuple[Problem, ...]:
    """At most 20 problems, never the values. With `model`, a misspelt field gets a suggestion."""
    if not isinstance(error, ValidationError):
        return (Problem("", "is not valid"),)
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    known = list(model.model_fields) if model else []
    return tuple(Problem(_where(detail["loc"]), _why(detail, known)) for detail in errors[:MOST])


def _why(detail: Mapping[str, Any], known: Sequence[str]) -> str:
    if detail["type"] == "tuple_type":
        return "Input should be a valid list"  # JSON has lists and no tuples
    if detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1 and known:
        return f"{detail['msg']}: {suggestion(str(detail['loc'][0]), known)}"
    return str(detail["msg"]).removeprefix("Value error, ")  # pydantic's prefix for errors of our own validators


def _where(loc: tuple[int | str, ...]) -> str:
    """The field as a path. An undeclared name may be anything: very long, or not valid text."""
    path = ".".join(str(part) for part in loc)
    return path[:LONGEST_FIELD].encode("utf-8", "replace").decode()


def validated(model: type[M], value: Any, what: str, **named: str) -> M:
    """`value` as `model`; an instance is returned as it is. Raises InvalidParams."""
    if isinstance(value, model):
        return value
    try:
        return model.model_validate(value)
    except (ValidationError, RecursionError) as error:
        problems = (
            problems_of(error, model) if isinstance(error, ValidationError) else (Problem("", "is nested too deeply"),)
        )
        raise InvalidParams(f"{what} are not valid", problems=problems, **named) from None
