"""One call for one idempotency key: its repetition within a day gives the first one's result and does nothing."""

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
# A call that has been running for longer than this was ended with its process.
LONGEST_RUN = 900.0
NOT_KEPT = "what became of a call with an idempotency key was not kept"


@dataclass(frozen=True)
class Claim:
    """What a key is asked for: `call_id` is that of the call that runs if it is the first."""

    place: str
    mark: str
    call_id: str


class Once:
    """Keys belong to a user and an action. Results are kept sealed."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def run(self, action: Action[Any, Any], claim: Claim, call: Callable[[], Awaitable[BaseModel]]) -> BaseModel:
        """The call's result, or the first one's. Raises IdempotencyConflict, and what the call raises.

        A call that ended in an error that did nothing leaves the key free; one whose outcome is unknown keeps it. What
        became of the call is told its caller also when it cannot be kept: then the key stays taken."""
        there = await self._store.put_new(KIND, claim.place, self._sealed(claim, "running"), DAY)
        if there is not None:
            return self._first(action, claim.mark, json.loads(self._ring.unseal(there, claim.place)))
        try:
            result = await call()
        except OutcomeUnknown:
            await self._keep(claim, "unknown")
            raise
        except PlugFnError:
            await complete(self._store.take(KIND, claim.place), NOT_KEPT)
            raise
        except BaseException:  # cancelled in the middle: bytes may have gone out
            await self._keep(claim, "unknown")
            raise
        written = _written(result)
        await self._keep(claim, "unknown" if written is None else "done", written or "")
        return result

    async def _keep(self, claim: Claim, state: str, result: str = "") -> None:
        sealed = self._sealed(claim, state, result)
        await complete(self._store.put(KIND, claim.place, sealed, DAY), NOT_KEPT)

    def _first(self, action: Action[Any, Any], mark: str, first: dict[str, Any]) -> BaseModel:
        error: PlugFnError
        if first["mark"] != mark:
            error = IdempotencyConflict("this idempotency key was used for another call", code="other_parameters")
        elif first["state"] == "done":
            return action.result.model_validate_json(first["result"])  # type: ignore[no-any-return]
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
    """Raises InvalidParams: a key, or parameters, that cannot be kept."""
    if not isinstance(key, str) or not key or len(key) > LONGEST_KEY:
        raise InvalidParams("the idempotency key is not valid", problems=[Problem("", "1 to 255 characters")])
    # What the caller gave: a default such as the present moment is another one each time. Secrets are masked in this.
    given = _written(params, exclude_unset=True)
    if given is None:
        problem = Problem("", "hold text that is none, or are nested too deeply")
        raise InvalidParams("the parameters cannot be kept with a key", problems=[problem])
    place = _digest(json.dumps([user_id, action.path, key]))
    return Claim(place, _digest(f"{connection_id}|{given}"), call_id)


def _written(model: BaseModel, *, exclude_unset: bool = False) -> str | None:
    """As JSON; None when it cannot be: an open field may hold anything."""
    try:
        return model.model_dump_json(exclude_unset=exclude_unset)
    except (ValueError, RecursionError):
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
