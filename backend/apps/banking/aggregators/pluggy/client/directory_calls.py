"""Calls that do not concern a single item: connectors and their health, categories, webhooks."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.banking.aggregators.pluggy.client import endpoints as at
from apps.banking.aggregators.pluggy.client.api import Api
from apps.banking.aggregators.pluggy.client.item_calls import checked_object
from apps.banking.aggregators.pluggy.client.pages import PAGE_SIZE, Doc, Docs, numbered


class DirectoryCalls:
    """Part of PluggyClient."""

    _api: Api

    def connectors(self, *, sandbox: bool = False, health_details: bool = False) -> Iterator[Docs]:
        """The application's Connectors, with their `health` and its incidents."""
        filters = {"sandbox": _flag(sandbox), "healthDetails": _flag(health_details)}
        return self._listed(at.CONNECTOR_LIST, filters)

    def connector(self, connector_id: int | str, *, health_details: bool = True) -> Doc:
        """The Connector. Raises Gone."""
        params = {"healthDetails": _flag(health_details)}
        return checked_object(self._api.call(at.CONNECTOR, str(connector_id), params=params))

    def categories(self, *, parent_id: str | None = None) -> Iterator[Docs]:
        """All Categories, or those under `parent_id`."""
        return self._listed(at.CATEGORY_LIST, {"parentId": parent_id} if parent_id else {})

    def category(self, category_id: str) -> Doc:
        """The Category. Raises Gone."""
        return checked_object(self._api.call(at.CATEGORY, category_id))

    def webhooks(self) -> Iterator[Docs]:
        """The application's Webhooks."""
        return self._listed(at.WEBHOOK_LIST, {})

    def webhook(self, webhook_id: str) -> Doc:
        """The Webhook. Raises Gone."""
        return checked_object(self._api.call(at.WEBHOOK, webhook_id))

    def create_webhook(self, url: str, event: str = "all", *, headers: Mapping[str, str] | None = None) -> Doc:
        """Create a Webhook; `headers` authenticate its deliveries. Raises PluggyPermanent for a refused URL."""
        body: dict[str, Any] = {"url": url, "event": event} | ({"headers": dict(headers)} if headers else {})
        return checked_object(self._api.call(at.WEBHOOK_CREATE, json=body))

    def update_webhook(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        event: str | None = None,
        headers: Mapping[str, str] | None = None,
        enabled: bool | None = None,
    ) -> Doc:
        """Change the fields that are not None. `enabled=True` enables a webhook that Pluggy disabled."""
        fields = {"url": url, "event": event, "headers": headers, "enabled": enabled}
        body = {name: value for name, value in fields.items() if value is not None}
        return checked_object(self._api.call(at.WEBHOOK_UPDATE, webhook_id, json=body))

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete the Webhook. Raises Gone if it does not exist."""
        self._api.call(at.WEBHOOK_DELETE, webhook_id)

    def _listed(self, endpoint: at.Endpoint, filters: Mapping[str, str]) -> Iterator[Docs]:
        def fetch(number: int) -> object:
            params = {**filters, "page": str(number), "pageSize": str(PAGE_SIZE)}
            return self._api.call(endpoint, params=params, patient=number > 1)

        return numbered(fetch)


def _flag(value: bool) -> str:
    return "true" if value else "false"
