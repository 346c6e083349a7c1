"""The PlugFn of this process, with Ponte's keys, tables and limits. Its user is a client.

with acting_for(client.pk):
    plug().run("github.repos.get", user_id=str(client.pk), params={…})
"""

from functools import lru_cache
from typing import Any

from django.conf import settings

from apps.integrations.catalogue import ENTRIES, Entry
from apps.integrations.store.orm import OrmStore
from plugfn.plug import PlugFn
from plugfn.sync import SyncPlugFn

# Where its web routes are: callbacks of OAuth come back below it.
MOUNT = "/integrations"


def plug() -> SyncPlugFn:
    """The PlugFn of the current settings. It may be called in every thread, and after a fork."""
    return _made(tuple(settings.ENCRYPTION_KEYS), public_url(), settings.REDIS_URL, tuple(settings.ALLOWED_NETWORKS))


def public_url() -> str:
    """Where browsers reach Ponte."""
    return settings.PUBLIC_URL or "http://localhost:8000"


def is_offered(entry: Entry) -> bool:
    """Whether people can connect it: an OAuth provider needs the operator's application."""
    return not entry.is_oauth or bool(settings.PLUGFN_PROVIDERS[entry.provider]["client_id"])


def _client_of_request(request: Any) -> str | None:
    """PlugFn's user of a page's request: the client that the person has chosen."""
    membership = getattr(request, "membership", None)
    return None if membership is None else str(membership.client_id)


@lru_cache(maxsize=2)
def _made(keys: tuple[str, ...], url: str, redis: str, networks: tuple[str, ...]) -> SyncPlugFn:
    made = PlugFn(
        encryption_key=keys,
        database=OrmStore(),
        base_url=f"{url}{MOUNT}",
        auth=_client_of_request,
        integrations=settings.PLUGFN_PROVIDERS,
        redis=redis,
        allowed_networks=networks,
    )
    made.providers.register(*(entry.definition for entry in ENTRIES if is_offered(entry)))
    return SyncPlugFn(made)
