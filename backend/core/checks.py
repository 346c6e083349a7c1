"""System checks of the encryption keys. The messages name settings and never their values."""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from lib import crypto


def check_keys(**_: Any) -> list[CheckMessage]:
    """Report ENCRYPTION_KEYS or INDEX_KEY if it is missing or malformed."""
    errors: list[CheckMessage] = []
    for number, use_key in ((1, crypto.ring), (2, lambda: crypto.digest(b"", "check"))):
        try:
            use_key()
        except ImproperlyConfigured as error:
            hint = "docs/configuration.md has the commands that generate the keys."
            errors.append(Error(str(error), hint=hint, id=f"ponte.E{number:03d}"))
    return errors
