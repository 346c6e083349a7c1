"""What uazapi's errors mean. They have no codes: the code is derived here from the status and the sentence.

The sentences contain phone numbers, so only the code is passed on.
"""

import json
import re
from types import MappingProxyType

from plugfn.errors import GiveUp, InvalidCall, MissingScope, NeedsReconnect, NotFound, RateLimited
from plugfn.net.answer import Answer, ErrorTable, Means

_SENTENCES = tuple(
    (re.compile(pattern, re.IGNORECASE), code)
    for pattern, code in (
        (r"\bnot on whatsapp\b", "not_on_whatsapp"),
        (r"whatsapp disconnected|session is not reconnectable|not logged in|client is not connected", "not_linked"),
        (r"invalid token|missing token|instance info not found|unauthori[sz]ed", "invalid_token"),
        (r"missing|invalid (payload|number)|required", "bad_request"),
        (r"rate limit|too many requests", "rate_limited"),
        (r"maximum.*instances|instance limit|limite.*inst", "server_full"),
    )
)
CAPPED = 463
"""WhatsApp's own code (`provider_code`) for an account that temporarily may not start new conversations."""

CODES = MappingProxyType(
    {
        "not_on_whatsapp": Means(NotFound, "This number is not on WhatsApp. Nothing was sent."),
        # Not NeedsReconnect: the token is still valid, and the connection works again once the phone is linked.
        "not_linked": Means(MissingScope, "The account is not linked to WhatsApp: link the phone again."),
        "invalid_token": Means(NeedsReconnect, "The gateway no longer knows this token."),
        "bad_request": Means(InvalidCall, "A value is missing, or the gateway does not accept it."),
        "rate_limited": Means(RateLimited, "Too many messages in a short time."),
        "server_full": Means(RateLimited, "The gateway's server has reached its limit of connected accounts."),
        "new_chats_capped": Means(GiveUp, "WhatsApp does not let this account start new chats: wait some hours."),
        "send_failed": Means(GiveUp, "The gateway accepted the message, but could not send it."),
    }
)
STATUSES = MappingProxyType(
    {
        401: Means(NeedsReconnect, "The gateway no longer knows this token."),
        413: Means(InvalidCall, "The file is too big for WhatsApp."),
        415: Means(InvalidCall, "WhatsApp does not accept files of this format."),
        429: Means(RateLimited, "Too many requests."),
    }
)


def code_of(answer: Answer) -> str | None:
    """The code for an answer's sentence. None if the answer is no error, or if only its status has a meaning."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not document.get("error"):
        return None
    if str(document.get("provider_code", "")) == str(CAPPED):
        return "new_chats_capped"
    error = document["error"]
    sentence = error if isinstance(error, str) else str(document.get("message", ""))
    known = next((code for pattern, code in _SENTENCES if pattern.search(sentence[:1000])), None)
    if known == "bad_request" and answer.status >= 500:
        return None  # a server that failed halfway may complain of missing values, and may have sent the message
    return known or ("send_failed" if answer.ok else None)


ERRORS = ErrorTable(codes=CODES, statuses=STATUSES, read=code_of)
