"""Results of actions for whoever speaks JSON: web clients, agents, the command line."""

from pydantic import BaseModel

from plugfn.errors import Unexpected


def json_of(result: BaseModel) -> str:
    """As JSON. Raises Unexpected (code "not_json"): an open field may hold anything that a vendor sent."""
    try:
        return result.model_dump_json()
    except (ValueError, RecursionError):
        raise Unexpected("It was done, but its result cannot be written as JSON.", code="not_json") from None
