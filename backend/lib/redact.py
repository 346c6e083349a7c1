"""Masks secrets and personal data in log records.

This is a safety net: code must not log such data in the first place. The patterns cannot detect data without a fixed
form, such as a name or a street. For speed, a pattern runs only on text that contains a word it needs.
"""

import logging
import re
import traceback
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

MASK = "[redacted]"
MAX_DEPTH = 12

# Names of secret or personal values, in structured logs, JSON, headers, query strings and key=value text.
_NAMES = (
    r"(?:[\w-]*(?:api[-_]?key|secret|passw|pwd|authorization|cookie|credential|private[-_]?key|signature)[\w-]*"
    r"|[\w-]*token|otp|mfa[-_]?code|cpf|cnpj|(?:tax|document|account|phone)[-_]?numbers?|e-?mails?|full[-_]?name)"
)
_NAME = re.compile(_NAMES, re.IGNORECASE)
# Each name above contains one of these.
_NAME_WORDS = (
    "key", "secret", "passw", "pwd", "authoriz", "cookie", "credential", "signature", "token", "otp", "mfa", "cpf",
    "cnpj", "number", "mail", "fullname", "full_name", "full-name",
)  # fmt: skip
# name=value, name: value, "name": "value" (also escaped, as JSON within JSON), 'name': 'value'.
_PAIR = re.compile(
    rf"(?<![\w-])({_NAMES})"
    r"""(\\*["']?\s*[=:]\s*)"""
    r"""(?:\\*"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:(?:bearer|basic)\s+)?(?:\[redacted\]|[^\s,;&'"}\]]+))""",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(bearer|basic)(\s+)[\w.~+/=-]{6,}", re.IGNORECASE)
_JWT = re.compile(r"(?<![A-Za-z0-9_])eyJ[\w-]{4,}(?:\.[\w-]*){1,2}")
_VENDOR_SECRET = re.compile(r"pluggy_sk_\w+")
_EMAIL = re.compile(r"[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE)
_USERINFO = re.compile(r"://[^\s/?#]{1,512}@")
_WEBHOOK_PATH = re.compile(r"(/webhooks/[a-z0-9_-]+/)[^/\s?#\"']+", re.IGNORECASE)
# CPF and CNPJ, with or without punctuation. Since July 2026 a CNPJ may contain letters.
_DOCUMENT = re.compile(
    r"(?<![A-Za-z0-9])(?<!\d\.)(?:\d{3}\.?\d{3}\.?\d{3}-?\d{2}"
    r"|\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}"
    r"|[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2})(?![A-Za-z0-9])"
)
# Every CPF or CNPJ contains one of these, and the search for them is cheaper.
_DOCUMENT_HINT = re.compile(r"\d{6}|\d-\d\d|[0-9A-Z]-\d\d")

# The standard attributes of a log record. All others come from `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """`text` with API keys, tokens, passwords, e-mail addresses, CPFs and CNPJs masked."""
    if "@" in text or "%40" in text:
        text = _EMAIL.sub(MASK, _USERINFO.sub(f"://{MASK}@", text))
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    text = _redact_named(text, text.lower())
    if _DOCUMENT_HINT.search(text):
        text = _DOCUMENT.sub(MASK, text)
    return text


def _redact_named(text: str, folded: str) -> str:
    for word in _NAME_WORDS:
        if word in folded:
            text = _PAIR.sub(rf"\1\2{MASK}", text)
            break
    if "bearer" in folded or "basic" in folded:
        text = _SCHEME.sub(rf"\1\2{MASK}", text)
    if "/webhooks/" in folded:
        text = _WEBHOOK_PATH.sub(rf"\1{MASK}", text)
    return _VENDOR_SECRET.sub(MASK, text) if "pluggy_sk_" in text else text


def redact_value(value: Any, depth: int = 0) -> Any:
    """Any log value with secrets masked: in mappings by the names of the keys, in text by patterns."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth >= MAX_DEPTH:
        return MASK
    if isinstance(value, Mapping):
        return {_text(name): _named(_text(name), entry, depth) for name, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact_value(entry, depth + 1) for entry in value]
    return redact(_text(value))


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor. Put it after the formatter of exceptions and before the renderer."""
    for name, value in event.items():
        clean = _named(name, value, 0)
        if clean is not value:
            event[name] = clean
    return event


class Redaction(logging.Filter):
    """For handlers of plain `logging`: passes every record, with its message, extras and traceback redacted."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true."""
        if isinstance(record.msg, MutableMapping):  # a record of structlog, on its way to the formatter
            record.msg = redact_value(record.msg)
        else:
            record.msg, record.args = redact(_message(record)), ()
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(record.exc_info[1])).rstrip()
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        for name in vars(record).keys() - _STANDARD:
            vars(record)[name] = _named(name, vars(record)[name], 0)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # logging itself would report this error with the unredacted arguments.
        return f"{record.msg} (its arguments do not fit)"


def _named(name: str, value: Any, depth: int) -> Any:
    if _is_secret(name):
        return value if value is None or value == "" or isinstance(value, bool) else MASK
    return redact(value) if type(value) is str else redact_value(value, depth + 1)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a value without a text form must not lose the whole line
        return f"<{type(value).__name__}>"
