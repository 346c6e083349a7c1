"""The client that the settings describe, and what the system check says when they do not describe one."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.banking.aggregators.calls import counter
from apps.banking.aggregators.pluggy.client.api import Called, nothing
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from lib.http import LOOPBACK, checked_base_url

REQUIRED = ("PLUGGY_API_URL", "PLUGGY_CLIENT_ID", "PLUGGY_CLIENT_SECRET")


def from_settings(*, before_call: Callable[[], None] = nothing) -> PluggyClient:
    """The client, its connections shared by this process. Raises ImproperlyConfigured, naming what is missing."""
    if missing := [name for name in REQUIRED if not getattr(settings, name, "")]:
        raise ImproperlyConfigured(f"Pluggy is not configured: set {' and '.join(missing)}.")
    client = _client(*(getattr(settings, name) for name in REQUIRED), settings.REDIS_URL)
    return client.with_hooks(before_call=before_call)


@lru_cache(maxsize=4)
def _client(base_url: str, client_id: str, client_secret: str, redis_url: str) -> PluggyClient:
    redis = _redis(redis_url)
    count = counter(redis, "pluggy")

    def after_call(called: Called) -> None:
        count(called.endpoint, called.outcome, called.seconds)

    return PluggyClient(base_url, client_id, client_secret, redis=redis, after_call=after_call)


@lru_cache(maxsize=4)
def _redis(url: str) -> Redis:
    # Nothing is tried again in here: the mailbox does that.
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))


def check_configuration(**_: Any) -> list[CheckMessage]:
    """Django system check: each variable that is missing or wrong, by its name, never by its value."""
    return [*_missing(), *_address()]


def _missing() -> list[CheckMessage]:
    # Without any of them Ponte runs, and connects no bank: at a desk that is no error.
    level = Warning if settings.DEBUG else Error
    return [
        level(f"{name} is not set.", hint="docs/pluggy.md says where to find it.", id="banking.pluggy.E001")
        for name in REQUIRED
        if not getattr(settings, name, "")
    ]


def _address() -> list[CheckMessage]:
    url = getattr(settings, "PLUGGY_API_URL", "")
    if not url:
        return []
    try:
        parts = urlsplit(checked_base_url(url))
    except ImproperlyConfigured as error:
        return [Error(f"PLUGGY_API_URL is not usable. {error}", id="banking.pluggy.E002")]
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not settings.DEBUG:
        return [Error("PLUGGY_API_URL must be https.", id="banking.pluggy.E003")]
    return []
