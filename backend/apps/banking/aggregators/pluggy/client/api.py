"""The one way a call to Pluggy goes: budget, lease, breaker, key, wire, code table."""

import copy
import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from apps.banking.aggregators.pluggy.client.answers import failure, is_stale_key, status_of
from apps.banking.aggregators.pluggy.client.endpoints import AUTH, ENDPOINTS, Endpoint
from apps.banking.aggregators.pluggy.client.keys import KeyCache
from apps.banking.aggregators.pluggy.errors import OutcomeUnknown, PluggyFailure, PluggyUnexpected
from lib.circuit import Breaker
from lib.errors import ErrorType, PonteError, Temporary, Throttled
from lib.http import UNSENT, Answer, JsonClient
from lib.ratelimit import Budget

logger = logging.getLogger(__name__)

# Pluggy's windows are not ours, and a call can be under way for a while: the rest is for that.
SHARE = 0.95
# How long work that is under way waits for its budget. A list that began anew each time would never end.
PATIENCE_SECONDS = 120.0
TICK_SECONDS = 5.0

# Which failures speak against the bank, and which against Pluggy itself.
OF_THE_BANK = frozenset({ErrorType.BANK_MAINTENANCE, ErrorType.INSTITUTION_ERROR})
OF_PLUGGY = frozenset({ErrorType.CONNECTION_FAILURE, ErrorType.INTERNAL_ERROR})


@dataclass(frozen=True)
class Called:
    """One call that was made, for metrics: `outcome` is the HTTP status, or the wire error's code."""

    endpoint: str
    outcome: str
    seconds: float


@dataclass(frozen=True, repr=False)
class _Call:
    """What is asked: it holds ids and credentials, hence no repr."""

    endpoint: Endpoint
    path: str
    params: Mapping[str, str] | None = None
    json: Any = None
    connector_id: int | str | None = None
    patient: bool = False


def nothing(*_: object) -> None:
    """A hook that does nothing."""


