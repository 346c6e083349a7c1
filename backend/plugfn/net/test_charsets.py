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


@pytest.mark.parametrize("charset", sorted({*CHARSETS, *aliases, *aliases.values(), "idna", "undefined", "x" * 40}))
@pytest.mark.parametrize("piece", [b"a", b"a-b", b"\xff", b"+A", b"\x1b$B"])
def test_no_charset_takes_more_than_linear_time(charset, piece):
    """Eight times the size takes 64 times as long where time is quadratic."""
    content_type = f"text/plain; charset={charset}"
    assert (
        _seconds(piece * (BIG // len(piece)), content_type)
        < 24 * _seconds(piece * (SMALL // len(piece)), content_type) + 0.2
    )


def _seconds(body, content_type):
    best = 60.0
    for _ in range(2):
        begun = time.process_time()
        assert isinstance(decoded(body, content_type), str)
        best = min(best, time.process_time() - begun)
    return best
