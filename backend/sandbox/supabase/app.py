"""The API under /rest/v1: keys, tables, the root's description."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.kit.app import Sandbox

from .data import CLOSED_TO_ANON, COLUMNS, KEYS, MAX_ROWS, SCHEMAS, Exact, Row, tables
from .errors import Refused, no_column, unreadable
from .evaluate import fits
from .grammar import Test, Tree, read_plain, read_tree

OWN_PARAMETERS = frozenset({"select", "order", "limit", "offset", "and", "or"})


Tables = Callable[[], dict[str, list[Row]]]


def build(first: Tables = tables) -> Sandbox:
    """The emulator with its first data."""
    api = Api(first)
    sandbox = Sandbox("supabase", api.reset)
    sandbox.app.add_routes(
        [
            web.get("/rest/v1/", api.describe),
            web.route("*", "/rest/v1/{table}", api.table),
            web.route("*", "/rest/v1/rpc/{function}", api.function),
        ]
    )
    return sandbox


class Api:
    """The handlers. They read the tables."""

    def __init__(self, first: Tables) -> None:
        self._first = first
        self.reset()

    def reset(self) -> None:
        """Restore the first data."""
        self.tables = self._first()

    async def describe(self, request: web.Request) -> web.Response:
        """OpenAPI 2 of the tables that the key may see. Since 2026 only for secret keys."""
        try:
            role = _role(request)
            if role == "anon":
                raise Refused(403, "42501", "permission denied for the description of the schema")
        except Refused as refused:
            return _refusal(refused)
        definitions = {
            name: {"type": "object", "required": ["id"], "properties": _properties(kinds)}
            for name, kinds in COLUMNS.items()
            if "." not in name
        }
        return web.json_response({"swagger": "2.0", "definitions": definitions})

    async def function(self, _request: web.Request) -> web.Response:
        """Functions exist, but a reader must not call them."""
        return web.json_response({"called": True})

    async def table(self, request: web.Request) -> web.Response:
        """GET and HEAD of a table; anything else would write."""
        try:
            if request.method not in ("GET", "HEAD"):
                raise Refused(405, "25006", "cannot execute in a read-only transaction")
            return self._read(request)
        except Refused as refused:
            return _refusal(refused)

    def _read(self, request: web.Request) -> web.Response:
        role = _role(request)
        name = self._name(request)
        if role == "anon" and name in CLOSED_TO_ANON:
            raise Refused(401, "42501", f"permission denied for table {name}")
        kinds = COLUMNS[name]
        found = self._filtered(request, name)
        total = len(found) if "count=exact" in request.headers.get("Prefer", "") else None
        ordered = _ordered(found, request.query.get("order", ""), kinds, name)
        return _page(request, ordered, _columns(request, kinds, name), total)

    def _name(self, request: web.Request) -> str:
        schema, table = request.headers.get("Accept-Profile", "public"), request.match_info["table"]
        if schema not in SCHEMAS:
            raise Refused(406, "PGRST106", f"Invalid schema: {schema}")
        name = table if schema == "public" else f"{schema}.{table}"
        if name not in self.tables:
            raise Refused(404, "PGRST205", f"Could not find the table '{schema}.{table}' in the schema cache")
        return name

    def _filtered(self, request: web.Request, name: str) -> list[Row]:
        parts: list[Tree | Test] = []
        for key, text in request.query.items():
            if key in ("and", "or"):
                parts.append(read_tree(key, text))
            elif key not in OWN_PARAMETERS:
                parts.append(read_plain(key, text))
        whole = Tree("and", tuple(parts))
        return [row for row in self.tables[name] if fits(whole, row, COLUMNS[name], name) is True]


def _role(request: web.Request) -> str:
    key = request.headers.get("apikey", "")
    if not key:
        raise Refused(401, None, "No API key found in request")
    if key not in KEYS:
        raise Refused(401, None, "Invalid API key")
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if bearer and bearer != key:
        raise Refused(401, "PGRST301", "JWSError JWSInvalidSignature")
    return KEYS[key]


def _refusal(refused: Refused) -> web.Response:
    return web.json_response(refused.body, status=refused.status)


def _properties(kinds: dict[str, str]) -> dict[str, Any]:
    return {name: {"format": kind, "type": "string" if kind == "text" else "number"} for name, kind in kinds.items()}


def _columns(request: web.Request, kinds: dict[str, str], table: str) -> list[str]:
    columns = request.query.get("select", "*")
    if columns == "*":
        return list(kinds)
    names = [name.strip('"') for name in columns.split(",")]
    for name in names:
        if any(sign in name for sign in "():!>*"):
            raise unreadable(f"select parameter ({columns})")
        if name not in kinds:
            raise no_column(table, name)
    return names


def _ordered(rows: list[Row], order: str, kinds: dict[str, str], table: str) -> list[Row]:
    for term in reversed(order.split(",") if order else []):
        name, *more = [part.strip('"') for part in term.split(".")]
        if name not in kinds:
            raise no_column(table, name)
        down = "desc" in more
        nulls_first = "nullsfirst" in more or (down and "nullslast" not in more)
        known = sorted((row for row in rows if row[name] is not None), key=lambda row: row[name], reverse=down)
        unknown = [row for row in rows if row[name] is None]
        rows = unknown + known if nulls_first else known + unknown
    return rows


def _page(request: web.Request, rows: list[Row], columns: list[str], total: int | None) -> web.Response:
    offset = int(request.query.get("offset", "0"))
    limit = min(int(request.query.get("limit", MAX_ROWS)), MAX_ROWS)
    if total is not None and offset > total:
        raise Refused(416, "PGRST103", "Requested range not satisfiable", f"An offset of {offset} was requested")
    page = rows[offset : offset + limit]
    span = f"{offset}-{offset + len(page) - 1}" if page else "*"
    status = 206 if total is not None and len(page) < total else 200
    body = f"[{','.join(_to_json(row, columns) for row in page)}]"
    headers = {"Content-Range": f"{span}/{'*' if total is None else total}"}
    return web.Response(text=body, status=status, headers=headers, content_type="application/json")


def _to_json(row: Row, columns: list[str]) -> str:
    """A row as JSON. Exact numbers keep their digits."""
    values = {name: row[name].digits if isinstance(row[name], Exact) else json.dumps(row[name]) for name in columns}
    return f"{{{','.join(f'{json.dumps(name)}:{value}' for name, value in values.items())}}}"
