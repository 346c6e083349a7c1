"""What a call is given besides its action: one declaration for the executor, PlugFn, its attributes and batches."""

from collections.abc import Collection, Mapping
from typing import Any, Required, TypedDict

from pydantic import BaseModel

from plugfn.errors import suggestion


class CallContext(TypedDict, total=False):
    """`user_id`         whose connection it uses
    `connection_id`   which connection, when the user has several at this provider
    `idempotency_key` the same key gives the first call's result again, for a day
    `timeout`         seconds for all of it, waits and repetitions included (default: what the retry policy may need)
    """

    user_id: Required[str]
    connection_id: str | None
    idempotency_key: str | None
    timeout: float | None


class CallOptions(CallContext, total=False):
    """With `params`, as a dict or as the action's own model."""

    params: Mapping[str, Any] | BaseModel | None


def check_names(given: Collection[str]) -> None:
    """As Python does for named arguments. A misspelt idempotency_key that nobody minds would act twice.

    Raises TypeError."""
    known = CallOptions.__required_keys__ | CallOptions.__optional_keys__
    for name in given:
        if name not in known:
            raise TypeError(f"a call takes no {name!r}: {suggestion(name, sorted(known))}")
    if "user_id" not in given:
        raise TypeError("a call needs a user_id: whose connection it uses")
