"""Why a value is not accepted, in the reader's language. PlugFn says it in English; what is not listed stays so."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_REASONS: dict[str, Promise] = {
    "Field required": _("This field is required."),
    "must begin with https://": _("Begin the address with https://."),
    "must begin with https:// or http://": _("Begin the address with https://."),
    "is not a URL": _("This is not a web address."),
    "has an invalid host": _("The address has no valid name of a server."),
    "has an invalid port": _("The port in the address is not valid."),
    "must not contain a user name or a password": _("The address must not contain a user name or a password."),
    "must not have a fragment": _("The address must not contain a #."),
    "has a path or a query that is not encoded, or has dot segments": _("The address has characters that it may not."),
    "must be the gateway's URL without a query": _(
        "Enter the address of the gateway alone, without a ? and what follows."
    ),
    "must be the project's URL without a path": _("Enter the address of the project alone, without a path."),
    "is not an instance's token: 8 to 512 letters, digits or signs, without spaces": _(
        "This is not the token of an instance. Copy it again, without spaces."
    ),
    "is not a phone number": _("This is not a phone number."),
    "is not a phone number that exists: check the area code and the number of digits": _(
        "This phone number does not exist. Check the area code and the number of digits."
    ),
    "is not a phone number: pass an id as group or user": _("This is not a phone number."),
    "is not an API key of SendGrid: those begin with SG.": _(
        "This is not an API key of SendGrid: those begin with SG."
    ),
    "contains a space": _("It contains a space. Copy it again."),
    "is not a public key in base64": _("This is not the verification key. Copy it from SendGrid's settings again."),
    "is not a key of the curve P-256": _("This is not the verification key. Copy it from SendGrid's settings again."),
    "is not a Supabase key: it has 20 to 2000 letters, digits, dots, hyphens and underscores": _(
        "This is not a key of Supabase. Copy it again."
    ),
    "must be one host name or IP address": _("Enter one host name or address."),
    "the domain is not a valid host name": _("This is not the name of a server."),
    "contains a null character": _("It contains a character that is not allowed."),
    "must be a certificate in PEM, without a private key": _(
        "Paste the certificate in PEM, with its BEGIN and END lines, and without a private key."
    ),
    "needs both username and password, or neither": _("Enter both a user name and a password, or neither."),
    "must be one line without control characters": _("Enter one line, without control characters."),
    "must be an e-mail address like ana@example.com": _("Enter an e-mail address like ana@example.com."),
    "the e-mail address needs a full host name after the @": _("The e-mail address needs a full domain after the @."),
    "the e-mail address is too long": _("The e-mail address is too long."),
    "a name is letters, digits, _ and $, at most 63 bytes": _(
        "A name of a table has letters, digits, _ and $. For another name, make a view of the table."
    ),
    "must be whsec_ and base64": _("This is not a signing secret: it begins with whsec_."),
    "must be whsec_ and the base64 of 24 to 64 bytes": _("The signing secret is too short or too long."),
    "contains no text": _("Write a text."),
    "needs a text or blocks": _("Write a text."),
}
# pydantic's sentences with numbers in them.
_PATTERNS: tuple[tuple[re.Pattern[str], Promise], ...] = (
    (re.compile(r"String should have at least (?P<n>\d+) characters?"), _("At least %(n)s characters.")),
    (re.compile(r"String should have at most (?P<n>\d+) characters?"), _("At most %(n)s characters.")),
    (re.compile(r"Input should be greater than or equal to (?P<n>[\d.]+)"), _("At least %(n)s.")),
    (re.compile(r"Input should be less than or equal to (?P<n>[\d.]+)"), _("At most %(n)s.")),
    (re.compile(r"(?:List|Tuple|Dictionary) should have at most (?P<n>\d+) items? .*"), _("At most %(n)s entries.")),
    (re.compile(r"the header (?P<n>\S+) is reserved.*"), _("The header %(n)s is reserved. Choose another name.")),
    (
        re.compile(r"the header (?P<n>\S+) must be .*"),
        _("The value of the header %(n)s is empty, too long or not plain."),
    ),
    (re.compile(r"String should match pattern .*"), _("It has characters that are not allowed here.")),
    (re.compile(r"Input should be a valid .*"), _("This value is not valid.")),
)


def reason_words(reason: str) -> str:
    """A reason as a sentence."""
    if (words := _REASONS.get(reason)) is not None:
        return str(words)
    for pattern, text in _PATTERNS:
        if match := pattern.fullmatch(reason):
            return str(text) % match.groupdict()
    return reason[:1].upper() + reason[1:]
