"""Text from HTML: what a person would read, in time proportional to the length."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.mail.plain import text_of


def test_paragraphs_lists_and_links_become_text():
    html = """<html><head><title>x</title><style>p {color: red}</style></head><body>
      <h1>Olá, Ana &amp; Bob</h1><p>Seu saldo:<br>R$&nbsp;10</p>
      <ul><li>um</li><li>dois</li></ul><!-- <p>secret</p> -->
      <script>alert("<p>no</p>")</script><a class=x href="https://example.com/a?b=1&amp;c=2">Ver</a>&lt;fim&gt;</body>"""
    assert text_of(html) == (
        "Olá, Ana & Bob\n\nSeu saldo:\nR$ 10\n\n- um\n- dois\n\nVer (https://example.com/a?b=1&c=2)<fim>"
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a < b and c > d", "a < b and c > d"),
        ("<a href='javascript:x()'>tap</a>", "tap"),
        ("</a>stray", "stray"),
        ("<p>open <b>end", "open end"),
        ("a<!-- never closed", "a"),
        ("a<script>never closed", "a"),
        ("&#" + "9" * 5000 + ";", "&#" + "9" * 5000 + ";"),
        ("", ""),
    ],
)
def test_malformed_html_is_still_read(html, text):
    assert text_of(html) == text


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<!--", "<script", "<script></", "</a ", "<a href='", "&#", "&nbsp;", "<aaaa", " \n", "&lt"]
)
def test_hostile_html_is_read_in_linear_time(piece):
    html = piece * (400_000 // len(piece))
    began = time.perf_counter()
    text_of(html)
    assert time.perf_counter() - began < 2


@given(st.text(alphabet=st.sampled_from("<>/abp!- \n&;'\"=href"), max_size=200))
def test_any_text_is_read_without_an_error(html):
    assert "\n\n\n" not in text_of(html)
