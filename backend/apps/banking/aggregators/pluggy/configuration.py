"""The system check of Pluggy's settings: whether they are complete and valid."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

from apps.banking.aggregators.pluggy.application import REQUIRED
from lib.http import LOOPBACK, checked_base_url


def check_configuration(**_: object) -> list[CheckMessage]:
    """Django system check: name each setting that is missing or wrong, and never show its value."""
    return [*_missing(), *_address()]


def _missing() -> list[CheckMessage]:
    # Without these settings Ponte runs but connects no bank, which is only a warning on a developer's machine.
    level = Warning if settings.DEBUG else Error
    return [
        level(f"{name} is not set.", hint="docs/pluggy.md says where to find it.", id="banking.pluggy.E001")
        for name in REQUIRED.values()
        if not getattr(settings, name, "")
    ]


def _address() -> list[CheckMessage]:
    url = getattr(settings, "PLUGGY_API_URL", "")
    if not url:
        return []
    try:
        parts = urlsplit(checked_base_url(url))
    except ImproperlyConfigured as error:
        return [Error(f"PLUGGY_API_URL is not usable. {error}", id="banking.pluggy.E002")]
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not settings.DEBUG:
        return [Error("PLUGGY_API_URL must be https.", id="banking.pluggy.E003")]
    return []
