"""What nobody sees does not stay in a text."""

import pytest

from lib.plain_text import plain_text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Padaria São João", "Padaria São João"),
        ("a\u200bb\u202ec\u2066d", "abcd"),
        ("a\U000e0041\U000e0042", "a"),
        ("a\ufe0f\U000e0101b", "ab"),
        ("a\x00\x1b[31mb", "a[31mb"),
        ("a\nb\tc\r", "a b c "),
        ("\ud800a\ue000", "a"),
        ("R$\N{NO-BREAK SPACE}5 ☕", "R$\N{NO-BREAK SPACE}5 ☕"),
    ],
)
def test_what_nobody_sees_is_left_out(text, seen):
    assert plain_text(text) == seen
