"""The steps of every call to Pluggy: rate budget, lease, circuit breaker, API key, HTTP, code table."""

import copy
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
from lib import crypto
from lib.circuit import Breaker
from lib.errors import ErrorType, PonteError, Temporary, Throttled
from lib.http import UNSENT, Answer, JsonClient
from lib.ratelimit import Budget

logger = logging.getLogger(__name__)

# The part of Pluggy's limits to use: Pluggy's windows begin at other times than ours, and calls can arrive late.
SHARE = 0.95
# How long a sync in progress waits for its budget. A long sync that restarted each time would never end.
PATIENCE_SECONDS = 120.0
TICK_SECONDS = 5.0
_NAME_PURPOSE = "pluggy application"

# Failures that count against the bank's breaker, and those that count against Pluggy's.
OF_THE_BANK = frozenset({ErrorType.BANK_MAINTENANCE, ErrorType.INSTITUTION_ERROR})
OF_PLUGGY = frozenset({ErrorType.CONNECTION_FAILURE, ErrorType.INTERNAL_ERROR})


@dataclass(frozen=True)
class Called:
    """One call, for metrics. `outcome` is the HTTP status, or the code of a network error."""

    endpoint: str
    outcome: str
    seconds: float


@dataclass(frozen=True, repr=False)
class _Call:
    """The parts of a request. It has no repr, because they contain ids and credentials."""

    endpoint: Endpoint
    path: str
    params: Mapping[str, str] | None = None
    json: Any = None
    connector_id: int | str | None = None
    patient: bool = False


def nothing(*_: object) -> None:
    """The default hook, which does nothing."""


class Api:
    """Calls to one Pluggy application. Threads share it; `with_hooks` returns a copy with hooks for one task."""

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
        self.name = application_name(http.base_url, client_id, client_secret)
        self._budgets = _budgets(redis, self.name, share)
        self._breaker = Breaker(redis, f"pluggy:{self.name}")
        self.before_call, self.after_call = before_call, after_call
        self._has_called = False
        self._keys = KeyCache(redis, self.name, self._authenticate)

    def with_hooks(self, before_call: Callable[[], None], after_call: Callable[[Called], None]) -> "Api":
        """A copy that shares the connections, key, budgets and breakers, and has its own hooks."""
        twin = copy.copy(self)
        twin.before_call, twin.after_call = before_call, after_call
        twin._has_called = False
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
        """Make the call and return the body of the answer. Raises the errors of lib.errors and errors.py.

        With `connector_id`, the call also goes through that bank's breaker. A `patient` call waits for its budget
        instead of raising Throttled. In work with a lease (`before_call`), every call after the first is patient.
        """
        call = _Call(endpoint, endpoint.url(*ids), params, json, connector_id, patient)
        key = self._keys.get()
        answer = self._send(call, key)
        if is_stale_key(answer):
            answer = self._send(call, self._keys.replace(key))
        if is_stale_key(answer):
            raise failure(endpoint, answer)
        return answer.body

    def authenticate(self) -> None:
        """Exchange the credentials for a new API key, whether or not there is one."""
        self._authenticate()

    def _authenticate(self) -> str:
        answer = self._send(_Call(AUTH, AUTH.path, json=self._credentials))
        key = answer.body.get("apiKey") if isinstance(answer.body, dict) else None
        if not isinstance(key, str) or not key.isascii() or not key.isprintable():
            raise PluggyUnexpected("auth: the answer contains no key", code="NO_KEY")
        return key

    def _send(self, call: _Call, key: str | None = None) -> Answer:
        """Make one HTTP request. Returns an answer that succeeded or refused the key; raises any other failure."""
        self._take(self._budgets[call.endpoint.budget], call.patient or self._is_in_progress(call.endpoint))
        self.before_call()
        # Enter the bank's breaker first: if it is open, Pluggy's breaker must not lose its only probe.
        bank = self._bank(call.connector_id)
        failing = [breaker for breaker in (bank, self._breaker) if breaker and breaker.enter()]
        try:
            answer = self._request(call, key)
        except PonteError as error:
            self._record_failure(error, bank, self._breaker in failing)
            raise unless_repeatable(call.endpoint, error) from None
        for breaker in failing:
            _record(breaker.succeed)
        self._has_called = self._has_called or call.endpoint is not AUTH
        return answer

    def _request(self, call: _Call, key: str | None) -> Answer:
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
        refusal = failure(endpoint, answer)
        if refusal.code == "HTTP_429":
            wait = getattr(refusal, "retry_after", None) or 0
            _record(lambda: self._budgets[endpoint.budget].pause(wait))
        raise refusal

    def _take(self, budget: Budget, patient: bool) -> None:
        """Take one call out of the budget. A patient call waits for it, and renews the lease while it waits."""
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

    def _is_in_progress(self, endpoint: Endpoint) -> bool:
        """Whether work with a lease has already made a call. If it stopped now, it would have to start again."""
        # The worker that fetches the key must not wait, because it holds a lock for which others wait.
        return self._has_called and self.before_call is not nothing and endpoint is not AUTH

    def _bank(self, connector_id: int | str | None) -> Breaker | None:
        return None if connector_id is None else Breaker(self._redis, f"pluggy:{self.name}:bank:{connector_id}")

    def _record_failure(self, error: PonteError, bank: Breaker | None, failing: bool) -> None:
        """Count the failure against the bank's breaker or Pluggy's. Any other answer shows that Pluggy works."""
        if bank and error.error_type in OF_THE_BANK:
            _record(bank.fail)
        if _is_of_pluggy(error):
            _record(self._breaker.fail)
        elif failing:
            _record(self._breaker.succeed)


def _record(step: Callable[[], object]) -> None:
    """Store the outcome of a call for other workers. The call is over, so a failure of Redis does not change it."""
    try:
        step()
    except Temporary as error:
        logger.warning("The outcome of a call was not stored for other workers: %s", error)


def application_name(base_url: str, client_id: str, client_secret: str) -> str:
    """The name of an application in shared keys, which reveals neither its id nor its secret.

    A client id is public. Somebody with another's id and a wrong secret must not get the other's API key."""
    return crypto.digest(f"{base_url}\n{client_id}\n{client_secret}".encode(), _NAME_PURPOSE).hex()


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
    """`error`, or OutcomeUnknown if Pluggy may have executed a call that must not be repeated."""
    on_the_wire = not isinstance(error, PluggyFailure) and error.code not in UNSENT
    if not endpoint.once or not (on_the_wire or _status(error) >= 500):
        return error
    return OutcomeUnknown(f"{endpoint.name}: Pluggy may have executed the call ({error.code})", code=error.code)


def _status(error: PonteError) -> int:
    return error.details.status if isinstance(error, PluggyFailure) else 0
