"""Our subscription to an aggregator's webhooks: one for all events, at our public address, with our secret."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from lib.http import LOOPBACK

EVENT = "all"


@dataclass(frozen=True)
class Step:
    """One thing to do about the subscription: `does` says it in words, `act` does it."""

    does: str
    act: Callable[[], Any]


def address(*, allow_http: bool = False) -> str:
    """Where Pluggy shall send webhooks. Raises ImproperlyConfigured, naming the setting."""
    if not settings.PUBLIC_URL:
        raise ImproperlyConfigured("PUBLIC_URL is not set.")
    parts = urlsplit(settings.PUBLIC_URL)
    sandboxed = urlsplit(settings.PLUGGY_API_URL).hostname in LOOPBACK
    if parts.scheme != "https" and not (allow_http and sandboxed and parts.scheme == "http"):
        raise ImproperlyConfigured("PUBLIC_URL is not https: webhooks carry a secret in a header.")
    return settings.PUBLIC_URL + reverse("pluggy-webhook")


def secret_headers() -> dict[str, str]:
    """What proves to us that a webhook is Pluggy's: the first of PLUGGY_WEBHOOK_SECRET. Raises ImproperlyConfigured."""
    if not settings.PLUGGY_WEBHOOK_SECRETS:
        raise ImproperlyConfigured("PLUGGY_WEBHOOK_SECRET is not set.")
    return {settings.PLUGGY_WEBHOOK_HEADER: settings.PLUGGY_WEBHOOK_PREFIX + settings.PLUGGY_WEBHOOK_SECRETS[0]}


def steps_to_register(api: Any, url: str, headers: dict[str, str]) -> list[Step]:
    """What is missing of one enabled subscription to all events at `url` with `headers`; nothing if it is there."""
    mine = _at(api, url)
    if not mine:
        return [Step(f"create the subscription at {url}", lambda: api.create_webhook(url, EVENT, headers=headers))]
    kept, *others = sorted(mine, key=lambda hook: hook.get("event") != EVENT)
    steps = [Step(f"delete a second subscription, {hook['id']}", _deletion(api, hook)) for hook in others]
    if wrong := _wrong(kept, headers):
        change = {"event": EVENT, "headers": headers, "enabled": True}
        steps.append(
            Step(f"repair the subscription {kept['id']}: {wrong}", lambda: api.update_webhook(kept["id"], **change))
        )
    return steps


def steps_to_delete(api: Any, url: str) -> list[Step]:
    """The end of every subscription at `url`; those at other addresses are not ours to touch."""
    return [Step(f"delete the subscription {hook['id']}", _deletion(api, hook)) for hook in _at(api, url)]


def _at(api: Any, url: str) -> list[dict[str, Any]]:
    return [hook for page in api.webhooks() for hook in page if hook.get("url") == url]


def _deletion(api: Any, hook: dict[str, Any]) -> Callable[[], None]:
    return lambda: api.delete_webhook(hook["id"])


def _wrong(hook: dict[str, Any], headers: dict[str, str]) -> str:
    """What is to be repaired, in words that hold no secret; empty when nothing is."""
    faults = {
        "it is disabled": hook.get("disabledAt"),
        "it is for one event only": hook.get("event") != EVENT,
        "its secret is not ours": _folded(hook.get("headers")) != _folded(headers),
    }
    return ", ".join(fault for fault, found in faults.items() if found)


def _folded(headers: dict[str, str] | None) -> dict[str, str]:
    return {name.casefold(): value for name, value in (headers or {}).items()}
