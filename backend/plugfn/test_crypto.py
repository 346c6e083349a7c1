"""A sealed value opens with the right ring in the right context only, also when an earlier release sealed it."""

import base64
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugfn.crypto import DIGEST_SIZE, HEADER_SIZE, IndexKey, KeyRing, Unreadable, key_id, new_key
from plugfn.errors import ConfigurationError

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
RING = KeyRing.from_keys([OLD])
INDEX_TEXT = "an-index-key-for-tests-alone-which-protects-nothing"
INDEX = IndexKey(INDEX_TEXT)

# Made by an earlier release: stored values must stay readable, however the code changes.
SEALED_LONG_AGO = [
    (
        "banking.Account|1|extra",
        "secret",
        "01ea98589de3c3e395537a06bd19da6f2109a0a48d058220750ee5a521a8a05d0f6f6c374b0fdb",
    ),
    ("row", "", "01ea98589dd2986e5b3fa358c8dbe69d4e3fd2f44902da73510b0cc7073273d73c"),
    (
        "linha ç",
        "Ação ☂",
        "01ea98589d12443c22c2f40844fafc8de2cb200686743d68602eb0d893c71166416f281aad4c37b285f7db",
    ),
    (
        "banking.Account|1|extra",
        "secret",
        "01b77e57cc7f4f891edd7b580d9ac55c27fce27787cc68d88797ef7ca92c2cda97910c807c70f4",
    ),
    ("row", "", "01b77e57ccc618b26ac03d94dad3e874369d7cf323f053d87faa1d3e61a6255289"),
    (
        "linha ç",
        "Ação ☂",
        "01b77e57cca0595158c094984bca2b98f61573cac2304da208007f96d43183fa98924e0bead97fb2ad3968",
    ),
]
DIGESTS_LONG_AGO = [
    (INDEX_TEXT, "row", b"data", "bb385c9be2a57007bd057197db50c9ed"),
    (INDEX_TEXT, "x", b"", "3f6acaadbc4609de53f8d4c3ea0e9da1"),
    (INDEX_TEXT, "pluggy webhook path", b"\xff" * 100, "eb46a7da2205aea0d07eb3a7572a2ff5"),
    ("k" * 64 + "a", "row", b"data", "93cc720a6d05b57f7f3afb69fddc8917"),
    ("á" * 40, "row", b"data", "6af68ceac107d1710eed61826e65ef19"),
]


@pytest.mark.parametrize(("context", "plain", "sealed"), SEALED_LONG_AGO)
def test_a_value_sealed_by_an_earlier_release_still_opens(context, plain, sealed):
    ring = KeyRing.from_keys([NEW, OLD])
    assert ring.unseal(bytes.fromhex(sealed), context) == plain.encode()
    assert ring.is_current(bytes.fromhex(sealed)) is (sealed[2:10] == "b77e57cc")
    with pytest.raises(Unreadable):
        ring.unseal(bytes.fromhex(sealed), context + "x")


@pytest.mark.parametrize(("key", "purpose", "data", "digest"), DIGESTS_LONG_AGO)
def test_a_digest_equals_the_one_of_earlier_releases(key, purpose, data, digest):
    assert IndexKey(key).digest(data, purpose).hex() == digest


@pytest.mark.parametrize("text", [" João ", "Joa\u0303o", "JOÃO"])
def test_a_blind_index_is_stable_and_ignores_case_space_and_unicode_form(text):
    assert INDEX.blind_index(text, "name").hex() == "01f75d48f750adc5538a178b2767b6eb"


@given(plain=st.binary(max_size=2000), context=st.text(st.characters(codec="utf-8"), max_size=50))
def test_a_sealed_value_opens_to_the_same_bytes(plain, context):
    assert RING.unseal(RING.seal(plain, context), context) == plain


def test_two_seals_of_the_same_bytes_differ():
    assert RING.seal(b"same", "row") != RING.seal(b"same", "row")


