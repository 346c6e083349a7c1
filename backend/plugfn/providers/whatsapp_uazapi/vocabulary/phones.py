"""Phone numbers as E.164, and the two spellings of Brazilian mobile numbers.

From 2012 on, Brazil's mobile numbers got a ninth digit, but older WhatsApp accounts still have the number with eight.
The canonical form here always has the ninth digit, so that each person has one number. `spellings` returns the numbers
that an account may have; only a number check can say which one it is.
"""

import re
from functools import lru_cache

import phonenumbers
from pydantic_core import PydanticCustomError

DEFAULT_REGION = "BR"
LONGEST = 40

_TYPED = re.compile(r"\+?[0-9 ().\-/\u00a0]{3,40}", re.ASCII)
_BRAZIL = 55
_PERSON = re.compile(r"([0-9]{6,15})(?:[:.][0-9]+)*@(?:s\.whatsapp\.net|c\.us)", re.ASCII)


def canonical(typed: str, region: str = DEFAULT_REGION) -> str:
    """The E.164 form (`+5511988887777`) of a number as people write it; without a country code it belongs to `region`.

    Raises PydanticCustomError (a ValueError), whose text does not contain the number."""
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
    """The region, if it is the two letters of a country that phonenumbers knows. Raises PydanticCustomError."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise _wrong("must be the two letters of a country, for example BR")
    return region


def spellings(phone: str) -> tuple[str, ...]:
    """The numbers that the account of this E.164 number may have: itself, and the one without the ninth digit."""
    national = phone.removeprefix("+55")
    if phone.startswith("+55") and len(national) == 11 and national[2] == "9" and national[3] in "6789":
        return phone, f"+55{national[:2]}{national[3:]}"
    return (phone,)


def may_be_same_account(one: str, other: str) -> bool:
    """Whether two E.164 numbers may belong to one account; only a number check could be certain."""
    return one in spellings(other) or other in spellings(one)


def digits(phone: str) -> str:
    """The number in the gateways' form: without the plus."""
    return phone.removeprefix("+")


def from_jid(jid: str) -> str | None:
    """The E.164 number in a person's WhatsApp address (`558188887777@s.whatsapp.net`); None for other addresses."""
    match = _PERSON.fullmatch(jid)
    return from_digits(match[1]) if match else None


def from_digits(number: str) -> str | None:
    """The E.164 form of digits with a country code; it also accepts a number that phonenumbers does not know yet."""
    only = re.sub(r"[^0-9]", "", number[:LONGEST])
    return _from_only_digits(only) if 6 <= len(only) <= 15 else None


# People write more than one message, and to look a number up takes most of the time of reading one.
@lru_cache(maxsize=10_000)
def _from_only_digits(only: str) -> str:
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
