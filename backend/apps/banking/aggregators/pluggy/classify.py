"""How an item fares, read from both of its fields: `status` says where it stands, the code says why."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from apps.banking.aggregators.pluggy.codes import ITEM_CODES
from apps.banking.aggregators.verdict import Action, Health, Verdict
from lib.errors import ErrorType

logger = logging.getLogger(__name__)

WAITING = frozenset({"WAITING_USER_INPUT", "WAITING_USER_ACTION"})
RUNNING = frozenset({"UPDATING", "MERGING", "CREATED"})
KNOWN = WAITING | RUNNING | {"UPDATED", "LOGIN_ERROR", "OUTDATED"}

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)


def classify_item(item: Mapping[str, Any]) -> Verdict:
    """The verdict on an Item. A code or status that is not in the tables is logged as an error, and never fatal.

    A waiting or running `status` counts before any code, which may be of the run before. LOGIN_ERROR always needs the
    person, whatever the code, because Pluggy syncs no more until they return; only USER_NOT_SUPPORTED is beyond them.
    """
    status, code = readable(item.get("status")), _code_of(item)
    if status not in KNOWN:
        _alert("item.status", status)
        return Verdict(Health.UNKNOWN, code=status, error_type=ErrorType.UNKNOWN_ERROR, reason="an unknown status")
    if status in WAITING:
        return _by_row(status)
    row = ITEM_CODES.get(code)
    if row is None:
        _alert("item.executionStatus", code)
    if status in RUNNING:
        return _by_row(code) if row and row.health is Health.IN_PROGRESS else _running()
    return {"UPDATED": _updated, "LOGIN_ERROR": _login_error, "OUTDATED": _outdated}[status](item, code)


def readable(code: Any) -> str:
    """A code fit for a log, a metric's label or a column: one of Pluggy's form, or UNREADABLE; "" for none."""
    if code is None or code == "":
        return ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "UNREADABLE"


def _code_of(item: Mapping[str, Any]) -> str:
    """`error.code` where there is one (it is the more exact), else `executionStatus`."""
    execution, error = readable(item.get("executionStatus")), item.get("error")
    told = readable(error.get("code")) if isinstance(error, Mapping) else ""
    succeeded = execution in ("SUCCESS", "PARTIAL_SUCCESS")
    return told if told in ITEM_CODES and not succeeded else execution or told


def _updated(item: Mapping[str, Any], code: str) -> Verdict:
    row = ITEM_CODES.get(code)
    if row and (row.health in (Health.OK, Health.PARTIAL) or row.action is Action.AWAIT_APPROVAL):
        return _by_row(code)
    # There are data, and nothing says that all of it is there.
    error_type = (row and row.error_type) or ErrorType.UNKNOWN_ERROR
    return Verdict(Health.PARTIAL, code=code, error_type=error_type, reason="it ended in an unclear way")


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
    return Verdict(Health.IN_PROGRESS, reason="a run is under way")


def _by_row(code: str) -> Verdict:
    row = ITEM_CODES[code]
    return Verdict(row.health or Health.UNKNOWN, row.action, row.code, row.error_type, row.reason)


def _alert(field: str, code: str) -> None:
    logger.error("Pluggy sent an unknown %s: %s", field, code or "(none)")