@settings(max_examples=60)
@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_makes_a_value_unreadable(place, bit):
    sealed = bytearray(RING.seal(b"secret", "row"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(Unreadable):
        RING.unseal(bytes(sealed), "row")


@given(junk=st.binary(max_size=60))
def test_a_value_that_was_never_sealed_raises_only_unreadable(junk):
    with pytest.raises(Unreadable):
        RING.unseal(junk, "row")


def test_a_truncated_value_is_unreadable():
    sealed = RING.seal(b"secret", "row")
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            RING.unseal(sealed[:length], "row")


def test_after_rotation_the_old_key_reads_and_the_new_one_writes():
    rotated = KeyRing.from_keys([NEW, OLD])
    old, new = RING.seal(b"secret", "row"), rotated.seal(b"secret", "row")
    assert rotated.unseal(old, "row") == rotated.unseal(new, "row") == b"secret"
    assert (rotated.is_current(old), rotated.is_current(new)) == (False, True)
    with pytest.raises(Unreadable):
        KeyRing.from_keys([NEW]).unseal(old, "row")


@given(raw=st.binary(min_size=32, max_size=32))
def test_a_key_may_be_standard_or_url_safe_base64_with_or_without_its_padding(raw):
    standard, url_safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    rings = [KeyRing.from_keys(key) for key in (standard, url_safe, url_safe.rstrip("="))]
    sealed = rings[0].seal(b"secret", "row")
    assert {ring.unseal(sealed, "row") for ring in rings} == {b"secret"}


BAD = ["not base64 !!", "é" * 43, base64.b64encode(b"short").decode(), base64.b64encode(b"x" * 33).decode(), "="]


@pytest.mark.parametrize("keys", [[], "", [""], [OLD, ""], *BAD, *([OLD, bad] for bad in BAD)])
def test_a_bad_key_is_a_configuration_error_that_names_the_setting_and_not_the_key(keys):
    with pytest.raises(ConfigurationError, match=r"^SOME_KEYS ") as caught:
        KeyRing.from_keys(keys, "SOME_KEYS")
    assert not any(key in str(caught.value) for key in [keys, *keys] if isinstance(key, str) and len(key) > 1)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_each_new_key_is_different_and_fits_a_ring():
    assert new_key() != new_key()
    assert KeyRing.from_keys(new_key())


def test_neither_a_ring_nor_an_index_key_shows_its_keys():
    raw = base64.b64decode(OLD)
    for shown in (repr(RING), str(RING), repr(INDEX), str(INDEX)):
        assert OLD not in shown
        assert INDEX_TEXT not in shown
        assert repr(raw) not in shown
    assert repr(RING) == "<KeyRing of 1>"


@given(data=st.binary(max_size=200))
def test_only_equal_data_purpose_and_key_give_equal_digests(data):
    digest = INDEX.digest(data, "row")
    assert digest == INDEX.digester("row")(data) == IndexKey(INDEX_TEXT).digest(data, "row")
    assert len(digest) == DIGEST_SIZE
    others = (INDEX.digest(data, "other"), INDEX.digest(data + b"x", "row"), IndexKey("x" * 32).digest(data, "row"))
    assert digest not in others


def test_index_keys_that_differ_only_in_late_bytes_give_different_digests():
    assert IndexKey("k" * 64 + "a").digest(b"data", "row") != IndexKey("k" * 64 + "b").digest(b"data", "row")


@pytest.mark.parametrize("key", ["", "short", "x" * 31])
def test_a_missing_or_short_index_key_is_a_configuration_error(key):
    with pytest.raises(ConfigurationError, match=r"^SOME_KEY must be set, to at least 32 characters\.$"):
        IndexKey(key, "SOME_KEY")


def test_random_bytes_of_a_right_length_do_not_open():
    with pytest.raises(Unreadable):
        RING.unseal(RING.seal(b"x", "row")[:HEADER_SIZE] + os.urandom(40), "row")


def test_a_rings_digests_match_those_of_an_older_first_key():
    old, new = new_key(), new_key()
    before, after = KeyRing.from_keys(old), KeyRing.from_keys([new, old])
    assert before.digests("T123", "account") == (after.digests("T123", "account")[1],)
    assert before.digests("T123", "account") != before.digests("T123", "other")
    assert before.digests("T123", "account") != before.digests("T124", "account")


def test_two_keys_with_the_same_id_are_refused():
    """The ring would try to open one key's values with the other."""
    seen: dict[bytes, bytes] = {}
    for number in range(1_000_000):
        key = number.to_bytes(32)
        if (other := seen.setdefault(key_id(key), key)) is not key:
            break
    with pytest.raises(ConfigurationError):
        KeyRing.from_keys([base64.b64encode(one).decode() for one in (key, other)])
    assert repr(KeyRing.from_keys([base64.b64encode(key).decode()] * 2)) == "<KeyRing of 1>"


@pytest.mark.parametrize(
    "wrong", [None, "", [], [None], b"\1" * 32, [b"\1" * 32], [7], "abc", "é" * 44, bytes(range(32)).hex()]
)
def test_an_invalid_key_is_refused_with_how_to_generate_one(wrong):
    with pytest.raises(ConfigurationError, match=r"plugfn\.new_key\(\) generates one"):
        KeyRing.from_keys(wrong)
