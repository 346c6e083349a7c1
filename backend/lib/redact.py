"""Masks secrets and personal data in log records.

This is a safety net: code must not log such data in the first place. The patterns cannot detect data without a fixed
form, such as a name or a street. For speed, a pattern runs only on text that contains a word it needs.
"""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

MASK = "[redacted]"
MAX_DEPTH = 12
# Longer text is cut, and its last word with it, because half a secret cannot be recognised.
MAX_CHARACTERS = 64 * 1024
MAX_WORD = 1024
# A longer name is no name. Its value counts as secret, and is not remembered.
MAX_NAME = 128

# Names of secret or personal values, in structured logs, JSON, headers, query strings and key=value text. They are
# compared in lower case, without "-" and "_".
_CONTAINED = (
    "apikey", "secret", "passw", "pwd", "senha", "authorization", "cookie", "credential", "privatekey", "signature",
)  # fmt: skip
_ENDING = ("token",)
# Whole names, also in the plural.
_WHOLE = (
    "otp", "mfacode", "cpf", "cnpj", "email", "fullname", "taxnumber", "documentnumber", "accountnumber", "phonenumber",
)  # fmt: skip
# A text with a secret name contains one of these.
_WORDS = (*_CONTAINED, *_ENDING, *_WHOLE)

# Whatever a stranger sends costs time in proportion to its length: a pattern that fails never tries the same characters
# from many starts. So a repetition takes all that it can and gives nothing back (`++`), and a start inside of what an
# earlier start has read is excluded.
# name=value, name: value, "name": "value" (also escaped, as JSON within JSON), 'name': 'value'.
_NAME = re.compile(r"""(?<![\w-])([\w-]++)\\*+["']?\s*+[=:]\s*+""")
_VALUE = re.compile(
    r"""\\*"(?:[^"\\]++|\\.)*+"?|'[^']*+'?|(?:(?:bearer|basic)\s++)?(?:\[redacted\]|[^\s,;&'"}\]]++)""",
    re.IGNORECASE | re.DOTALL,
)
_SCHEME = re.compile(r"\b(bearer|basic)(\s++)[\w.~+/=-]{6,}+", re.IGNORECASE)
_JWT = re.compile(r"(?<![A-Za-z0-9_])eyJ[\w-]{4,}+(?:\.[\w-]*+){0,2}+")
# Tokens with a fixed beginning: Pluggy's, GitHub's, Slack's, SendGrid's, webhook secrets, and our own.
_VENDOR_MARKS = ("pluggy_sk_", "gh", "github_pat_", "xox", "SG.", "whsec_", "ponte")
_VENDOR_SECRET = re.compile(
    r"pluggy_sk_\w++|(?:gh[oprsu]_|github_pat_)\w{8,}+|xox[a-z]-[\w-]{8,}+|\bSG\.[\w-]{8,}+(?:\.[\w-]++)?+|whsec_[\w+/=-]++"
    r"|ponte(?:app|ref|code)?+_[0-9A-Za-z]{40,}+"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++(?:@|%40)[\w-]++(?:\.[\w-]++)++")
_USERINFO = re.compile(r"://[^\s/?#]*@")
# In the URL of a data store a password may be unescaped, and ends at the last "@".
_STORE_USERINFO = re.compile(
    r"""\b((?:rediss?|valkeys?|postgres(?:ql)?|amqps?|mysql)://)(?:(?!://)[^\s"])*@""", re.IGNORECASE
)
_WEBHOOK_PATH = re.compile(r"(/webhooks/[a-z0-9_-]++/)/*+[^/\s?#\"']++(?:/++[^/\s?#\"']++)*", re.IGNORECASE)
# CPF and CNPJ, with or without punctuation. Since July 2026 a CNPJ may contain letters.
_DOCUMENT = re.compile(
    r"(?<![A-Za-z0-9])(?<!\d\.)(?:\d{3}\.?\d{3}\.?\d{3}-?\d{2}"
    r"|\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}"
    r"|[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2})(?![A-Za-z0-9])"
)
# Every CPF or CNPJ contains one of these, and the search for them is cheaper.
_DOCUMENT_HINT = re.compile(r"[0-9A-Z](?:\d{5}|-\d\d)")


def redact(text: str) -> str:
    """`text` with API keys, tokens, passwords, e-mail addresses, CPFs and CNPJs masked. The cost is linear."""
    if len(text) > MAX_CHARACTERS:
        text = _cut(text)
    if "@" in text or "%40" in text:
        text = _redact_addresses(text)
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    text = _redact_named(text, text.lower())
    for mark in _VENDOR_MARKS:
        if mark in text:
            text = _VENDOR_SECRET.sub(MASK, text)
            break
    if _DOCUMENT_HINT.search(text):
        text = _DOCUMENT.sub(MASK, text)
    return text


def _cut(text: str) -> str:
    """The beginning of `text`, up to a space, and how much is missing."""
    space = text.rfind(" ", MAX_CHARACTERS - MAX_WORD, MAX_CHARACTERS)
    kept = text[: space if space >= 0 else MAX_CHARACTERS - MAX_WORD]
    return f"{kept} [{len(text) - len(kept)} more characters]"


def _redact_addresses(text: str) -> str:
    if "://" in text:
        text = _STORE_USERINFO.sub(rf"\1{MASK}@", text)
        text = _USERINFO.sub(f"://{MASK}@", text)
    return _EMAIL.sub(MASK, text)


def _redact_named(text: str, folded: str) -> str:
    if ("=" in text or ":" in text) and _has_word(folded):
        text = _redact_pairs(text)
    if "bearer" in folded or "basic" in folded:
        text = _SCHEME.sub(rf"\1\2{MASK}", text)
    return _WEBHOOK_PATH.sub(rf"\1{MASK}", text) if "/webhooks/" in folded else text


def _has_word(folded: str) -> bool:
    """Whether a name may be secret. Such a name contains a word, whatever the spelling."""
    plain = folded.replace("-", "").replace("_", "")
    for word in _WORDS:  # noqa: SIM110 - any() would cost more than all the searches
        if word in plain:
            return True
    return False


def _redact_pairs(text: str) -> str:
    parts, done = [], 0
    pair = _NAME.search(text)
    while pair:
        end = pair.end()
        if _is_secret(pair[1]) and (value := _VALUE.match(text, end)):
            parts += [text[done:end], MASK]
            done = end = value.end()
        pair = _NAME.search(text, end)
    return "".join([*parts, text[done:]])


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


def _named(name: str, value: Any, depth: int) -> Any:
    if _is_secret(name):
        return value if value is None or value == "" or isinstance(value, bool) else MASK
    return redact(value) if type(value) is str else redact_value(value, depth + 1)


def _is_secret(name: str) -> bool:
    return len(name) > MAX_NAME or _is_known(name)


@lru_cache(maxsize=1024)
def _is_known(name: str) -> bool:
    plain = name.lower().replace("-", "").replace("_", "")
    whole = plain in _WHOLE or plain.removesuffix("s") in _WHOLE
    return whole or plain.endswith(_ENDING) or any(word in plain for word in _CONTAINED)


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a value without a text form must not lose the whole line
        return f"<{type(value).__name__}>"
