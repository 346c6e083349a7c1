"""System checks of settings that no other app owns. The messages name settings and never their values."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
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


def check_proxies(**_: Any) -> list[CheckMessage]:
    """Report that a proxy hides the addresses of clients."""
    if settings.TRUSTED_PROXIES.listed or not settings.TRUSTED_PROXIES.in_front:
        return []
    text = "TRUSTED_PROXIES is empty, so Ponte cannot know the addresses of its clients: no limit by address works."
    return [Warning(text, hint="docs/deploy.md says what to set.", id="ponte.W001")]
