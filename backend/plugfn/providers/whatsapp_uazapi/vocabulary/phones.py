"""Phone numbers as E.164, and how Brazilian mobile numbers differ between people and WhatsApp.

Brazil's mobile numbers got a ninth digit from 2012 on; accounts made before kept their eight-digit number inside
WhatsApp. The canonical form here always has the ninth digit, so that one person has one number; `spellings` gives the
forms under which an account may exist, and only a number check tells which.
"""

import re

import phonenumbers
from pydantic_core import PydanticCustomError

DEFAULT_REGION = "BR"
LONGEST = 40

_TYPED = re.compile(r"\+?[0-9 ().\-/\u00a0]{3,40}", re.ASCII)
_BRAZIL = 55
_PERSON = re.compile(r"([0-9]{6,15})(?:[:.][0-9]+)*@(?:s\.whatsapp\.net|c\.us)", re.ASCII)


def canonical(typed: str, region: str = DEFAULT_REGION) -> str:
    """`+5511988887777` for a number as a person types it; one without a country code is of `region`.

    Raises PydanticCustomError (a ValueError), which does not show the number."""
    if not _TYPED.fullmatch(typed):
        raise _wrong("is not a phone number")
    try:
        number = _with_ninth_digit(phonenumbers.parse(typed, region))
    except phonenumbers.NumberParseException:
        raise _wrong("is not a phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise _wrong("is not a phone number that exists: check the area code and the number of digits")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def check_region(region: str) -> str:
    """A country's two letters, as phonenumbers knows it. Raises PydanticCustomError."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise _wrong("is not a country's two letters")
    return region


def spellings(phone: str) -> tuple[str, ...]:
    """The numbers under which an account of this E.164 number may exist: itself, and the one of eight digits."""
    national = phone.removeprefix("+55")
    if phone.startswith("+55") and len(national) == 11 and national[2] == "9" and national[3] in "6789":
        return phone, f"+55{national[:2]}{national[3:]}"
    return (phone,)


def same(one: str, other: str) -> bool:
    """Whether two E.164 numbers are one account's, as far as can be known without a check."""
    return one in spellings(other) or other in spellings(one)


def digits(phone: str) -> str:
    """As gateways want it: without the plus."""
    return phone.removeprefix("+")


def from_jid(jid: str) -> str | None:
    """The E.164 number in WhatsApp's address of a person (`558188887777@s.whatsapp.net`); None for all other kinds."""
    found = _PERSON.fullmatch(jid)
    return from_digits(found[1]) if found else None


def from_digits(number: str) -> str | None:
    """The E.164 number for country code and number without the plus, also for one too new for our tables."""
    only = re.sub(r"[^0-9]", "", number[:LONGEST])
    if not 6 <= len(only) <= 15:
        return None
    try:
        return canonical(f"+{only}")
    except PydanticCustomError:
        return f"+{only}"


def _with_ninth_digit(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    national = str(number.national_number)
    if number.country_code != _BRAZIL or len(national) != 10 or phonenumbers.is_valid_number(number):
        return number
    longer = phonenumbers.PhoneNumber(country_code=_BRAZIL, national_number=int(f"{national[:2]}9{national[2:]}"))
    return longer if national[2] in "6789" and phonenumbers.is_valid_number(longer) else number


def _wrong(reason: str) -> PydanticCustomError:
    return PydanticCustomError("phone", reason)
