"""Results of actions as JSON, for web clients, agents and the command line."""

from pydantic import BaseModel

from plugfn.errors import Unexpected


def json_of(result: BaseModel) -> str:
    """The result as JSON. Raises Unexpected (code "not_json"), since an open field may hold anything a vendor sent."""
    try:
        return result.model_dump_json()
    except (ValueError, RecursionError):
        raise Unexpected("The action was done, but its result cannot be written as JSON.", code="not_json") from None
