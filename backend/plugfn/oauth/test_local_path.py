"""Tests of redirect targets: nothing that a browser could read as another site."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.errors import InvalidParams
from plugfn.oauth.local_path import local_path

BASE = "https://app.example/plug"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (None, ""),
        ("", ""),
        ("/", "/"),
        ("/settings?tab=1&x=%2F", "/settings?tab=1&x=%2F"),
        ("/a//b", "/a//b"),
        ("/a#frag", "/a"),
        ("/ação", "/a%C3%A7%C3%A3o"),
        ("/go?to=https://evil.example", "/go?to=https://evil.example"),
        ("https://app.example/settings", "/settings"),
        ("HTTPS://APP.example:443/settings", "/settings"),
    ],
)
def test_paths_of_this_site_are_kept(target, path):
    assert local_path(target, BASE) == path


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/\x00/evil.example",
        "/a\r\nSet-Cookie: x=1",
        "https://evil.example/",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "http://app.example/",
        "https://app.example:8443/",
        "https://app.example.evil.example/",
        "https://app.example@evil.example/",
        "https://user@app.example/",
        "https://app.example//evil.example",
        "https://[",
        "javascript:alert(1)",
        "data:text/html,x",
        "settings",
        "?x=1",
        "//app.example/",
        "/" + "x" * 3000,
    ],
)
def test_a_target_that_a_browser_may_read_as_another_site_is_refused(target):
    with pytest.raises(InvalidParams) as caught:
        local_path(target, BASE)
    assert caught.value.code == "open_redirect"


@given(st.text(alphabet="/\\.:@?#[]%\t\n \x00ahtps-é\ud800\u2028", max_size=20))
def test_every_accepted_target_stays_on_this_site(target):
    try:
        path = local_path(target, BASE)
    except InvalidParams:
        return
    assert path == "" or path.startswith("/")
    assert path.isascii()
    # As browsers read it: backslashes are slashes, control characters are dropped.
    read = "".join(character for character in path.replace("\\", "/") if character > " ")
    assert urlsplit(urljoin("https://app.example/x", read)).netloc == "app.example"
