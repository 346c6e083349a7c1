"""The address of a bank's own page, where the person gives permission instead of a code."""

from typing import Any
from urllib.parse import urlsplit

from lib.http import LOOPBACK


def safe_link(text: Any) -> str:
    """`text`, if it is an address that a page may link to: https, or http at the sandbox on this machine."""
    if not isinstance(text, str):
        return ""
    try:
        parts = urlsplit(text)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        return ""
    return text if is_safe and parts.hostname else ""
