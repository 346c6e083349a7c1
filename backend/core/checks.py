"""What must be right about the installation's keys before it runs. Messages name variables, never values."""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from lib import crypto


def check_keys(**_: Any) -> list[CheckMessage]:
    """ENCRYPTION_KEYS and INDEX_KEY are there and of the right form."""
    errors: list[CheckMessage] = []
    for number, use in ((1, crypto.ring), (2, lambda: crypto.digest(b"", "check"))):
        try:
            use()
        except ImproperlyConfigured as error:
            errors.append(Error(str(error), id=f"ponte.E{number:03d}"))
    return errors
