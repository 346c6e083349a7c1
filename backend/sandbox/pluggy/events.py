"""Webhook events: builds their payloads as Pluggy does, and gives them to the dispatcher."""

from collections.abc import Sequence

from .model import Account, Item
from .wire import Doc
from .world import World

MOST_IDS = 400
NO_TRIGGER = {"item/deleted", "connector/status_updated", "transactions/deleted"}

KINDS = (
    "all", "item/created", "item/updated", "item/error", "item/deleted", "item/waiting_user_input",
    "item/waiting_user_action", "item/login_succeeded", "connector/status_updated", "transactions/created",
    "transactions/updated", "transactions/deleted", "payment_intent/created", "payment_intent/completed",
    "payment_intent/waiting_payer_authorization", "payment_intent/error", "payment_request/updated",
    "scheduled_payment/created", "scheduled_payment/completed", "scheduled_payment/error",
    "scheduled_payment/canceled", "scheduled_payment/all_completed", "scheduled_payment/all_created",
    "boleto/updated", "automatic_pix_payment/created", "automatic_pix_payment/completed",
    "automatic_pix_payment/error", "automatic_pix_payment/canceled", "smart_transfer_preauthorization/completed",
    "smart_transfer_preauthorization/error", "smart_transfer_payment/completed", "smart_transfer_payment/error",
)  # fmt: skip


def item_event(world: World, item: Item, kind: str) -> None:
    """item/created, updated, error, deleted, waiting_user_input, waiting_user_action, login_succeeded."""
    more: Doc = {"error": _error_of(item)} if kind == "item/error" else {}
    _send(world, item, kind, item.id, more)


def _error_of(item: Item) -> Doc:
    error = item.error or {}
    found = {"code": error.get("code", item.execution_status), "message": error.get("message", "")}
    if found["code"] == "INVALID_CREDENTIALS":
        found["parameter"] = "password"
    return found


def transactions_created(world: World, item: Item, account: Account, docs: Sequence[tuple[str, str]]) -> None:
    """One event for an account. `docs`: (date, createdAt) of each new row."""
    if not docs:
        return
    since = min(created for _, created in docs)
    query = f"?accountId={account.id}&createdAtFrom={since}"
    more: Doc = {
        "accountId": account.id,
        "transactionsCount": len(docs),
        "transactionsMinDate": min(date for date, _ in docs),
        "transactionsCreatedAtFrom": since,
        "createdTransactionsLink": f"{world.base_url}/transactions{query}",
        "createdTransactionsLinkV2": f"{world.base_url}/v2/transactions{query}",
    }
    _send(world, item, "transactions/created", account.id, more)


def transactions_changed(world: World, item: Item, account: Account, kind: str, ids: Sequence[str]) -> None:
    """transactions/updated or /deleted, in batches of at most 400 ids."""
    for start in range(0, len(ids), MOST_IDS):
        more: Doc = {"accountId": account.id, "transactionIds": list(ids[start : start + MOST_IDS])}
        _send(world, item, kind, account.id, more)


def connector_event(world: World, connector_id: int, status: str) -> None:
    """connector/status_updated, to the application's webhooks only."""
    payload: Doc = {"id": str(connector_id), "connectorId": connector_id, "data": {"status": status}}
    world.dispatcher.send("connector/status_updated", payload, None)


def _send(world: World, item: Item, kind: str, entity: str, more: Doc) -> None:
    payload: Doc = {"id": entity, "itemId": item.id, "clientId": world.options.client_id}
    payload["clientUserId"] = item.client_user_id
    if kind not in NO_TRIGGER:
        payload["triggeredBy"] = item.cause
    world.dispatcher.send(kind, payload | more, item.webhook_url)
