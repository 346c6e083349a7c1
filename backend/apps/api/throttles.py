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
        try:
            for name, limit in _budgets(request):
                request_budget(f"api:{name}", limit=limit, per_seconds=PER_SECONDS).take()
        except Throttled as error:
            self._wait = error.retry_after or 1
            return False
        except Temporary:
            logger.warning("Redis does not answer, so calls of the API are not limited; check REDIS_URL.")
        return True

    def wait(self) -> float:
        """Seconds until the budget allows a call again."""
        return self._wait


def _budgets(request: Request) -> list[tuple[str, int]]:
    access = request.auth
    if not isinstance(access, Access):
        address = of_meta(request.META, settings.TRUSTED_PROXIES).limited
        return [(f"address:{address}", settings.API_CALLS_PER_ADDRESS)] if address else []
    person = [(f"user:{access.user.pk}", settings.API_CALLS_PER_USER)]
    return [*person, (f"client:{access.client.pk}", settings.API_CALLS_PER_CLIENT)] if access.client else person
