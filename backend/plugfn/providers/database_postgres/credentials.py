"""What a user types to connect a PostgreSQL database."""

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, field_validator

from plugfn.database.access import DatabaseAccess
from plugfn.database.names import PlainText

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?|[0-9A-Fa-f:.]{2,45}")

Word = Annotated[PlainText, StringConstraints(min_length=1, max_length=63)]


class PostgresAccess(DatabaseAccess):
    """A database, a role that may only read, and the limits of the connection."""

    host: str
    """A host name or an address: not a path, not a list."""
    port: Annotated[int, Field(ge=1024, le=65535)] = 5432
    dbname: Word
    user: Word
    """Best a role of its own that may read the allowed tables and nothing else: see README.md."""
    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)]
    sslmode: Literal["verify-full", "require", "disable"] = "verify-full"
    """verify-full: encrypted, and the server proves its name. require: encrypted, to whoever answers. disable: only
    for private addresses that the operator allows."""
    root_certificate: Annotated[str, StringConstraints(max_length=100_000)] = ""
    """The PEM of the authority that signed the server's certificate, where that is not a public one."""
    allow_sql: bool = False
    """Whether SELECTs written by callers may run (the action query.sql). Only for a role that can read nothing else."""
    timeout: Annotated[int, Field(ge=1, le=15)] = 10
    """Seconds that a query may take."""

    @field_validator("host")
    @classmethod
    def _one_host(cls, host: str) -> str:
        if not _HOST.fullmatch(host):
            raise ValueError("must be one host name or address")
        return host

    @field_validator("password")
    @classmethod
    def _whole(cls, password: SecretStr) -> SecretStr:
        if "\x00" in password.get_secret_value():
            raise ValueError("a null character is not text")
        return password

    @field_validator("root_certificate")
    @classmethod
    def _certificate(cls, pem: str) -> str:
        if pem and ("-----BEGIN CERTIFICATE-----" not in pem or "PRIVATE KEY" in pem):
            raise ValueError("must be a certificate in PEM, without a private key")
        return pem
