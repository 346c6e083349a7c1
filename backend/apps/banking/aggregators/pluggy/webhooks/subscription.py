"""Our subscription to Pluggy's webhooks: one for all events, at our public URL, with our secret."""

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from apps.banking.aggregators.contract import Step, Subscription
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.aggregators.pluggy.webhooks.authenticity import Proofs
from lib.http import LOOPBACK

EVENT = "all"


class PluggySubscription(Subscription):
    """The subscription of one application. `api_url` shows whether Pluggy is the sandbox on this machine."""

    def __init__(self, client: PluggyClient, api_url: str, proofs: Proofs) -> None:
        self._client, self._api_url, self._headers = client, api_url, proofs.secret_header

    def check(self, url: str, *, allow_http: bool) -> None:
        """Raises ImproperlyConfigured, which names the setting."""
        scheme, sandboxed = urlsplit(url).scheme, urlsplit(self._api_url).hostname in LOOPBACK
        if scheme != "https" and not (allow_http and sandboxed and scheme == "http"):
            raise ImproperlyConfigured("PUBLIC_URL must be https, because webhooks have a secret in a header.")
        if not self._headers:
            raise ImproperlyConfigured("PLUGGY_WEBHOOK_SECRET is not set. Set it to a long random text of your own.")

    def steps_to_register(self, url: str) -> list[Step]:
        """The steps to exactly one enabled subscription to all events at `url`, with our secret. Empty if it exists."""
        client, headers, own = self._client, self._headers, self._at(url)
        if not own:
            return [
                Step(f"create the subscription at {url}", partial(client.create_webhook, url, EVENT, headers=headers))
            ]
        first, *others = sorted(own, key=lambda hook: hook.get("event") != EVENT)
        steps = [Step(f"delete a second subscription, {hook['id']}", self._deletion(hook)) for hook in others]
        if faults := _faults(first, headers):
            steps.append(Step(f"repair the subscription {first['id']}: {faults}", self._repair(first)))
        return steps

    def steps_to_delete(self, url: str) -> list[Step]:
        """The steps that delete every subscription at `url`. Those at other URLs are not ours."""
        return [Step(f"delete the subscription {hook['id']}", self._deletion(hook)) for hook in self._at(url)]

    def _at(self, url: str) -> list[Doc]:
        return [hook for page in self._client.webhooks() for hook in page if hook.get("url") == url]

    def _deletion(self, hook: Doc) -> Callable[[], object]:
        return partial(self._client.delete_webhook, hook["id"])

    def _repair(self, hook: Doc) -> Callable[[], object]:
        return partial(self._client.update_webhook, hook["id"], event=EVENT, headers=self._headers, enabled=True)


def _faults(hook: Doc, headers: Mapping[str, str]) -> str:
    """What is wrong with the subscription, without secrets; empty if nothing is."""
    faults = {
        "it is disabled": hook.get("disabledAt"),
        "it is for one event only": hook.get("event") != EVENT,
        "its secret is not ours": _folded(hook.get("headers")) != _folded(headers),
    }
    return ", ".join(fault for fault, is_present in faults.items() if is_present)


def _folded(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.casefold(): value for name, value in (headers or {}).items()}
