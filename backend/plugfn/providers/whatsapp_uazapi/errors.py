"""What uazapi's errors mean. It has no codes: a status and a sentence, from which a code is made here.

The sentences hold phone numbers, so nothing of them but the code is passed on.
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
"""WhatsApp's own number (`provider_code`) for an account that may start no new conversations for a while."""

CODES = MappingProxyType(
    {
        "not_on_whatsapp": Means(NotFound, "This number is not on WhatsApp. Nothing was sent."),
        # Not NeedsReconnect: the token is still good, and the connection works again once the phone is linked.
        "not_linked": Means(MissingScope, "The account is not linked to WhatsApp: the phone must be linked again."),
        "invalid_token": Means(NeedsReconnect, "The gateway does not know this token any more."),
        "bad_request": Means(InvalidCall, "The gateway misses something, or does not accept a value."),
        "rate_limited": Means(RateLimited, "Too many messages in a short time."),
        "server_full": Means(RateLimited, "The gateway's server has as many accounts connected as it can have."),
        "new_chats_capped": Means(GiveUp, "WhatsApp lets this account start no new conversations for now: wait hours."),
        "send_failed": Means(GiveUp, "The gateway took the message and then could not send it."),
    }
)
STATUSES = MappingProxyType(
    {
        401: Means(NeedsReconnect, "The gateway does not know this token any more."),
        413: Means(InvalidCall, "The file is too big for WhatsApp."),
        415: Means(InvalidCall, "WhatsApp does not take files of this format."),
        429: Means(RateLimited, "Too many requests."),
    }
)


def code_of(answer: Answer) -> str | None:
    """The code for an answer's sentence; None when there is no error in it, or only its status says something."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not found.get("error"):
        return None
    if str(found.get("provider_code", "")) == str(CAPPED):
        return "new_chats_capped"
    error = found["error"]
    sentence = error if isinstance(error, str) else str(found.get("message", ""))
    known = next((code for pattern, code in _SENTENCES if pattern.search(sentence[:1000])), None)
    if known == "bad_request" and answer.status >= 500:
        return None  # a server that failed in the middle misses many things: it may have sent the message
    return known or ("send_failed" if answer.ok else None)


ERRORS = ErrorTable(codes=CODES, statuses=STATUSES, read=code_of)
