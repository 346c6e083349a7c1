"""The arguments of a call besides its action, declared once for the executor, PlugFn, its attributes and batches."""

from collections.abc import Collection, Mapping
from typing import Any, Required, TypedDict

from pydantic import BaseModel

from plugfn.errors import suggestion


class CallContext(TypedDict, total=False):
    """`user_id`         whose connection to use
    `connection_id`   which connection, when the user has several at this provider
    `idempotency_key` a repetition with the same key within a day returns the first result
    `timeout`         seconds for the whole call, with waits and retries (default: what the retry policy may need)
    `call_id`         the call's id, 64 characters at most (default: a new one): vendors get it for correlation, so that
                      a caller who stored it before the call can look up or recognise what became of it
    `retry`           the name of another retry policy than the action's: "none" for callers that retry on their own
    """

    user_id: Required[str]
    connection_id: str | None
    idempotency_key: str | None
    timeout: float | None
    call_id: str | None
    retry: str | None


class CallOptions(CallContext, total=False):
    """CallContext with `params`, a dict or the action's own model."""

    params: Mapping[str, Any] | BaseModel | None


def check_names(names: Collection[str]) -> None:
    """Check argument names as Python does: a misspelt idempotency_key that is ignored would run the action twice.

    Raises TypeError."""
    known = CallOptions.__required_keys__ | CallOptions.__optional_keys__
    for name in names:
        if name not in known:
            raise TypeError(f"a call takes no {name!r}: {suggestion(name, sorted(known))}")
    if "user_id" not in names:
        raise TypeError("a call needs a user_id: whose connection it uses")
