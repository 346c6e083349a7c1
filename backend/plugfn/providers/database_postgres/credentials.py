"""What a user enters to connect a PostgreSQL database."""

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, field_validator

from plugfn.database.access import DatabaseAccess
from plugfn.database.names import PlainText

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?|[0-9A-Fa-f:.]{2,45}")

Word = Annotated[PlainText, StringConstraints(min_length=1, max_length=63)]


class PostgresAccess(DatabaseAccess):
    """A database, a read-only role, and the limits of the connection."""

    host: str
    """One host name or IP address; not a path or a list."""
    port: Annotated[int, Field(ge=1024, le=65535)] = 5432
    dbname: Word
    user: Word
    """The role. Create one that may only read the allowed tables: see README.md."""
    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)]
    sslmode: Literal["verify-full", "require", "disable"] = "verify-full"
    """verify-full: encrypted, and the server's certificate is verified. require: encrypted, but the certificate is not
    verified. disable: not encrypted; only for private addresses that the operator allows."""
    root_certificate: Annotated[str, StringConstraints(max_length=100_000)] = ""
    """The certificate (PEM) of the authority that signed the server's certificate, if it is not a public one."""
    allow_sql: bool = False
    """Whether query.sql may run SELECTs that callers write. Only for a role that may only read the allowed tables."""
    timeout: Annotated[int, Field(ge=1, le=15)] = 10
    """The most seconds that a query may take."""

    @field_validator("host")
    @classmethod
    def _one_host(cls, host: str) -> str:
        if not _HOST.fullmatch(host):
            raise ValueError("must be one host name or IP address")
        return host

    @field_validator("password")
    @classmethod
    def _whole(cls, password: SecretStr) -> SecretStr:
        if "\x00" in password.get_secret_value():
            raise ValueError("contains a null character")
        return password

    @field_validator("root_certificate")
    @classmethod
    def _certificate(cls, pem: str) -> str:
        if pem and ("-----BEGIN CERTIFICATE-----" not in pem or "PRIVATE KEY" in pem):
            raise ValueError("must be a certificate in PEM, without a private key")
        return pem
