"""What pydantic found wrong, said without the values."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from plugfn.errors import InvalidParams, Problem, suggestion

M = TypeVar("M", bound=BaseModel)
MOST = 20
LONGEST_FIELD = 100


def problems_of(error: ValueError, model: type[BaseModel] | None = None) -> tuple[Problem, ...]:
    """Where and why, at most 20, never the value itself. With the `model`, what a misspelt field was meant to be."""
    if not isinstance(error, ValidationError):
        return (Problem("", "is not valid"),)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    known = list(model.model_fields) if model else []
    return tuple(Problem(_where(one["loc"]), _why(one, known)) for one in found[:MOST])


def _why(one: Mapping[str, Any], known: Sequence[str]) -> str:
    if one["type"] == "tuple_type":
        return "Input should be a valid list"  # which is what people write
    if one["type"] == "extra_forbidden" and len(one["loc"]) == 1 and known:
        return f"{one['msg']}: {suggestion(str(one['loc'][0]), known)}"
    return str(one["msg"]).removeprefix("Value error, ")  # pydantic's word for what our own checks say


def _where(loc: tuple[int | str, ...]) -> str:
    """As a path. Names that nobody declared may be anything: too long, or no text at all."""
    path = ".".join(str(part) for part in loc)
    return path[:LONGEST_FIELD].encode("utf-8", "replace").decode()


def validated(model: type[M], given: Any, what: str, **named: str) -> M:
    """`given` as `model`; an instance passes as it is. Raises InvalidParams."""
    if isinstance(given, model):
        return given
    try:
        return model.model_validate(given)
    except (ValidationError, RecursionError) as error:
        problems = (
            problems_of(error, model) if isinstance(error, ValidationError) else (Problem("", "is nested too deeply"),)
        )
        raise InvalidParams(f"{what} are not valid", problems=problems, **named) from None
