"""The project: its keys, its tables, and the roles that may read them."""

import json
from base64 import urlsafe_b64encode
from typing import Any

from sandbox import keys

Row = dict[str, Any]


def _jwt(role: str) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": "supabase", "ref": "sandbox", "role": role, "exp": 4102444800})
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2FuZGJveC1zaWduYXR1cmU"])


KEYS = {
    keys.SUPABASE_KEY: "anon",
    keys.SUPABASE_SECRET_KEY: "service_role",
    _jwt("anon"): "anon",
    _jwt("service_role"): "service_role",
}
"""Key → role. The older two are JWTs."""

MAX_ROWS = 1000
"""The project's setting "Max rows": no answer has more."""

COLUMNS = {
    "vendas": {"id": "bigint", "cliente": "text", "total": "numeric", "paga": "boolean", "criada": "timestamptz"},
    "segredos": {"id": "integer", "senha": "text"},
    "muitas": {"id": "integer", "texto": "text"},
    "crm.clientes": {"id": "integer", "nome": "text"},
}
CLOSED_TO_ANON = frozenset({"segredos"})
SCHEMAS = ("public", "crm")


class Exact(float):
    """A number that keeps its digits: 10.50."""

    digits: str

    def __new__(cls, digits: str) -> "Exact":
        made = super().__new__(cls, digits)
        made.digits = digits
        return made


def tables() -> dict[str, list[Row]]:
    """The rows of every table. A name outside the schema public starts with its schema."""
    sales: list[tuple[Any, ...]] = [
        (1, "Ana", Exact("10.50"), True, "2026-01-02T06:04:05+00:00"),
        (2, "a,b (c)", Exact("99999999.99"), False, "2026-02-03T00:00:00+00:00"),
        (3, 'O\'Neil "x" \\ 100%', Exact("0.10"), None, None),
        (4, None, None, True, None),
        (5, "null", Exact("1.00"), True, None),
        (6, "and(id.eq.1)", Exact("2.00"), False, None),
    ]
    return {
        "vendas": [dict(zip(COLUMNS["vendas"], sale, strict=True)) for sale in sales],
        "segredos": [{"id": 1, "senha": "nobody may read this"}],
        "muitas": [{"id": number, "texto": "x" * 20} for number in range(1, 2501)],
        "crm.clientes": [{"id": 1, "nome": "Ana"}, {"id": 2, "nome": "Bia"}],
    }
