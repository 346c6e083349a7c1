"""Turn an error answer of Pluggy's into the error to raise, by the code table."""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.banking.aggregators.pluggy.classify import readable
from apps.banking.aggregators.pluggy.client.endpoints import AUTH, Endpoint
from apps.banking.aggregators.pluggy.codes import API_CODES, UNKNOWN
from apps.banking.aggregators.pluggy.errors import (
    ErrorDetails,
    FieldProblem,
    PluggyFailure,
    PluggyTemporary,
    PluggyUnexpected,
)
from apps.banking.aggregators.verdict import CodeRow
from lib.errors import ErrorType, Temporary
from lib.http import Answer
from plugfn.net.retry_after import CAP_SECONDS, retry_after

logger = logging.getLogger(__name__)

# The wait that Pluggy documents for an exceeded limit.
LIMIT_SECONDS = 60.0
# A wait in the body comes from the plan and lasts hours; a limit's wait lasts seconds.
BODY_CAP_SECONDS = 24 * 3600.0

_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def status_of(answer: Answer) -> int:
    """The status of the answer or, if an error came with status 200, the status in its body."""
    body = answer.body
    if answer.status < 400 and isinstance(body, dict) and "message" in body and "results" not in body:
        code = body.get("code")
        return code if isinstance(code, int) and 400 <= code < 600 else answer.status
    return answer.status


def is_stale_key(answer: Answer) -> bool:
    """Whether Pluggy refused the key as missing or expired. A refusal with a `codeDescription` has another cause.

    An answer that is not JSON does not come from Pluggy but from a proxy, which a new key would not satisfy.
    """
    return answer.json and status_of(answer) in (401, 403) and not _text(_body(answer), "codeDescription")


def failure(endpoint: Endpoint, answer: Answer, *, now: datetime | None = None) -> PluggyFailure:
    """The error for a failed call. An unknown code is logged as an error and retried."""
    now = now or datetime.now(UTC)
    body, status = _body(answer), status_of(answer)
    row, code = _row(endpoint, body, status)
    if row is UNKNOWN:
        logger.error("Pluggy sent an unknown code: %s (HTTP %s) from %s", code, status, endpoint.name)
    details = _details(body, status, now)
    reference = f" [{details.error_id}]" if details.error_id else ""
    message = f"{endpoint.name}: {row.reason} (HTTP {status}){reference}"
    return _build(row, status, message, code, _wait(row, answer, details, now)).with_context(row.action, details)


def _row(endpoint: Endpoint, body: Mapping[str, Any], status: int) -> tuple[CodeRow, str]:
    code = readable(body.get("codeDescription"))
    if not code and endpoint is AUTH and status in (401, 403):
        code = "CLIENT_KEYS_UNAUTHORIZED"
    if not code and _text(body, "message").strip().casefold() == "invalid cursor":
        code = "INVALID_CURSOR"
    if not code and "meupluggy" in _text(body, "message").casefold():
        code = "MEU_PLUGGY_ITEM"
    if not code and _item_ids(body):
        # The documented example of this error has no codeDescription, and no other error has items.
        code = "ITEM_USER_ALREADY_EXISTS"
    if not code and status < 500 and status not in (401, 403, 429) and not isinstance(body.get("message"), str):
        # This is not Pluggy's form, so a proxy sent it. Its 404 does not mean that an item is gone.
        return UNKNOWN, f"HTTP_{status}"
    code = code or f"HTTP_{status}"
    return API_CODES.get(code, UNKNOWN), code


def _build(row: CodeRow, status: int, message: str, code: str, wait: float | None) -> PluggyFailure:
    if row is UNKNOWN and status == 429:
        return PluggyTemporary(message, error_type=ErrorType.RATE_LIMIT_EXCEEDED, code=code, retry_after=wait)
    if row is UNKNOWN and status >= 500:
        return PluggyTemporary(message, error_type=ErrorType.INTERNAL_ERROR, code=code, retry_after=wait)
    error = row.error or PluggyUnexpected
    arguments = {"retry_after": wait} if issubclass(error, Temporary) else {}
    result = error(message, error_type=row.error_type, code=code, **arguments)
    assert isinstance(result, PluggyFailure)  # noqa: S101 - a test checks every row
    return result


def _wait(row: CodeRow, answer: Answer, details: ErrorDetails, now: datetime) -> float | None:
    """Seconds to wait: a plan's date in the body, or else the header, or else the documented minute of a limit."""
    if details.retry_at and row.error_type is ErrorType.RATE_LIMIT_EXCEEDED:
        return min(max((details.retry_at - now).total_seconds(), 0.0), BODY_CAP_SECONDS)
    for header in ("Retry-After", "RateLimit-Reset"):
        wait = retry_after(answer.headers.get(header), now=now, cap=CAP_SECONDS)
        if wait is not None and (header == "Retry-After" or status_of(answer) == 429):
            return wait
    return LIMIT_SECONDS if status_of(answer) == 429 else None


def _details(body: Mapping[str, Any], status: int, now: datetime) -> ErrorDetails:
    content = body.get("data")
    data: Mapping[str, Any] = content if isinstance(content, dict) else {}
    error_id = _text(body, "errorId")
    return ErrorDetails(
        status=status,
        message=_text(body, "message"),
        error_id=error_id if _REFERENCE.fullmatch(error_id) else "",
        item_ids=_item_ids(body),
        fields=_fields(body),
        parameter=_text(data, "parameter"),
        retry_at=_retry_at(data, now),
    )


def _fields(body: Mapping[str, Any]) -> tuple[FieldProblem, ...]:
    problems = body.get("details") or body.get("errors")
    rows = [row for row in problems if isinstance(row, dict)] if isinstance(problems, list) else []
    return tuple(FieldProblem(_text(row, "parameter"), _text(row, "code"), _text(row, "message")) for row in rows)


def _item_ids(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of ITEM_USER_ALREADY_EXISTS, from each place where Pluggy puts them."""
    data = body.get("data")
    ids = [*_ids(body.get("items")), *_ids(data)]
    if isinstance(data, dict):
        ids += [entry for name in ("items", "itemIds", "ids") for entry in _ids(data.get(name))]
        ids += [entry for name in ("itemId", "id") for entry in _ids([data.get(name)])]
    return tuple(dict.fromkeys(ids))


def _ids(value: Any) -> list[str]:
    """The ids in a list of ids, or of objects with an `id` or `itemId`."""
    if not isinstance(value, list):
        return []
    entries = [entry.get("id") or entry.get("itemId") if isinstance(entry, dict) else entry for entry in value]
    return [entry for entry in entries if isinstance(entry, str) and _REFERENCE.fullmatch(entry)]


def _retry_at(data: Mapping[str, Any], now: datetime) -> datetime | None:
    """`canRetryAfterDate`, or else the last update plus the plan's minimum hours between two updates."""
    if moment := _moment(data.get("canRetryAfterDate")):
        return moment
    hours, last = data.get("minUpdateFrequencyAllowedInHours"), _moment(data.get("lastUpdatedAt"))
    if isinstance(hours, bool) or hours is None or not str(hours).replace(".", "", 1).isdigit():
        return None
    return (last or now) + timedelta(hours=min(float(hours), 24 * 365))


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def _body(answer: Answer) -> Mapping[str, Any]:
    return answer.body if isinstance(answer.body, dict) else {}


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
