"""Runs one call of a tool: scope, arguments, the client's rows, the log. MCP and LangChain both come here."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.agents.caller import Caller
from apps.agents.catalog import Catalog
from apps.agents.contract import Answer, Tool
from apps.agents.failures import Failure, failure_of
from apps.agents.models import Call
from apps.agents.text import as_json, text_of
from lib.row_security import client_rows, for_client

# Milliseconds of one statement. The thread of a call whose caller has given up ends then.
LONGEST_STATEMENT = 15_000
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Result:
    """The text that the agent gets. `failure` is None unless the call failed."""

    text: str
    failure: Failure | None = None


def call(catalog: Catalog, caller: Caller, name: str, arguments: Mapping[str, Any] | None) -> Result:
    """The result of one call, which is in the log then. Every error is a Failure."""
    began, used = time.monotonic(), UNKNOWN
    try:
        tool = catalog.find(caller, name)
        used = tool.name
        with caller.preferences():
            answer = _run(tool, caller, arguments or {})
            result, rows = Result(text_of(answer)), answer.rows
    except Exception as error:  # noqa: BLE001 - the agent gets every error as an answer, and the log has it
        failure = failure_of(error)
        result, rows = Result(as_json(failure.content), failure), 0
    _note(caller, used, result, rows, time.monotonic() - began)
    return result


def _run(tool: Tool, caller: Caller, arguments: Mapping[str, Any]) -> Answer:
    asked = tool.parse(arguments)
    if tool.calls_out:
        # Another server must not be called inside a transaction, so the tool opens its own.
        with for_client(caller.client.pk):
            return tool.run(caller, asked)
    is_inner = connection.in_atomic_block
    with client_rows(caller.client.pk):
        if not is_inner:
            _limit_statements()
        return tool.run(caller, asked)


def _limit_statements() -> None:
    """Until the end of the transaction, which must be our own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(LONGEST_STATEMENT)])


def _note(caller: Caller, tool: str, result: Result, rows: int, seconds: float) -> None:
    token = caller.access.token
    with client_rows(caller.client.pk):
        Call.objects.create(
            client=caller.client,
            user=caller.access.user,
            token=token.pk if token else None,
            grant=caller.grant.pk if caller.grant else None,
            name=caller.name[:80],
            tool=tool[:64],
            outcome=result.failure.code[:40] if result.failure else "",
            rows=rows,
            milliseconds=round(seconds * 1000),
        )
