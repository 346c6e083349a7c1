"""A sender cannot choose how long decoding takes."""

import time
from encodings.aliases import aliases

import pytest

from plugfn.net.charsets import CHARSETS, decoded

SMALL, BIG = 16_384, 131_072


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("olá".encode(), "text/plain", "olá"),
        ("olá".encode("latin-1"), "text/plain; charset=ISO-8859-1", "olá"),
        ("olá €".encode("cp1252"), 'text/plain; Charset="windows-1252"', "olá €"),
        ("日本".encode("shift_jis"), "text/html;charset=Shift_JIS", "日本"),
        ("olá".encode(), "text/plain; charset=made-up", "olá"),
        (b"\xff", "text/plain", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_text_is_decoded_as_its_sender_says(body, content_type, text):
    assert decoded(body, content_type) == text


@pytest.mark.parametrize("piece", [b"a", b"9", b"\xff", b"+A", b"\x1b$B"])
def test_no_charset_takes_more_than_linear_time(piece):
    """Eight times the size takes 64 times as long where time is quadratic."""
    for charset in (*CHARSETS, *aliases.values(), "idna", "undefined", "x" * 40):
        small, big = _seconds(piece, SMALL, charset), _seconds(piece, BIG, charset)
        assert big < 24 * small + 0.5, charset


def _seconds(piece, size, charset):
    begun = time.process_time()
    assert decoded(piece * (size // len(piece)), f"text/plain; charset={charset}")
    return time.process_time() - begun
