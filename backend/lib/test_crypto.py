"""What is sealed opens with the right ring in the right context, and nowhere else."""

import base64
import os

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import crypto

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


@given(plain=st.binary(max_size=2000), context=st.text(st.characters(codec="utf-8"), max_size=50))
def test_what_was_sealed_opens_to_the_same_bytes(plain, context):
    assert crypto.unseal(crypto.seal(plain, context), context) == plain


def test_two_seals_of_the_same_bytes_differ():
    assert crypto.seal(b"same", "row") != crypto.seal(b"same", "row")


def test_a_value_moved_to_another_row_does_not_open():
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(crypto.seal(b"secret", "row 1"), "row 2")


@settings(max_examples=60)
@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(place, bit):
    sealed = bytearray(crypto.seal(b"secret", "row"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(bytes(sealed), "row")


@given(junk=st.binary(max_size=60))
def test_what_was_never_sealed_is_unreadable_and_nothing_worse(junk):
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(junk, "row")


def test_a_truncated_value_is_unreadable():
    sealed = crypto.seal(b"secret", "row")
    for length in range(len(sealed)):
        with pytest.raises(crypto.Unreadable):
            crypto.unseal(sealed[:length], "row")


def test_after_rotation_the_old_key_reads_and_the_new_one_writes(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    old = crypto.seal(b"secret", "row")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    new = crypto.seal(b"secret", "row")
    assert crypto.unseal(old, "row") == crypto.unseal(new, "row") == b"secret"
    assert not crypto.is_current(old)
    assert crypto.is_current(new)


def test_a_dropped_key_reads_no_more(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    old = crypto.seal(b"secret", "row")
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(old, "row")


@pytest.mark.parametrize(
    "keys",
    [[], ["not base64 !!"], [base64.b64encode(b"short").decode()], [OLD, base64.b64encode(b"x" * 33).decode()]],
)
def test_a_bad_key_is_a_configuration_error_that_does_not_show_it(settings, keys):
    settings.ENCRYPTION_KEYS = keys
    with pytest.raises(ImproperlyConfigured) as caught:
        crypto.seal(b"secret", "row")
    assert "ENCRYPTION_KEYS" in str(caught.value)
    assert not any(key in str(caught.value) for key in keys)


@given(data=st.binary(max_size=200))
def test_a_digest_is_equal_for_equal_data_and_purpose_alone(data):
    assert crypto.digest(data, "row") == crypto.digest(data, "row")
    assert len(crypto.digest(data, "row")) == crypto.DIGEST_SIZE
    assert crypto.digest(data, "row") != crypto.digest(data, "other")
    assert crypto.digest(data, "row") != crypto.digest(data + b"x", "row")


def test_a_digest_means_nothing_under_another_index_key(settings):
    before = crypto.digest(b"data", "row")
    settings.INDEX_KEY = "another-index-key-" + "x" * 32
    assert crypto.digest(b"data", "row") != before


def test_two_index_keys_that_differ_only_late_give_different_digests(settings):
    settings.INDEX_KEY = "k" * 64 + "a"
    before = crypto.digest(b"data", "row")
    settings.INDEX_KEY = "k" * 64 + "b"
    assert crypto.digest(b"data", "row") != before


def test_a_rotated_encryption_key_changes_no_digest(settings):
    before = crypto.digest(b"data", "row")
    settings.ENCRYPTION_KEYS = [NEW]
    assert crypto.digest(b"data", "row") == before


@pytest.mark.parametrize("key", ["", "short"])
def test_a_missing_or_short_index_key_is_a_configuration_error(settings, key):
    settings.INDEX_KEY = key
    with pytest.raises(ImproperlyConfigured, match="INDEX_KEY"):
        crypto.digest(b"data", "row")


def test_a_blind_index_ignores_case_and_surrounding_space():
    assert crypto.blind_index(" João ", "name") == crypto.blind_index("JOÃO", "name")
    assert crypto.blind_index("João", "name") != crypto.blind_index("Joana", "name")


def test_a_blind_index_does_not_tell_apart_two_spellings_of_one_accent():
    assert crypto.blind_index("Joa\u0303o", "name") == crypto.blind_index("Jo\u00e3o", "name")


def test_random_bytes_of_a_right_length_do_not_open():
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(crypto.seal(b"x", "row")[: crypto.HEADER_SIZE] + os.urandom(40), "row")
