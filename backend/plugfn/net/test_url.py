"""URLs that users give: one reading of them, and what is refused before anything is asked of the network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.errors import Forbidden, InvalidParams
from plugfn.net.guard import Guard
from plugfn.net.url import check_url, read_origin, read_url, stays_within


def test_a_url_is_read_into_its_parts():
    found = check_url("https://Hooks.Example:8443/in%20box/x?a=1&b=%2F")
    assert (found.scheme, found.host, found.port) == ("https", "hooks.example", 8443)
    assert (found.path, found.query) == ("/in%20box/x", "a=1&b=%2F")
    assert found.origin == "https://hooks.example:8443"


def test_the_schemes_own_port_is_left_out_of_the_origin():
    assert check_url("https://example.com:443").origin == "https://example.com"
    assert check_url("http://example.com", https_only=False).origin == "http://example.com"


def test_an_international_name_is_read_as_ascii():
    assert check_url("https://münchen.example/").host == "xn--mnchen-3ya.example"


def test_a_final_dot_and_brackets_are_dropped_from_the_host():
    assert check_url("https://example.com./").host == "example.com"
    assert check_url("https://[2606:4700::1]:8443/").origin == "https://[2606:4700::1]:8443"


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "//example.com", "https://", "https:///x", "https:example.com", "ftp://example.com",
        "file:///etc/passwd", "gopher://example.com", "javascript:alert(1)", "unix:/run/x.sock", "HTTPS+unix://x",
        "https://user@example.com", "https://user:pass@example.com", "https://@example.com", "https://:@example.com/",
        "https://example.com#x", "https://example.com/#", "https://example.com\\@evil.example", "https:\\\\example.com",
        "https://exa mple.com", " https://example.com", "https://example.com\n", "https://example.com\r\nX: y",
        "https://example.com:0", "https://example.com:65536", "https://example.com:abc", "https://example.com:-1",
        "https://[::1", "https://[zz::1]/", "https://1.2.3.400/", "https://.", "https://" + "a" * 3000,
        "https://\u2024\u2024", "https://ex\x00ample.com", "https://[fe80::1%25eth0]/",
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_refused_without_being_repeated(url):
    with pytest.raises((InvalidParams, Forbidden)) as caught:
        check_url(url, Guard())
    if len(url) > 12:
        assert url not in str(caught.value)


def test_http_needs_permission():
    with pytest.raises(InvalidParams):
        check_url("http://example.com")
    assert check_url("http://example.com", https_only=False).port == 80


@pytest.mark.parametrize("port", [22, 25, 110, 143, 445, 465, 587, 993, 1023])
def test_the_ports_of_other_protocols_are_refused(port):
    with pytest.raises(Forbidden) as caught:
        check_url(f"https://example.com:{port}/")
    assert caught.value.code == "port"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "[64:ff9b::7f00:1]"])
def test_a_literal_private_address_is_refused_at_once(host):
    with pytest.raises(Forbidden) as caught:
        check_url(f"https://{host}/", Guard())
    assert caught.value.code == "private_address"


def test_an_allowed_literal_address_passes():
    assert check_url("https://127.0.0.1:8080/x", Guard(["127.0.0.0/8"])).host == "127.0.0.1"


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused_and_never_breaks(text):
    for candidate in (text, "https://" + text, "https://example.com/" + text):
        try:
            found = read_url(candidate)
        except InvalidParams:
            continue
        assert found.host
        assert "@" not in found.origin
        assert read_origin(found.origin).host == found.host


@pytest.mark.parametrize("path", ["/a/..%2fb", "/%2e%2e%2Fb", "/a%2f..", "/a%2F%2e%2e%2Fb", "/a%5C..%5cb", "/a/.%2fb"])
def test_encoded_slashes_do_not_hide_dot_segments(path):
    assert not stays_within(path)


@pytest.mark.parametrize("path", ["/a..b", "/a%2fb", "/...", "/a%2f...%2fb", "/.well-known", "/a.%2fb", "/a/b.."])
def test_dots_within_names_stay(path):
    assert stays_within(path)
