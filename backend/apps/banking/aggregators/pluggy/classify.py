"""The verdict on an item: `status` says how its last run ended, the code says why, `parameter` what the bank asks."""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.banking.aggregators.pluggy.codes import ITEM_CODES
from apps.banking.aggregators.pluggy.links import safe_link
from apps.banking.aggregators.verdict import Action, Health, Verdict
from lib.errors import ErrorType

logger = logging.getLogger(__name__)

WAITING = frozenset({"WAITING_USER_INPUT", "WAITING_USER_ACTION"})
RUNNING = frozenset({"UPDATING", "MERGING", "CREATED"})
KNOWN = WAITING | RUNNING | {"UPDATED", "LOGIN_ERROR", "OUTDATED"}

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)


def classify_item(item: Mapping[str, Any]) -> Verdict:
    """The verdict on an Item. It logs an error for a code or status that is not in the tables, and never raises.

    A waiting or running `status` overrides the code, which may belong to the previous run. LOGIN_ERROR needs the user
    whatever the code, because Pluggy does not sync until the user returns; only USER_NOT_SUPPORTED is permanent.
    """
    status, code = readable(item.get("status")), _code_of(item)
    if status not in KNOWN:
        _alert("item.status", status)
        return Verdict(Health.UNKNOWN, code=status, error_type=ErrorType.UNKNOWN_ERROR, reason="an unknown status")
    if status in WAITING:
        return _waiting(item, status)
    row = ITEM_CODES.get(code)
    if row is None:
        _alert("item.executionStatus", code)
    if status in RUNNING:
        return _by_row(code) if row and row.health is Health.IN_PROGRESS else _running()
    return {"UPDATED": _updated, "LOGIN_ERROR": _login_error, "OUTDATED": _outdated}[status](item, code)


def readable(code: Any) -> str:
    """A code that is safe in a log, a metric's label or a column: UNREADABLE for a wrong form, "" without a code."""
    if code is None or code == "":
        return ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "UNREADABLE"


def _code_of(item: Mapping[str, Any]) -> str:
    """`error.code` if the item has one (it is more exact), or else `executionStatus`."""
    execution, error = readable(item.get("executionStatus")), item.get("error")
    error_code = readable(error.get("code")) if isinstance(error, Mapping) else ""
    succeeded = execution in ("SUCCESS", "PARTIAL_SUCCESS")
    return error_code if error_code in ITEM_CODES and not succeeded else execution or error_code


def _waiting(item: Mapping[str, Any], status: str) -> Verdict:
    """The bank waits for a code, or with the address of a page of its own for the person's permission there."""
    verdict, parameter = _by_row(status), item.get("parameter")
    if isinstance(parameter, Mapping) and safe_link(parameter.get("data")):
        return replace(verdict, action=Action.AUTHORIZE_AT_BANK)
    return verdict


def _updated(item: Mapping[str, Any], code: str) -> Verdict:
    row = ITEM_CODES.get(code)
    if row and (row.health in (Health.OK, Health.PARTIAL) or row.action is Action.AWAIT_APPROVAL):
        return _by_row(code)
    # There is data, but Pluggy does not say that it is complete.
    error_type = (row and row.error_type) or ErrorType.UNKNOWN_ERROR
    return Verdict(Health.PARTIAL, code=code, error_type=error_type, reason="Pluggy does not say how the run ended")


def _login_error(item: Mapping[str, Any], code: str) -> Verdict:
    row = ITEM_CODES.get(code)
    if row and row.health in (Health.NEEDS_USER, Health.PERMANENT) and code not in WAITING:
        return _by_row(code)
    reason = row.reason if row and row.error else "the login failed"
    return Verdict(Health.NEEDS_USER, Action.RECONNECT, code, ErrorType.AUTHENTICATION_ERROR, reason)


def _outdated(item: Mapping[str, Any], code: str) -> Verdict:
    row = ITEM_CODES.get(code)
    if row and (row.error or row.health is Health.PARTIAL or row.action is Action.AWAIT_APPROVAL):
        return _by_row(code)
    return Verdict(Health.TEMPORARY, Action.WAIT, code, ErrorType.INSTITUTION_ERROR, "the last run failed")


def _running() -> Verdict:
    return Verdict(Health.IN_PROGRESS, reason="a run is in progress")


def _by_row(code: str) -> Verdict:
    row = ITEM_CODES[code]
    return Verdict(row.health or Health.UNKNOWN, row.action, row.code, row.error_type, row.reason)


def _alert(field: str, code: str) -> None:
    logger.error("Pluggy sent an unknown %s: %s", field, code or "(none)")
