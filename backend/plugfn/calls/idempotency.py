"""Runs one call for each idempotency key: a repetition within a day returns the first result and does nothing."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from plugfn.background_writes import complete
from plugfn.crypto import KeyRing
from plugfn.definition import Action
from plugfn.errors import IdempotencyConflict, InvalidParams, OutcomeUnknown, PlugFnError, Problem
from plugfn.storage.protocol import Store

KIND = "idempotency"
DAY = 86_400.0
LONGEST_KEY = 255
# A call that has been "running" for longer than this died with its process.
LONGEST_RUN = 900.0
NOT_STORED = "the outcome of a call with an idempotency key was not stored"


@dataclass(frozen=True)
class Claim:
    """A request for a key. `call_id` is the id of the call that runs if it is the first with this key."""

    place: str
    mark: str
    call_id: str


class Once:
    """Each key belongs to a user and an action. Results are stored encrypted."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def run(self, action: Action[Any, Any], claim: Claim, call: Callable[[], Awaitable[BaseModel]]) -> BaseModel:
        """The call's result, or the first call's. Raises IdempotencyConflict, and what the call raises.

        A call that failed without doing anything frees the key; one with an unknown outcome keeps it. When the outcome
        cannot be stored, the caller still gets it, and the key stays taken."""
        stored = await self._store.put_new(KIND, claim.place, self._sealed(claim, "running"), DAY)
        if stored is not None:
            return self._first(action, claim.mark, json.loads(self._ring.unseal(stored, claim.place)))
        try:
            result = await call()
        except OutcomeUnknown:
            await self._record(claim, "unknown")
            raise
        except PlugFnError:
            await complete(self._store.take(KIND, claim.place), NOT_STORED)
            raise
        except BaseException:  # cancelled while running: the request may have gone out
            await self._record(claim, "unknown")
            raise
        text = _json(result)
        await self._record(claim, "unknown" if text is None else "done", text or "")
        return result

    async def _record(self, claim: Claim, state: str, result: str = "") -> None:
        sealed = self._sealed(claim, state, result)
        await complete(self._store.put(KIND, claim.place, sealed, DAY), NOT_STORED)

    def _first(self, action: Action[Any, Any], mark: str, first: dict[str, Any]) -> BaseModel:
        error: PlugFnError
        if first["mark"] != mark:
            error = IdempotencyConflict("this idempotency key was used for another call", code="other_parameters")
        elif first["state"] == "done":
            stored: BaseModel = action.result.model_validate_json(first["result"])
            return stored
        elif first["state"] == "running" and time.time() - first["at"] < LONGEST_RUN:
            error = IdempotencyConflict("the first call with this key is still running", code="in_progress")
        else:
            error = OutcomeUnknown("the first call with this idempotency key ended without an answer")
        error.call_id = first["call_id"]
        raise error

    def _sealed(self, claim: Claim, state: str, result: str = "") -> bytes:
        known = {"mark": claim.mark, "state": state, "at": time.time(), "call_id": claim.call_id, "result": result}
        return self._ring.seal(json.dumps(known).encode(), claim.place)


def claim_of(
    user_id: str, action: Action[Any, Any], params: BaseModel, key: str, connection_id: str, call_id: str
) -> Claim:
    """Raises InvalidParams when the key or the parameters cannot be stored."""
    if not isinstance(key, str) or not key or len(key) > LONGEST_KEY:
        raise InvalidParams("the idempotency key is not valid", problems=[Problem("", "1 to 255 characters")])
    # Only what the caller set: a default such as the current time differs each time. Secrets are masked here.
    text = _json(params, exclude_unset=True)
    if text is None:
        problem = Problem("", "contain invalid text, or are nested too deeply")
        raise InvalidParams("the parameters cannot be stored with an idempotency key", problems=[problem])
    place = _digest(json.dumps([user_id, action.path, key]))
    return Claim(place, _digest(f"{connection_id}|{text}"), call_id)


def _json(model: BaseModel, *, exclude_unset: bool = False) -> str | None:
    """As JSON; None when that is impossible, since an open field may hold anything."""
    try:
        return model.model_dump_json(exclude_unset=exclude_unset)
    except (ValueError, RecursionError):
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
