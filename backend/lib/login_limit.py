"""A limit on guesses of passwords, for every place where one can be typed.

A guess costs the server half a second of hashing, in the processes that also answer webhooks, so a guess over the limit
is refused before its password is hashed. Valkey counts, for all processes and all places together. Without Valkey there
is no limit: an operator needs the admin when something is broken, and no attacker can choose that moment.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from lib import crypto
from lib.client_address import of_meta
from lib.errors import Temporary, Throttled
from lib.ratelimit import request_budget

logger = logging.getLogger(__name__)

# How many guesses in how many seconds.
BY_ACCOUNT = (10, 600)
BY_ADDRESS = (20, 600)
# All clients together whose address is uncertain. It bounds what guesses cost this server.
WITHOUT_ADDRESS = (100, 600)


def count_guess(account: str, meta: Mapping[str, Any]) -> None:
    """Count a guess at `account` by the sender of the request. Raises Throttled over a limit."""
    client = of_meta(meta, settings.TRUSTED_PROXIES)
    try:
        _take(f"address:{client.limited}", BY_ADDRESS if client.limited else WITHOUT_ADDRESS)
        # Valkey gets no names.
        _take(f"account:{crypto.blind_index(account, 'login').hex()}", BY_ACCOUNT)
    except Throttled:
        logger.warning("A login was refused: too many attempts.", extra={"address": client.address})
        raise
    except Temporary:
        logger.warning("Redis does not answer, so logins are not limited; check REDIS_URL.")


def _take(name: str, limit: tuple[int, int]) -> None:
    request_budget(f"login:{name}", limit=limit[0], per_seconds=limit[1]).take()
