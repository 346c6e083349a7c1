"""Phone numbers: the canonical form and the two Brazilian spellings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.providers.whatsapp_uazapi.vocabulary.phones import (
    canonical,
    check_region,
    from_digits,
    from_jid,
    may_be_same_account,
    spellings,
)


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("(11) 98888-7777", "+5511988887777"),
        ("+55 11 98888-7777", "+5511988887777"),
        ("5511988887777", "+5511988887777"),
        ("011 98888 7777", "+5511988887777"),
        ("31 8888-7777", "+5531988887777"),
        ("553188887777", "+5531988887777"),
        ("55 99988-7766", "+5555999887766"),
        ("11 3333-4444", "+551133334444"),
        ("+40 723 973 035", "+40723973035"),
    ],
)
def test_a_number_becomes_e164_with_the_ninth_digit(typed, phone):
    assert canonical(typed) == phone


def test_a_number_without_a_country_code_belongs_to_the_region():
    assert canonical("0723 973 035", "RO") == "+40723973035"
    with pytest.raises(ValueError):
        canonical("0723 973 035")


NO_NUMBERS = (
    *("", "190", "hello", "1-800-FLOWERS", "+55 11 98888-7777 ext 5", "+5511988887777;phone-context=x", "٠١١٩٨٨٨٨٧٧٧٧"),
    *("+55 11 98888-77777", "+999 1234567", "5511988887777@s.whatsapp.net", "+" * 40),
)


@pytest.mark.parametrize("typed", NO_NUMBERS)
def test_an_invalid_number_is_refused_and_not_shown(typed):
    with pytest.raises(ValueError) as caught:
        canonical(typed)
    assert not typed or typed not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_read_as_a_number_or_raises_value_error(typed):
    try:
        phone = canonical(typed)
    except ValueError:
        return
    assert phone.startswith("+")
    assert phone[1:].isdecimal()
    assert canonical(phone) == phone


def test_a_region_is_two_known_letters():
    assert check_region("PT") == "PT"
    for wrong in ("br", "XX", "", "BRA"):
        with pytest.raises(ValueError):
            check_region(wrong)


def test_only_a_brazilian_mobile_number_has_two_spellings():
    assert spellings("+5531988887777") == ("+5531988887777", "+553188887777")
    assert spellings("+553133334444") == ("+553133334444",)
    assert spellings("+16502530000") == ("+16502530000",)
    assert may_be_same_account("+5531988887777", "+553188887777")
    assert not may_be_same_account("+5531988887777", "+5531988887778")


@given(st.integers(11, 99), st.integers(60000000, 99999999))
def test_both_spellings_lead_to_the_same_canonical_number(area, line):
    try:
        phone = canonical(f"+55{area}9{line}")
    except ValueError:
        return
    for spelling in spellings(phone):
        assert from_digits(spelling[1:]) in spellings(phone)


def test_only_a_persons_whatsapp_address_has_a_number():
    assert from_jid("558188887777@s.whatsapp.net") == "+5581988887777"
    assert from_jid("558188887777:12@s.whatsapp.net") == "+5581988887777"
    for other in ("123456789012345@lid", "1203634@g.us", "status@broadcast", "", "@s.whatsapp.net", "x@s.whatsapp.net"):
        assert from_jid(other) is None


def test_a_senders_number_that_phonenumbers_does_not_know_is_accepted():
    assert from_digits("5511012345678") == "+5511012345678"
    assert from_digits("12") is None
