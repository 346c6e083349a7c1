"""System checks of settings that no other app owns. The messages name settings and never their values."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from lib import crypto


def check_keys(**_: Any) -> list[CheckMessage]:
    """Report ENCRYPTION_KEYS, INDEX_KEY or WEBHOOK_TOKEN_KEYS if it is missing or malformed."""
    errors: list[CheckMessage] = []
    uses: tuple[Callable[[], object], ...] = (
        crypto.ring,
        lambda: crypto.digest(b"", "check"),
        lambda: crypto.token_macs(b"", "check"),
    )
    for number, use_key in enumerate(uses, 1):
        try:
            use_key()
        except ImproperlyConfigured as error:
            hint = "docs/configuration.md has the commands that generate the keys."
            # The tokens may use INDEX_KEY, which is reported once.
            if str(error) not in [reported.msg for reported in errors]:
                errors.append(Error(str(error), hint=hint, id=f"ponte.E{number:03d}"))
    return errors


def check_proxies(**_: Any) -> list[CheckMessage]:
    """Report that a proxy hides the addresses of clients."""
    if settings.TRUSTED_PROXIES.listed or not settings.TRUSTED_PROXIES.in_front:
        return []
    text = "TRUSTED_PROXIES is empty, so Ponte cannot know the addresses of its clients: no limit by address works."
    return [Warning(text, hint="docs/deploy.md says what to set.", id="ponte.W001")]


# Whether row-level security does not hold for the role that asks.
_IS_EXEMPT = """
    SELECT rolsuper OR rolbypassrls OR EXISTS (
        SELECT FROM pg_class WHERE relname = 'clients_membership' AND pg_has_role(current_user, relowner, 'USAGE')
    ) FROM pg_roles WHERE rolname = current_user
"""


def check_role(**_: Any) -> list[CheckMessage]:
    """Report that PostgreSQL does not separate clients, because the application's role owns the tables."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(_IS_EXEMPT)
            (is_exempt,) = cursor.fetchone()
    except DatabaseError:
        # The settings can be checked where no database runs. /health tells whether it does.
        return []
    if not is_exempt:
        return []
    text = "The role of DATABASE_URL owns the tables or is a superuser, so row-level security separates no clients."
    return [Warning(text, hint="docs/deploy.md has the two roles: let DATABASE_URL use ponte_app.", id="ponte.W002")]
