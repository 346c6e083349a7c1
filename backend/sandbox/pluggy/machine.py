"""The execution of an item: from CREATED through login and second factors to SUCCESS, with pauses."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from . import clock, collect, events, second_factor
from .evolve import day_at_the_bank
from .model import Item
from .second_factor import LoginFailed
from .users import MESSAGES
from .wire import Doc
from .world import World

log = logging.getLogger(__name__)
STEP = 0.5
LOGIN = 1.0
PENDING_APPROVAL = 6.0
ORDER = (
    ("accounts", "ACCOUNTS", "ACCOUNTS_IN_PROGRESS"),
    ("creditCards", "CREDIT_CARDS", "CREDITCARDS_IN_PROGRESS"),
    ("transactions", "TRANSACTIONS", "TRANSACTIONS_IN_PROGRESS"),
    ("paymentData", "PAYMENT_DATA", "PAYMENT_DATA_IN_PROGRESS"),
    ("investments", "INVESTMENTS", "INVESTMENTS_IN_PROGRESS"),
    ("investmentsTransactions", "INVESTMENTS_TRANSACTIONS", "INVESTMENTS_TRANSACTIONS_IN_PROGRESS"),
    ("identity", "IDENTITY", "IDENTITY_IN_PROGRESS"),
    ("loans", "LOANS", "LOANS_IN_PROGRESS"),
)
COLLECTORS: dict[str, Callable[[World, Item], None]] = {
    "accounts": collect.accounts,
    "creditCards": collect.cards,
    "investments": collect.investments,
    "identity": collect.identity,
    "loans": collect.loans,
}


def start(world: World, item: Item, cause: str, plan: Doc | None = None) -> None:
    """Begin an execution in the background. `plan` is its day at the bank (see evolve)."""
    item.cause = cause
    item.status, item.execution_status = "UPDATING", "CREATED" if item.runs == 0 else "LOGIN_IN_PROGRESS"
    item.error = item.parameter = item.user_action = None
    item.next_auto_sync_at = None
    item.touch()
    if item.alarm:
        item.alarm.cancel()
    item.task = asyncio.get_running_loop().create_task(_guarded(world, item, plan or {}))


async def _guarded(world: World, item: Item, plan: Doc) -> None:
    try:
        await _execute(world, item, plan)
    except Exception:
        log.exception("the emulator itself failed in the execution of item %s", item.id)
        fail(world, item, "UNEXPECTED_ERROR")


async def _execute(world: World, item: Item, plan: Doc) -> None:
    try:
        await _log_in(world, item)
    except LoginFailed as failure:
        fail(world, item, failure.code, failure.provider_message)
        return
    events.item_event(world, item, "item/login_succeeded")
    partial = tuple(plan.get("partial") or item.scenario.partial)
    item.fresh = []
    for product, _, progress in wanted(item):
        _progress(item, progress)
        await world.clock.pause(STEP)
        if product not in partial:
            await _gather(world, item, product)
    finish(world, item, partial, plan)


async def _gather(world: World, item: Item, product: str) -> None:
    if product == "transactions":
        item.fresh = await collect.transactions(world, item)
    elif product in COLLECTORS and product not in item.collected:
        COLLECTORS[product](world, item)
    item.collected.add(product)


def wanted(item: Item) -> list[tuple[str, str, str]]:
    """(statusDetail key, product, executionStatus) of each product that this item collects."""
    return [line for line in ORDER if line[1] in item.products]


async def _log_in(world: World, item: Item) -> None:
    await world.clock.pause(STEP)
    _progress(item, "LOGIN_IN_PROGRESS")
    await world.clock.pause(LOGIN)
    if item.connector["oauth"]:
        await second_factor.authorise(world, item)
    if item.scenario.pending and item.runs == 0:
        await _wait_for_others(world, item)
    if item.scenario.error:
        raise LoginFailed(item.scenario.error, item.scenario.provider_message)
    await second_factor.ask(world, item)


async def _wait_for_others(world: World, item: Item) -> None:
    item.error = _error("USER_AUTHORIZATION_PENDING", "")
    _progress(item, "USER_AUTHORIZATION_PENDING")
    events.item_event(world, item, "item/error")
    await world.clock.pause(PENDING_APPROVAL)
    item.error = None


def _progress(item: Item, execution_status: str) -> None:
    item.execution_status = execution_status
    item.status = "UPDATING"
    item.touch()


def _error(code: str, provider_message: str) -> Doc:
    more: Doc = {"providerMessage": provider_message} if provider_message else {}
    return {"code": code, "message": MESSAGES.get(code, code), **more, "attributes": {}}


def fail(world: World, item: Item, code: str, provider_message: str = "") -> None:
    """End an execution with an error: status by the code, counters, item/error."""
    from_login = second_factor.is_login_error(code)
    item.status = "LOGIN_ERROR" if from_login else "OUTDATED"
    item.execution_status, item.error = code, _error(code, provider_message)
    item.parameter = item.user_action = None
    item.failed_runs += 1
    item.failed_logins = item.failed_logins + 1 if from_login else item.failed_logins
    item.last_ended_at = clock.iso(clock.now())
    item.touch()
    events.item_event(world, item, "item/error")
    schedule(world, item)


def finish(world: World, item: Item, partial: tuple[str, ...], plan: Doc) -> None:
    """End an execution with success: changes of the day at the bank, statusDetail, events, the next automatic sync."""
    first = item.runs == 0
    if not item.consented:
        collect.consent(item)
    settle(item, partial)
    if not plan.get("silent"):
        _announce_fresh(world, item)
    if not first:
        day_at_the_bank(world, item, plan)
    if not plan.get("silent"):
        events.item_event(world, item, "item/created" if first else "item/updated")
    schedule(world, item)


def _announce_fresh(world: World, item: Item) -> None:
    for account in item.fresh:
        rows = [(row.date, row.created_at) for row in account.ledger.rows.values()]
        events.transactions_created(world, item, account, rows)


def settle(item: Item, partial: tuple[str, ...] = ()) -> None:
    """Mark the execution as ended with data: statusDetail is null after a clean SUCCESS."""
    moment = clock.iso(clock.now())
    detail = _detail(item, partial, moment) if partial or item.scenario.warning else None
    item.status = "UPDATED"
    item.execution_status = "PARTIAL_SUCCESS" if partial else "SUCCESS"
    item.status_detail = detail
    item.error = item.parameter = item.user_action = None
    item.last_updated_at = item.last_ended_at = moment
    item.failed_logins = item.failed_runs = 0
    item.runs += 1
    item.touch()


def _detail(item: Item, partial: tuple[str, ...], moment: str) -> Doc:
    keys = [key for key, _, _ in ORDER] + ["accountStatements"]
    collected = {key for key, _, _ in wanted(item)}
    found: Doc = dict.fromkeys(keys)
    for key in collected:
        failed = key in partial
        warnings = [_warning(key)] if failed or (item.scenario.warning and key == "accounts") else []
        stamp = item.last_updated_at if failed else moment
        found[key] = {"isUpdated": not failed, "lastUpdatedAt": stamp, "warnings": warnings}
    return found


def _warning(key: str) -> Doc:
    return {
        "code": "001",
        "message": f"The user has no permission for {key}",
        "providerMessage": "Libere o acesso no aplicativo do banco.",
    }


def schedule(world: World, item: Item) -> None:
    """Set the next automatic sync, unless the item's state or kind forbids it."""
    item.next_auto_sync_at = None
    if item.alarm:
        item.alarm.cancel()
    hours = world.options.auto_sync_hours
    if not hours or not item.auto_sync or item.status == "LOGIN_ERROR" or second_factor.needs_factor(item):
        return
    item.next_auto_sync_at = clock.iso(clock.now() + timedelta(hours=hours))
    item.alarm = asyncio.get_running_loop().call_later(hours * 3600, _auto_sync, world, item)


def _auto_sync(world: World, item: Item) -> None:
    expired = item.connector["isOpenFinance"] and not item.consent_valid
    if item.id in world.items and not item.running and not expired:
        start(world, item, "SYNC", {"new": world.switches.auto_sync_rows, "post_pending": True})


def stop(item: Item) -> None:
    """Cancel everything under way for this item."""
    if item.task:
        item.task.cancel()
    if item.alarm:
        item.alarm.cancel()
