"""One call for one idempotency key: its repetition within a day gives the first one's result and does nothing."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel

from plugfn.crypto import KeyRing
from plugfn.definition import Action
from plugfn.errors import IdempotencyConflict, InvalidParams, OutcomeUnknown, PlugFnError, Problem
from plugfn.storage.protocol import Store

KIND = "idempotency"
DAY = 86_400.0
LONGEST_KEY = 255
# A call that has been running for longer than this was ended with its process.
LONGEST_RUN = 900.0


class Once:
    """Keys belong to a user and an action. Results are kept sealed."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store, self._ring = store, ring

    async def run(
        self,
        user_id: str,
        action: Action[Any, Any],
        params: BaseModel,
        key: str,
        call: Callable[[], Awaitable[BaseModel]],
    ) -> BaseModel:
        """The call's result, or the first one's. Raises IdempotencyConflict, and what the call raises.

        A call that ended in an error that did nothing leaves the key free; one whose outcome is unknown keeps it."""
        place, mark = _place(user_id, action, key), _fingerprint(params)
        there = await self._store.put_new(KIND, place, self._sealed(place, mark, "running"), DAY)
        if there is not None:
            return self._first(action, mark, json.loads(self._ring.unseal(there, place)))
        try:
            result = await call()
        except OutcomeUnknown:
            await self._store.put(KIND, place, self._sealed(place, mark, "unknown"), DAY)
            raise
        except PlugFnError:
            await self._store.take(KIND, place)
            raise
        except BaseException:  # cancelled in the middle: bytes may have gone out
            await self._store.put(KIND, place, self._sealed(place, mark, "unknown"), DAY)
            raise
        await self._store.put(KIND, place, self._sealed(place, mark, "done", result.model_dump_json()), DAY)
        return result

    def _first(self, action: Action[Any, Any], mark: str, first: dict[str, Any]) -> BaseModel:
        if first["mark"] != mark:
            raise IdempotencyConflict("this idempotency key was used with other parameters", code="other_parameters")
        if first["state"] == "done":
            return action.result.model_validate_json(first["result"])  # type: ignore[no-any-return]
        if first["state"] == "running" and time.time() - first["at"] < LONGEST_RUN:
            raise IdempotencyConflict("the first call with this idempotency key is still running", code="in_progress")
        raise OutcomeUnknown("the first call with this idempotency key ended without an answer")

    def _sealed(self, place: str, mark: str, state: str, result: str = "") -> bytes:
        kept = {"mark": mark, "state": state, "at": time.time(), "result": result}
        return self._ring.seal(json.dumps(kept).encode(), place)


def _place(user_id: str, action: Action[Any, Any], key: str) -> str:
    if not key or len(key) > LONGEST_KEY:
        raise InvalidParams("the idempotency key is not valid", problems=[Problem("", "1 to 255 characters")])
    return hashlib.sha256(json.dumps([user_id, action.path, key]).encode()).hexdigest()


def _fingerprint(params: BaseModel) -> str:
    # What the caller gave: a default such as the present moment is another one each time. Secrets are masked in this.
    return hashlib.sha256(params.model_dump_json(exclude_unset=True).encode()).hexdigest()
