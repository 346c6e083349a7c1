"""What a user enters to connect a Supabase project, and which kind of key it is."""

import json
import re
from base64 import urlsafe_b64decode
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from plugfn.database.access import DatabaseAccess
from plugfn.errors import InvalidParams
from plugfn.net.ranges import effective, is_public
from plugfn.net.url import read_url

Kind = Literal["publishable", "secret", "anon", "service_role", "other"]

_PREFIXES: dict[str, Kind] = {"sb_publishable_": "publishable", "sb_secret_": "secret"}
_KEY = re.compile(r"[A-Za-z0-9_.\-]{20,2000}", re.ASCII)


class SupabaseAccess(DatabaseAccess):
    """A project, a key, and the limits of the connection."""

    url: Annotated[str, Field(max_length=300)]
    """https://<ref>.supabase.co, or the URL of a self-hosted project."""
    key: SecretStr
    """Preferably a publishable key (sb_publishable_…), with a policy that lets it read the allowed tables. A secret key
    (sb_secret_…) bypasses row level security and sees everything. The older JWTs (anon, service_role) also work."""
    server_max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """The project's own setting "Max rows" (by default 1000), at which it silently cuts answers."""

    @field_validator("url")
    @classmethod
    def _plain_origin(cls, url: str) -> str:
        try:
            address = read_url(url)
        except InvalidParams as error:
            raise ValueError(error.problems[0].reason) from None
        if address.path not in ("", "/") or address.query:
            raise ValueError("must be the project's URL without a path")
        if address.scheme != "https" and not _is_private(address.host):
            raise ValueError("must begin with https://")
        return address.origin

    @field_validator("key")
    @classmethod
    def _readable_key(cls, key: SecretStr) -> SecretStr:
        if not _KEY.fullmatch(key.get_secret_value()):
            raise ValueError("is not a Supabase key: it has 20 to 2000 letters, digits, dots, hyphens and underscores")
        return key

    @property
    def kind(self) -> Kind:
        """Which kind of key it is. For a JWT this is its own claim, so it is only used for warnings."""
        key = self.key.get_secret_value()
        return next((kind for prefix, kind in _PREFIXES.items() if key.startswith(prefix)), _jwt_role(key))

    def headers(self) -> dict[str, str]:
        """The headers that authenticate a request: the key, and an older key also as a bearer token."""
        key = self.key.get_secret_value()
        bearer = {"Authorization": f"Bearer {key}"} if key.count(".") == 2 else {}
        return {"apikey": key} | bearer


def _is_private(host: str) -> bool:
    """Whether the host is private, so that an operator must allow it; names other than localhost count as public."""
    try:
        return not is_public(effective(ip_address(host)))
    except ValueError:
        return host == "localhost"


def _jwt_role(key: str) -> Kind:
    try:
        middle = key.split(".")[1]
        role = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4))).get("role")
    except (IndexError, ValueError, AttributeError):
        return "other"
    return role if role in ("anon", "service_role") else "other"
