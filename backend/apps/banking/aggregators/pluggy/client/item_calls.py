"""Calls about items: connect tokens, creating, updating, the second factor, deleting."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.banking.aggregators.pluggy.client import endpoints as at
from apps.banking.aggregators.pluggy.client.api import Api, unless_repeatable
from apps.banking.aggregators.pluggy.client.pages import Page, Row, cursored
from lib.errors import ErrorType, Unexpected


class ItemCalls:
    """Part of PluggyClient. Each method makes one call, or one a page, and raises the errors of errors.py."""

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
        """A token of 30 minutes for the widget; with `item_id`, for its update mode."""
        options = _present(
            clientUserId=client_user_id,
            webhookUrl=webhook_url,
            oauthRedirectUri=oauth_redirect_uri,
            avoidDuplicates=avoid_duplicates,
            products=products,
        )
        # Options outside of `options` would be ignored without a word.
        body = self._api.call(at.CONNECT_TOKEN, json=_present(itemId=item_id, options=options))
        return str(one(body, "accessToken")["accessToken"])

    def item(self, item_id: str) -> Row:
        """The Item. Raises Gone."""
        return one(self._api.call(at.ITEM, item_id))

    def items(self, *, client_user_id: str | None = None, connector_id: int | None = None) -> Iterator[Page]:
        """Pages of our Items, newest first. Raises NotEnabled unless Pluggy has enabled it for the team."""
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
    ) -> Row:
        """The new Item, still updating. Raises ItemAlreadyExists; OutcomeUnknown when it may have come to be."""
        body = _present(
            connectorId=connector_id,
            parameters=parameters,
            clientUserId=client_user_id,
            webhookUrl=webhook_url,
            oauthRedirectUri=oauth_redirect_uri,
            products=products,
            avoidDuplicates=avoid_duplicates,
        )
        return done(at.ITEM_CREATE, self._api.call(at.ITEM_CREATE, json=body, connector_id=connector_id))

    def refresh_item(self, item_id: str, *, connector_id: int | None = None) -> Row:
        """Have the item synced now, with the credentials that Pluggy has. 20 a minute for all items together."""
        return one(self._api.call(at.ITEM_REFRESH, item_id, json={}, connector_id=connector_id))

    def update_item(
        self,
        item_id: str,
        *,
        parameters: Mapping[str, str] | str | None = None,
        client_user_id: str | None = None,
        webhook_url: str | None = None,
        products: Sequence[str] | None = None,
        connector_id: int | None = None,
    ) -> Row:
        """Change the item, and have it synced. With `parameters` (credentials) an unclear outcome is OutcomeUnknown."""
        body = _present(parameters=parameters, clientUserId=client_user_id, webhookUrl=webhook_url, products=products)
        endpoint = at.ITEM_REFRESH if parameters is None else at.ITEM_LOGIN
        return done(endpoint, self._api.call(endpoint, item_id, json=body, connector_id=connector_id))

    def answer_mfa(self, item_id: str, answers: Mapping[str, str]) -> Row:
        """Give the code that `item.parameter` asked for: {parameter name: value}."""
        return done(at.ITEM_MFA, self._api.call(at.ITEM_MFA, item_id, json=dict(answers)))

    def disable_auto_sync(self, item_id: str) -> Row:
        """No syncs by Pluggy's own schedule, until the next forced one."""
        return one(self._api.call(at.ITEM_NO_AUTO_SYNC, item_id))

    def delete_item(self, item_id: str) -> None:
        """Erase it at Pluggy: credentials, consent and data. Raises Gone where there is none."""
        self._api.call(at.ITEM_DELETE, item_id)


def one(body: Any, name: str = "id") -> Row:
    """The object `body`, which must have `name`. Raises Unexpected."""
    if not isinstance(body, dict) or body.get(name) in (None, ""):
        raise Unexpected(
            f"Pluggy sent an object without {name}", code="NOT_AN_OBJECT", error_type=ErrorType.INTERNAL_ERROR
        )
    return body


def done(endpoint: at.Endpoint, body: Any) -> Row:
    """As `one`, for a call that changes something. Raises OutcomeUnknown when it must not be repeated."""
    try:
        return one(body)
    except Unexpected as error:
        raise unless_repeatable(endpoint, error) from None


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
