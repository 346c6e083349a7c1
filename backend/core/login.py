"""The admin's place, and a limit on guesses at its login form.

A guess costs the server half a second of hashing, in the processes that also answer webhooks, so a guess over the
limit is refused before its password is hashed. Valkey counts, for all processes together. Without Valkey there is no
limit: an operator needs the admin when something is broken, and no attacker can choose that moment.
"""

import logging
import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.urls import URLPattern, URLResolver, path
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from lib import crypto
from lib.client_address import of_meta
from lib.errors import Temporary, Throttled
from lib.ratelimit import Budget

logger = logging.getLogger(__name__)

# How many guesses in how many seconds.
BY_ACCOUNT = (10, 600)
BY_ADDRESS = (20, 600)
# All clients together whose address is uncertain. It bounds what guesses cost this server.
WITHOUT_ADDRESS = (100, 600)

# The middleware never sees what begins with one of these, or they are pages already.
_TAKEN = ("api/", "health", "metrics", "static/")
_PATH = re.compile(r"[\w.~-]+(/[\w.~-]+)*", re.ASCII)


class LimitedLogin(AdminAuthenticationForm):
    """The admin's login form."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for a wrong login, and for any login over a limit."""
        if self.cleaned_data.get("username") and self.cleaned_data.get("password"):
            self._count(self.cleaned_data["username"])
        return super().clean()

    def _count(self, account: str) -> None:
        client = of_meta(self.request.META if self.request else {}, settings.TRUSTED_PROXIES)
        try:
            _budget(f"address:{client.limited}", BY_ADDRESS if client.limited else WITHOUT_ADDRESS).take()
            # Valkey gets no names.
            _budget(f"account:{crypto.blind_index(account, 'login').hex()}", BY_ACCOUNT).take()
        except Throttled:
            logger.warning("A login was refused: too many attempts.", extra={"address": client.address})
            raise ValidationError("Too many attempts. Try again in ten minutes.", code="throttled") from None
        except Temporary:
            logger.warning("Redis does not answer, so logins are not limited; check REDIS_URL.")


def admin_at(place: str) -> list[URLPattern | URLResolver]:
    """The admin's URLs under the path `place`; none if it is empty. Raises ImproperlyConfigured."""
    admin.site.login_form = LimitedLogin
    if not place:
        return []
    if not _PATH.fullmatch(place) or f"{place}/".startswith(_TAKEN):
        raise ImproperlyConfigured("ADMIN_PATH must be a path such as desk/7f3a, and not that of another page.")
    return [path(f"{place}/", admin.site.urls)]


def _budget(name: str, limit: tuple[int, int]) -> Budget:
    return Budget(_redis(settings.REDIS_URL), f"login:{name}", limit=limit[0], per_seconds=limit[1])


@lru_cache(maxsize=4)
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
