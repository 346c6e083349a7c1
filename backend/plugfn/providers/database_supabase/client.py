"""Reads tables through PostgREST, only by GET, which runs in a READ ONLY transaction; never functions (/rpc)."""

import json
import re
from collections.abc import Mapping
from typing import Any

from plugfn.database.names import TableRef
from plugfn.database.rows import MOST_BYTES, count_that_fit, replace_lone_surrogates
from plugfn.definition import Call
from plugfn.errors import InvalidCall, Unexpected
from plugfn.net.answer import Answer
from plugfn.net.vendor import quoted
from plugfn.providers.database_supabase.credentials import SupabaseAccess

ROOT = "/rest/v1/"
LONGEST_INT = 400
_TOTAL = re.compile(r"(?:\d+-\d+|\*)/(\d{1,18})", re.ASCII)


async def get_table(
    call: Call[SupabaseAccess], table: TableRef, parameters: Mapping[str, str], *, count: bool = False
) -> Answer:
    """PostgREST's answer for a table. Raises the errors of the error table."""
    schema = table.schema.encode().decode("latin-1")  # PostgREST reads header bytes as UTF-8
    headers = {"Accept-Profile": schema, "Accept": "application/json"}
    if count:
        headers["Prefer"] = "count=exact"
    try:
        return await call.http.get(ROOT + quoted(table.table), params=parameters, headers=headers)
    except Unexpected as error:
        if error.code != "too_big":
            raise
        raise InvalidCall("the answer is too big: select fewer rows or columns", code="too_big") from None


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """The rows of an answer; numbers with a decimal point become strings of their digits. Raises Unexpected."""
    try:
        rows = replace_lone_surrogates(json.loads(answer.body, parse_float=str, parse_int=_whole, parse_constant=str))
    except (ValueError, RecursionError):
        raise Unexpected("the answer is not JSON", code="not_json") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unexpected("the answer is not a list of rows", code="wrong_shape")
    return rows


def total_of(answer: Answer) -> int | None:
    """The total number of rows, from Content-Range: `0-24/100`, `*/0`."""
    match = _TOTAL.fullmatch(answer.headers.get("content-range", ""))
    return int(match[1]) if match else None


def rows_that_fit(rows: list[dict[str, Any]], most_bytes: int = MOST_BYTES) -> list[dict[str, Any]]:
    """The first rows that fit into `most_bytes` together. Raises InvalidCall if not even the first fits."""
    sizes = (len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")) for row in rows)
    fit = rows[: count_that_fit(sizes, most_bytes)]
    if rows and not fit:
        raise InvalidCall(f"a row is bigger than {most_bytes} bytes: select fewer columns", code="row_too_big")
    return fit


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < LONGEST_INT else digits
