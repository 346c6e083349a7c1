"""Which addresses and lines are accepted, and which are refused."""

from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.mail.address import address, folded
from plugfn.mail.line import body, file_name, one_line

BREAKS = ["\r", "\n", "\0", "\t", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x7f", "\ud800"]


@pytest.mark.parametrize(
    ("address_text", "expected"),
    [
        ("ana@example.com", "ana@example.com"),
        ("Ana.Souza+notas@Example.COM", "Ana.Souza+notas@example.com"),
        ("josé@example.com", "josé@example.com"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("o'neil@a-b.example.co", "o'neil@a-b.example.co"),
    ],
)
def test_an_address_gets_its_domain_in_ascii(address_text, expected):
    assert address(address_text) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "ana",
        "@example.com",
        "ana@",
        "ana@localhost",
        "ana@@example.com",
        "a b@example.com",
        ".ana@example.com",
        "ana..b@example.com",
        "ana@example..com",
        "ana@-example.com",
        "ana@example.com.",
        "ana@[127.0.0.1]",
        "ana@127.0.0.1",
        '"a b"@example.com',
        "Ana <ana@example.com>",
        "ana@example.com, bob@example.com",
        "ana@example.com>SIZE=1",
        "a\u200bna@example.com",
        "a\u00a0na@example.com",
        "x" * 65 + "@example.com",
        "x@" + ".".join(["a" * 60] * 5),
    ],
)
def test_an_invalid_address_is_refused_and_not_repeated_in_the_error(wrong):
    with pytest.raises(ValueError) as refused:
        address(wrong)
    assert not (len(wrong) > 12 and wrong in str(refused.value))


@pytest.mark.parametrize("character", BREAKS)
@pytest.mark.parametrize("where", ["{}ana@example.com", "an{}a@example.com", "ana@exam{}ple.com", "ana@example.com{}"])
def test_no_address_holds_a_line_break(character, where):
    with pytest.raises(ValueError):
        address(where.format(character))


@given(st.text(max_size=80) | st.text(max_size=30).map("{}@example.com".format))
def test_an_accepted_address_is_one_word_and_reads_back_unchanged(text):
    try:
        read = address(text)
    except ValueError:
        return
    assert address(read) == read
    assert len(read.split()) == 1
    assert parseaddr(read) == ("", read)
    assert not set(read) & set('<>",;:()[]\\')


def test_addresses_are_compared_without_case():
    assert folded("Ana@Example.com") == folded("aNA@example.COM")
    assert folded("ana@example.com") != folded("anna@example.com")


@pytest.mark.parametrize("character", BREAKS)
def test_a_line_with_a_line_break_is_refused(character):
    with pytest.raises(ValueError):
        one_line(f"Hello{character}Bcc: eve@example.com")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "a\\b", ".", "..", " ", "fdp\u202eexe.pdf", "a\r\nX: y"])
def test_a_file_name_that_is_a_path_or_looks_different_is_refused(name):
    with pytest.raises(ValueError):
        file_name(name)


def test_a_body_has_only_line_feeds_and_no_nul():
    assert body("a\r\nb\rc\n") == "a\nb\nc\n"
    for wrong in ("a\0b", "a\ud800"):
        with pytest.raises(ValueError):
            body(wrong)


def test_addresses_that_only_look_alike_stay_different():
    assert folded("straße@example.com") != folded("strasse@example.com")
    assert folded("\ufb01na@example.com") != folded("fina@example.com")