class Api:
    """Calls to one Pluggy application. Shared by threads; `with_hooks` gives one piece of work its own hooks."""

    def __init__(
        self,
        http: JsonClient,
        redis: Redis,
        client_id: str,
        client_secret: str,
        *,
        before_call: Callable[[], None] = nothing,
        after_call: Callable[[Called], None] = nothing,
        share: float = SHARE,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._http, self._redis, self._patience = http, redis, patience
        self._credentials = {"clientId": client_id, "clientSecret": client_secret}
        self.name = application_name(http.base_url, client_id)
        self._budgets = _budgets(redis, self.name, share)
        self._breaker = Breaker(redis, f"pluggy:{self.name}")
        self.before_call, self.after_call = before_call, after_call
        self._begun = False
        self._keys = KeyCache(redis, self.name, self._authenticate)

    def with_hooks(self, before_call: Callable[[], None], after_call: Callable[[Called], None]) -> "Api":
        """The same application (its connections, key, budgets and breakers), for one piece of work."""
        twin = copy.copy(self)
        twin.before_call, twin.after_call = before_call, after_call
        twin._begun = False
        twin._keys = KeyCache(self._redis, self.name, twin._authenticate)
        return twin

    def call(
        self,
        endpoint: Endpoint,
        *ids: str,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        connector_id: int | str | None = None,
        patient: bool = False,
    ) -> Any:
        """The body of the answer. Raises an error of lib.errors, mostly one of errors.py.

        `connector_id` asks that bank's breaker too; `patient` waits for the budget instead of raising Throttled, as
        every call does in work that has a lease (`before_call`) and has made its first.
        """
        call = _Call(endpoint, endpoint.url(*ids), params, json, connector_id, patient)
        key = self._keys.get()
        answer = self._send(call, key)
        if is_stale_key(answer):
            answer = self._send(call, self._keys.replace(key))
        if is_stale_key(answer):
            raise failure(endpoint, answer)
        return answer.body

    def _authenticate(self) -> str:
        answer = self._send(_Call(AUTH, AUTH.path, json=self._credentials))
        key = answer.body.get("apiKey") if isinstance(answer.body, dict) else None
        if not isinstance(key, str) or not key.isascii() or not key.isprintable():
            raise PluggyUnexpected("auth: an answer without a key", code="NO_KEY")
        return key

    def _send(self, call: _Call, key: str | None = None) -> Answer:
        """One call on the wire. Returns what succeeded, and what was refused for its key; raises the rest."""
        self._take(self._budgets[call.endpoint.budget], call.patient or self._is_under_way(call.endpoint))
        self.before_call()
        # The bank's first: one that is open must not cost Pluggy's its only probe.
        bank = self._bank(call.connector_id)
        failing = [breaker for breaker in (bank, self._breaker) if breaker and breaker.enter()]
        try:
            answer = self._ask(call, key)
        except PonteError as error:
            self._blame(error, bank, self._breaker in failing)
            raise unless_repeatable(call.endpoint, error) from None
        for breaker in failing:
            _note(breaker.succeed)
        self._begun = self._begun or call.endpoint is not AUTH
        return answer

    def _ask(self, call: _Call, key: str | None) -> Answer:
        endpoint, began = call.endpoint, time.monotonic()
        headers = {"X-API-KEY": key} if key else None
        try:
            answer = self._http.request(endpoint.method, call.path, params=call.params, json=call.json, headers=headers)
        except PonteError as error:
            self.after_call(Called(endpoint.name, error.code, time.monotonic() - began))
            raise
        self.after_call(Called(endpoint.name, str(answer.status), time.monotonic() - began))
        if status_of(answer) < 400 or (key and is_stale_key(answer)):
            return answer
        refused = failure(endpoint, answer)
        if refused.code == "HTTP_429":
            wait = getattr(refused, "retry_after", None) or 0
            _note(lambda: self._budgets[endpoint.budget].pause(wait))
        raise refused

    def _take(self, budget: Budget, patient: bool) -> None:
        """One call out of the budget; a patient one waits for it, renewing the lease as it does."""
        give_up = time.monotonic() + (self._patience if patient else 0)
        while True:
            try:
                return budget.take()
            except Throttled as error:
                wait = error.retry_after or TICK_SECONDS
                if time.monotonic() + wait > give_up:
                    raise
            self.before_call()
            time.sleep(min(wait, TICK_SECONDS))

    def _is_under_way(self, endpoint: Endpoint) -> bool:
        """Whether this is work with a lease that has begun: put back, it would only begin anew."""
        # Whoever fetches the key holds its lock, which others wait for.
        return self._begun and self.before_call is not nothing and endpoint is not AUTH

    def _bank(self, connector_id: int | str | None) -> Breaker | None:
        return None if connector_id is None else Breaker(self._redis, f"pluggy:{self.name}:bank:{connector_id}")

    def _blame(self, error: PonteError, bank: Breaker | None, failing: bool) -> None:
        """Tell the breaker that a failure speaks against. Any answer at all speaks for Pluggy, if not for the bank."""
        if bank and error.error_type in OF_THE_BANK:
            _note(bank.fail)
        if _is_of_pluggy(error):
            _note(self._breaker.fail)
        elif failing:
            _note(self._breaker.succeed)


def _note(step: Callable[[], object]) -> None:
    """Write down what a call has shown. The call is over: without Redis its outcome stays what it was."""
    try:
        step()
    except Temporary as error:
        logger.warning("not noted: %s", error)


def application_name(base_url: str, client_id: str) -> str:
    """Names an application in shared keys without revealing its id."""
    return hashlib.sha256(f"{base_url}\n{client_id}".encode()).hexdigest()[:16]


def _budgets(redis: Redis, name: str, share: float) -> dict[str, Budget]:
    return {
        endpoint.budget: Budget(
            redis,
            f"pluggy:{name}:{endpoint.budget}",
            limit=max(1, int(endpoint.per_minute * share)),
            per_seconds=60,
        )
        for endpoint in ENDPOINTS
    }


def _is_of_pluggy(error: PonteError) -> bool:
    return error.error_type in OF_PLUGGY or not isinstance(error, PluggyFailure)


def unless_repeatable(endpoint: Endpoint, error: PonteError) -> PonteError:
    """`error`; for a call that must not be repeated, and may have been carried out, OutcomeUnknown."""
    on_the_wire = not isinstance(error, PluggyFailure) and error.code not in UNSENT
    if not endpoint.once or not (on_the_wire or _status(error) >= 500):
        return error
    return OutcomeUnknown(f"{endpoint.name}: it may have been carried out ({error.code})", code=error.code)


def _status(error: PonteError) -> int:
    return error.told.status if isinstance(error, PluggyFailure) else 0
