"""Encryption and digests with the keys of the settings. plugfn.crypto tests the encryption itself."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from lib import crypto

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
# Databases hold these values since before plugfn.crypto existed.
SEALED_LONG_AGO = bytes.fromhex("01ea98589de3c3e395537a06bd19da6f2109a0a48d058220750ee5a521a8a05d0f6f6c374b0fdb")


@given(plain=st.binary(max_size=2000), context=st.text(st.characters(codec="utf-8"), max_size=50))
def test_a_sealed_value_decrypts_to_the_same_bytes(plain, context):
    assert crypto.unseal(crypto.seal(plain, context), context) == plain


def test_old_ciphertexts_and_digests_are_still_read_and_equal(settings):
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    settings.INDEX_KEY = "an-index-key-for-tests-alone-which-protects-nothing"
    assert crypto.unseal(SEALED_LONG_AGO, "banking.Account|1|extra") == b"secret"
    assert not crypto.is_current(SEALED_LONG_AGO)
    assert crypto.digest(b"data", "row").hex() == "bb385c9be2a57007bd057197db50c9ed"
    assert crypto.blind_index(" Jo\u00e3o ", "name").hex() == "01f75d48f750adc5538a178b2767b6eb"


def test_a_value_moved_to_another_row_does_not_decrypt():
    with pytest.raises(crypto.Unreadable):
        crypto.unseal(crypto.seal(b"secret", "row 1"), "row 2")


def test_after_a_rotation_the_old_key_decrypts_and_the_new_key_encrypts(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    old = crypto.seal(b"secret", "row")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    new = crypto.seal(b"secret", "row")
    assert crypto.unseal(old, "row") == crypto.unseal(new, "row") == b"secret"
    assert not crypto.is_current(old)
    assert crypto.is_current(new)


def test_a_removed_key_no_longer_decrypts(settings):
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
def test_a_digest_is_equal_only_for_equal_data_and_purpose(data):
    assert crypto.digest(data, "row") == crypto.digest(data, "row")
    assert len(crypto.digest(data, "row")) == crypto.DIGEST_SIZE
    assert crypto.digest(data, "row") != crypto.digest(data, "other")
    assert crypto.digest(data, "row") != crypto.digest(data + b"x", "row")


def test_a_digest_differs_under_another_index_key(settings):
    before = crypto.digest(b"data", "row")
    settings.INDEX_KEY = "another-index-key-" + "x" * 32
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


def test_tokens_are_made_with_the_first_key_and_each_listed_key_proves(settings):
    settings.WEBHOOK_TOKEN_KEYS = [OLD]
    (old,) = crypto.token_macs(b"member", "path")
    settings.WEBHOOK_TOKEN_KEYS = [NEW, OLD]
    new, second = crypto.token_macs(b"member", "path")
    assert (second, len(new)) == (old, crypto.DIGEST_SIZE)
    assert new != old
    assert crypto.token_macs(b"another", "path") != crypto.token_macs(b"member", "path")
    assert crypto.token_macs(b"member", "another") != crypto.token_macs(b"member", "path")


def test_without_a_key_for_tokens_index_key_makes_them_as_ever(settings):
    assert crypto.token_macs(b"member", "path") == (crypto.digest(b"member", "path"),)
    settings.WEBHOOK_TOKEN_KEYS = [NEW, "INDEX_KEY"]
    assert crypto.token_macs(b"member", "path")[1] == crypto.digest(b"member", "path")


def test_a_key_for_tokens_is_the_same_in_both_alphabets_of_base64(settings):
    key = base64.b64encode(bytes(range(224, 256))).decode()
    settings.WEBHOOK_TOKEN_KEYS = [key, key.translate(str.maketrans("+/", "-_")).rstrip("=")]
    assert len(set(crypto.token_macs(b"member", "path"))) == 1
    assert "/" in key


@pytest.mark.parametrize("bad", ["not base64 !!", base64.b64encode(b"short").decode(), "index_key"])
def test_a_bad_key_for_tokens_is_a_configuration_error_that_does_not_show_it(settings, bad):
    settings.WEBHOOK_TOKEN_KEYS = [NEW, bad]
    with pytest.raises(ImproperlyConfigured, match="WEBHOOK_TOKEN_KEYS") as caught:
        crypto.token_macs(b"member", "path")
    assert bad not in str(caught.value)
