"""What pydantic found wrong, said without the values."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from plugfn.errors import InvalidParams, Problem

M = TypeVar("M", bound=BaseModel)
MOST = 20


def problems_of(error: ValueError) -> tuple[Problem, ...]:
    """Where and why, at most 20, never the value itself."""
    if not isinstance(error, ValidationError):
        return (Problem("", "is not valid"),)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(Problem(".".join(str(part) for part in one["loc"]), one["msg"]) for one in found[:MOST])


def validated(model: type[M], given: Any, what: str, **named: str) -> M:
    """`given` as `model`; an instance passes as it is. Raises InvalidParams."""
    if isinstance(given, model):
        return given
    try:
        return model.model_validate(given)
    except (ValidationError, RecursionError) as error:
        problems = problems_of(error) if isinstance(error, ValidationError) else (Problem("", "is nested too deeply"),)
        raise InvalidParams(f"{what} are not valid", problems=problems, **named) from None
