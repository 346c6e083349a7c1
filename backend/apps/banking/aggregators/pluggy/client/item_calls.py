"""Calls about items: connect tokens, creation, updates, the second factor, deletion."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.banking.aggregators.pluggy.client import endpoints as at
from apps.banking.aggregators.pluggy.client.api import Api, unless_repeatable
from apps.banking.aggregators.pluggy.client.pages import Doc, Docs, cursored
from lib.errors import ErrorType, Unexpected


class ItemCalls:
    """Part of PluggyClient. Each method makes one call, or one for each page, and raises the errors of errors.py."""

    _api: Api

    def connect_token(
        self,
        *,
        client_user_id: str,
        webhook_url: str | None = None,
        oauth_redirect_uri: str | None = None,
        avoid_duplicates: bool = True,
        products: Sequence[str] | None = None,
        item_id: str | None = None,
    ) -> str:
        """A token for the widget, valid for 30 minutes. With `item_id`, it opens the widget's update mode."""
        options = _present(
            clientUserId=client_user_id,
            webhookUrl=webhook_url,
            oauthRedirectUri=oauth_redirect_uri,
            avoidDuplicates=avoid_duplicates,
            products=products,
        )
        # Pluggy silently ignores options that are not inside `options`.
        body = self._api.call(at.CONNECT_TOKEN, json=_present(itemId=item_id, options=options))
        return str(checked_object(body, "accessToken")["accessToken"])

    def item(self, item_id: str) -> Doc:
        """The Item. Raises Gone."""
        return checked_object(self._api.call(at.ITEM, item_id))

    def items(self, *, client_user_id: str | None = None, connector_id: int | None = None) -> Iterator[Docs]:
        """Pages of our Items, newest first. Raises NotEnabled unless Pluggy has enabled the list for the team."""
        filters = _present(clientUserId=client_user_id, connectorId=_text(connector_id))
        return cursored(
            lambda after: self._api.call(
                at.ITEM_LIST, params=_present(**filters, after=after), patient=after is not None
            )
        )

    def create_item(
        self,
        connector_id: int,
        parameters: Mapping[str, str] | str,
        *,
        client_user_id: str | None = None,
        webhook_url: str | None = None,
        oauth_redirect_uri: str | None = None,
        products: Sequence[str] | None = None,
        avoid_duplicates: bool = True,
    ) -> Doc:
        """Create an Item, which Pluggy then updates. Raises ItemAlreadyExists, or OutcomeUnknown if it may exist."""
        body = _present(
            connectorId=connector_id,
            parameters=parameters,
            clientUserId=client_user_id,
            webhookUrl=webhook_url,
            oauthRedirectUri=oauth_redirect_uri,
            products=products,
            avoidDuplicates=avoid_duplicates,
        )
        return written_object(at.ITEM_CREATE, self._api.call(at.ITEM_CREATE, json=body, connector_id=connector_id))

    def refresh_item(self, item_id: str, *, connector_id: int | None = None) -> Doc:
        """Make Pluggy sync the item now with its stored credentials. The budget is 20 calls a minute for all items."""
        return checked_object(self._api.call(at.ITEM_REFRESH, item_id, json={}, connector_id=connector_id))

    def update_item(
        self,
        item_id: str,
        *,
        parameters: Mapping[str, str] | str | None = None,
        client_user_id: str | None = None,
        webhook_url: str | None = None,
        products: Sequence[str] | None = None,
        connector_id: int | None = None,
    ) -> Doc:
        """Change the item and make Pluggy sync it. With `parameters` (credentials), it can raise OutcomeUnknown."""
        body = _present(parameters=parameters, clientUserId=client_user_id, webhookUrl=webhook_url, products=products)
        endpoint = at.ITEM_REFRESH if parameters is None else at.ITEM_LOGIN
        return written_object(endpoint, self._api.call(endpoint, item_id, json=body, connector_id=connector_id))

    def answer_mfa(self, item_id: str, answers: Mapping[str, str]) -> Doc:
        """Send the code that `item.parameter` asks for: {parameter name: value}."""
        return written_object(at.ITEM_MFA, self._api.call(at.ITEM_MFA, item_id, json=dict(answers)))

    def disable_auto_sync(self, item_id: str) -> Doc:
        """Stop the syncs of Pluggy's schedule, until the next call that makes Pluggy sync the item."""
        return checked_object(self._api.call(at.ITEM_NO_AUTO_SYNC, item_id))

    def delete_item(self, item_id: str) -> None:
        """Erase the item's credentials, consent and data at Pluggy. Raises Gone if it does not exist."""
        self._api.call(at.ITEM_DELETE, item_id)


def checked_object(body: Any, name: str = "id") -> Doc:
    """`body`, if it is an object with a value for `name`. Raises Unexpected otherwise."""
    if not isinstance(body, dict) or body.get(name) in (None, ""):
        raise Unexpected(
            f"Pluggy sent an object without {name}", code="NOT_AN_OBJECT", error_type=ErrorType.INTERNAL_ERROR
        )
    return body


def written_object(endpoint: at.Endpoint, body: Any) -> Doc:
    """Like `checked_object`, for a call that writes. Raises OutcomeUnknown if the call must not be repeated."""
    try:
        return checked_object(body)
    except Unexpected as error:
        raise unless_repeatable(endpoint, error) from None


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
