"""How many calls a person, a client and an address may make in a minute."""

import logging
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.api.scopes import Access
from lib.client_address import of_meta
from lib.errors import Temporary, Throttled
from lib.ratelimit import request_budget

logger = logging.getLogger(__name__)

PER_SECONDS = 60


class CallBudget(BaseThrottle):
    """Budgets in Valkey, for all processes together. Without Valkey every call is allowed: reading must go on."""

    def __init__(self) -> None:
        self._wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Take one call from each budget; False if one is used up."""
        address = of_meta(request.META, settings.TRUSTED_PROXIES).limited
        self._wait = wait_for(call_budgets(request.auth if isinstance(request.auth, Access) else None, address))
        return not self._wait

    def wait(self) -> float:
        """Seconds until the budget allows a call again."""
        return self._wait


def call_budgets(access: Access | None, address: str | None) -> list[tuple[str, int]]:
    """The names and limits that a call counts for: its person and client, or without a valid token its address."""
    if access is None:
        return [(f"api:address:{address}", settings.API_CALLS_PER_ADDRESS)] if address else []
    person = [(f"api:user:{access.user.pk}", settings.API_CALLS_PER_USER)]
    return [*person, (f"api:client:{access.client.pk}", settings.API_CALLS_PER_CLIENT)] if access.client else person


def wait_for(budgets: list[tuple[str, int]], per_seconds: int = PER_SECONDS) -> float:
    """Take one call from each budget. Returns 0, or the seconds to wait if one is used up.

    Without Valkey every call is allowed: reading must go on.
    """
    try:
        for name, limit in budgets:
            request_budget(name, limit=limit, per_seconds=per_seconds).take()
    except Throttled as error:
        return error.retry_after or 1
    except Temporary:
        logger.warning("Redis does not answer, so calls of the API are not limited; check REDIS_URL.")
    return 0
