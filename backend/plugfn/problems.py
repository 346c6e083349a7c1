"""What pydantic found wrong, said without the values."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from plugfn.errors import InvalidParams, Problem

M = TypeVar("M", bound=BaseModel)
MOST = 20
LONGEST_FIELD = 100


def problems_of(error: ValueError) -> tuple[Problem, ...]:
    """Where and why, at most 20, never the value itself."""
    if not isinstance(error, ValidationError):
        return (Problem("", "is not valid"),)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(Problem(_where(one["loc"]), one["msg"]) for one in found[:MOST])


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
        problems = problems_of(error) if isinstance(error, ValidationError) else (Problem("", "is nested too deeply"),)
        raise InvalidParams(f"{what} are not valid", problems=problems, **named) from None
