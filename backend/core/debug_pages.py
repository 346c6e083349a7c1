"""Hides the secrets of the settings on Django's debug pages: settings, headers, and the variables of each frame.

Django hides settings by name, and shows the variables as they are as long as DEBUG is on.
"""

import re
from collections.abc import ItemsView
from pprint import pformat
from types import FrameType
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

from lib.redact import MASK, redact_value

# A shorter text is no secret, and may be a part of anything.
SHORTEST = 5


class Shown:
    """A variable on a debug page."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class SecretsHidden(SafeExceptionReporterFilter):
    """Hides also the URLs of data stores, and in variables whatever is secret by its name, form or value."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|DATABASE|REDIS|BROKER|CACHE", re.I
    )

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> ItemsView[str, Any]:
        """The names and redacted values of a frame's variables."""
        secrets = self._secrets()
        shown = super().get_traceback_frame_variables(request, tb_frame)
        return {name: Shown(_redacted(name, value, secrets)) for name, value in shown}.items()

    def _secrets(self) -> list[str]:
        """The texts in hidden settings, and the passwords in URLs, longest first."""
        hidden = [getattr(settings, name) for name in dir(settings) if self.hidden_settings.search(name)]
        texts = [text for value in hidden for text in (value if isinstance(value, list) else [value])]
        texts += [database["PASSWORD"] for database in settings.DATABASES.values()]
        texts += [_password(text) for text in texts if isinstance(text, str) and "://" in text]
        return sorted(
            {text for text in texts if isinstance(text, str) and len(text) >= SHORTEST}, key=len, reverse=True
        )


def _password(url: str) -> str:
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:  # not a URL after all
        return ""


def _redacted(name: str, value: object, secrets: list[str]) -> str:
    try:
        text = pformat(value)
    except Exception as error:  # noqa: BLE001 - any object may fail to be shown, and the page must show the others
        return f"<{type(value).__name__}, which cannot be shown: {type(error).__name__}>"
    text = str(redact_value({name: text})[name])
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
