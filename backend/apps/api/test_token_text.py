"""The text of a token: random, and with a checksum that finds slips of the pen."""

import pytest

from apps.api.token_text import CHECKSUM, RANDOM, checksum, is_well_formed, make_text


def test_tokens_differ_and_are_well_formed():
    texts = {make_text() for _ in range(50)}
    assert len(texts) == 50
    assert all(is_well_formed(text) for text in texts)
    assert all(len(text) == len("ponte_") + RANDOM + CHECKSUM for text in texts)


def test_one_wrong_letter_is_found():
    text = make_text()
    for place in range(6, len(text)):
        wrong = "a" if text[place] != "a" else "b"
        assert not is_well_formed(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize("text", ["", "ponte_", "ponte_" + "a" * 46, "other_" + "a" * 46, "ponte_" + "é" * 46])
def test_what_is_no_token_is_refused(text):
    assert not is_well_formed(text)


def test_the_checksum_is_that_of_every_release():
    # Scanners compute it too.
    assert checksum("ponte_" + "0" * 40) == "4d9iYe"
