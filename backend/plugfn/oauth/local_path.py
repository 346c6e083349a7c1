"""Checks where users are sent after connecting: to this site only."""

import re
from urllib.parse import quote, urlsplit

from plugfn.errors import InvalidParams, Problem

LONGEST = 2048

# Browsers read a backslash as a slash, and drop control characters.
_UNSAFE = re.compile(r"[\\\x00-\x20\x7f-\x9f\s]")

_SAFE = "/?&=%:@!$'()*+,;~-._"


def local_path(target: str | None, base_url: str) -> str:
    """A path of this site ("/settings?tab=1"). An absolute URL of base_url's origin is cut to its path. "" for None.

    Raises InvalidParams for anything that a browser could read as another site."""
    if not target:
        return ""
    if len(target) > LONGEST or _UNSAFE.search(target):
        raise _refused()
    try:
        if not target.startswith("/") and _origin(target) != _origin(base_url):
            raise _refused()
        path = target if target.startswith("/") else urlsplit(target)._replace(scheme="", netloc="").geturl()
        path = quote(path.partition("#")[0], safe=_SAFE)
    except ValueError:
        raise _refused() from None
    if not re.match(r"/(?!/)", path):
        raise _refused()
    return path


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    if parts.username is not None or parts.scheme not in ("http", "https"):
        raise _refused()
    default = 443 if parts.scheme == "https" else 80
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def _refused() -> InvalidParams:
    problem = Problem("redirect_after", "must be a path of this site that begins with a single slash")
    return InvalidParams("redirect_after is not valid", problems=[problem], code="open_redirect")
