"""URLs of users: one way of parsing them, and what is refused without the network."""

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugfn.errors import Forbidden, InvalidParams
from plugfn.net.guard import Guard
from plugfn.net.url import check_url, read_origin, read_url, stays_within


def test_a_url_is_read_into_its_parts():
    found = check_url("https://Hooks.Example:8443/in%20box/x?a=1&b=%2F")
    assert (found.scheme, found.host, found.port) == ("https", "hooks.example", 8443)
    assert (found.path, found.query) == ("/in%20box/x", "a=1&b=%2F")
    assert found.origin == "https://hooks.example:8443"


def test_the_default_port_is_left_out_of_the_origin():
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
def test_an_invalid_url_is_refused_and_not_shown(url):
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
def test_any_text_is_parsed_or_refused_and_never_breaks(text):
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


def by_httpx2(url):
    """The URL as httpx2 reads it. Raises ValueError and httpx2.InvalidURL."""
    parsed = httpx2.URL(url)
    host = parsed.raw_host.decode("ascii").lower().removesuffix(".")
    port = {"http": 80, "https": 443}[parsed.scheme] if parsed.port is None else parsed.port
    path = parsed.raw_path.partition(b"?")[0].decode("ascii")
    return parsed.scheme, host, port, path, parsed.query.decode("ascii")


HOSTS = ["127.0.0.1", "0x7f", "017", "1.2.3.400", "[::1]", "[::ffff:1.2.3.4]", "[fe80::1%25eth0]", "fe80::1", "a" * 64]
NAMES = ["evil.example", "example.com", "xn--", "xn--mnchen-3ya", "日本", "𝐚", "ü", "ß", "ſ", "\u212a", "①", "١"]
MARKS = [*"ab01-_~%@:/?#[]\\&=+;,!$'()*|^`{}<>\"\t\n \x00\x7f", *"。．＠／：％\u200d\ud800\u00a0"]
DOTS = [".", "..", "...", "/../", "/./", "//", "%2e", "%2f", "%5c", "%zz"]
MORE = [":80", ":0443", ":65536", ":+80", ":8_0", "user:pass@", "https://", "?a=b"]
PIECES = st.sampled_from([*HOSTS, *NAMES, *MARKS, *DOTS, *MORE])
HEADS = st.sampled_from(["https://", "http://", "HTTP://", "https:", "httpſ://", ""])


@given(head=HEADS, pieces=st.lists(PIECES, max_size=9))
@settings(max_examples=1500)
@example(head="https://", pieces=["a" * 64, "\u212a"])
@example(head="https://", pieces=["example.com", "/a/../../b/./c/.."])
@example(head="https://", pieces=["example.com", "?a=`{}", "^|[]"])
@example(head="https://", pieces=["EXAMPLE.com", ".", ":8443", "//x"])
def test_httpx2_reads_accepted_urls_alike(head, pieces):
    url = head + "".join(pieces)
    try:
        found = read_url(url)
    except InvalidParams:
        return
    assert (found.scheme, found.host, found.port, found.path, found.query) == by_httpx2(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com", "HTTP://EXAMPLE.COM:8080", "https://example.com:443/", "https://a_b.example/", "https://1.2.3.4:80",
        "https://example.com./x", "https://[2606:4700::1]:8443/?q", "https://[::FFFF:1.2.3.4]/", "https://example.com/?",
        "https://münchen.example/straße?größe=ü", "https://日本。jp/", "https://example.com/a/../b/./c", "https://example.com/..",
        "https://example.com/a/..", "https://example.com/a%20b/%C3%BC;x=1,2", "https://example.com?x=[1]|2", "https://x/a'(b)*!",
        "https://example.com:/x", "https://example.com:0443/x", "https://xn--mnchen-3ya.example/", "https://127.1/", "https://0x7f.1/",
        'https://example.com/?a="<>', "https://example.com/{a}`", "https://example.com/%2e%2ex",
    ],
)  # fmt: skip
def test_usual_urls_are_accepted_and_httpx2_reads_them_alike(url):
    found = read_url(url)
    assert (found.scheme, found.host, found.port, found.path, found.query) == by_httpx2(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com:+80/", "https://example.com:8_0/", "https://example.com:٨٠/", "https://[::1]8443/", "https://[::1]x/",
        "https://1。2。3。400/", "https://1.2.3.400./", "httpſ://example.com/", "https://a:b:80/", "https://[::1]:80:80/",
        "https://user＠example.com/", "https://example.com／x/", "https://\ud800/", "https://example.com/\ud800", "https://[]/",
        "https://[v1.x]/", "https://[::1%eth0]/", "https://xn--a\u200d/", "https://a..%2f/", "https://%65xample.com/",
    ],
)  # fmt: skip
def test_urls_that_parsers_read_differently_are_refused(url):
    with pytest.raises(InvalidParams):
        read_url(url)
