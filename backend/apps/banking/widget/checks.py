"""System checks of the connect page's settings. Their messages name settings, never values."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from apps.banking.widget.options import connector_ids
from lib.client_address import is_local_url

VERSION = re.compile(r"v\d{1,3}\.\d{1,3}\.\d{1,3}|latest")
COUNTRIES = {"AR", "BR", "CO", "MX"}


def check_widget(**_: object) -> list[CheckMessage]:
    """Name each setting of the connect page that is wrong."""
    return [*_script(), *_choices()]


def _script() -> list[CheckMessage]:
    url = settings.PLUGGY_CONNECT_SDK_URL
    if url and not _is_script_address(url):
        hint = "Plain HTTP works only for this machine, such as the sandbox's script."
        return [Error("PLUGGY_CONNECT_SDK_URL must be the https address of a script.", hint=hint, id="banking.E004")]
    if not url and not VERSION.fullmatch(settings.PLUGGY_CONNECT_SDK_VERSION):
        return [Error("PLUGGY_CONNECT_SDK_VERSION must be like v2.9.2, or latest.", id="banking.E005")]
    if not url and settings.PLUGGY_CONNECT_SDK_VERSION == "latest":
        hint = "Pin a version, so that Pluggy's releases do not change this page by themselves."
        return [Warning("PLUGGY_CONNECT_SDK_VERSION is latest.", hint=hint, id="banking.W002")]
    return []


def _is_script_address(url: str) -> bool:
    """A policy's source has no spaces, commas or semicolons, and no query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_local_url(url))
    return safe and bool(parts.hostname) and not re.search(r"[\s,;'\"?#]", url) and not parts.username


def _choices() -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if len(connector_ids()) != len(settings.CONNECT_CONNECTOR_IDS):
        errors.append(Error("CONNECT_CONNECTOR_IDS must be numbers, separated by commas.", id="banking.E006"))
    if not COUNTRIES.issuperset(settings.CONNECT_COUNTRIES):
        known = ", ".join(sorted(COUNTRIES))
        errors.append(Error(f"CONNECT_COUNTRIES may list {known}, and no other country.", id="banking.E007"))
    return errors
