"""HTTP to vendors: what is sent, and what is refused before sending."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.errors import Forbidden, InvalidCall, InvalidParams, NeedsReconnect, Unexpected
from plugfn.net.answer import ErrorTable
from plugfn.net.conftest import OK, SECRET, answer, vendor
from plugfn.net.pool import Pool
from plugfn.net.quota import Quota, quota_headers
from plugfn.net.vendor import VendorHttp, quoted


async def test_a_request_carries_its_path_query_body_and_authentication(pool, server):
    await vendor(pool, server, "/v1/").post("/things/@me", params={"a": [1, 2], "b": True, "c": None}, json={"é": 1})
    head, _, body = server.seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/things/@me?a=1&a=2&b=true HTTP/1.1\r\n")
    assert f"authorization: bearer {SECRET}" in head.decode().lower()
    assert f"host: 127.0.0.1:{server.port}" in head.decode().lower()
    assert body == '{"é":1}'.encode()


async def test_a_form_a_body_and_an_encoded_query_are_sent_unchanged(pool, server):
    http = vendor(pool, server)
    await http.post("/f", form={"x": "a b&c", "y": ["1", "2"]})
    await http.put("/c", content=b"\x00\xff", headers={"Content-Type": "image/png"})
    await http.get("/q", params="sig=a%2Fb&flag")
    assert server.seen[0].endswith(b"\r\n\r\nx=a+b%26c&y=1&y=2")
    assert server.seen[1].endswith(b"\r\n\r\n\x00\xff")
    assert b"image/png" in server.seen[1]
    assert server.seen[2].startswith(b"GET /q?sig=a%2Fb&flag HTTP/1.1")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
async def test_each_method_is_sent(pool, server, method):
    found = await getattr(vendor(pool, server), method)("/x")
    assert (found.status, found.json()) == (200, {})
    assert server.seen[0].startswith(method.upper().encode() + b" /x ")


async def test_a_head_has_an_answer_without_a_body(pool, server):
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nX-Kind: y\r\n\r\n"
    found = await vendor(pool, server).head("/x")
    assert (found.body, found.headers["x-kind"]) == (b"", "y")


@pytest.mark.parametrize(
    "path",
    [
        "", "x", "//evil.example", "//evil.example/x", "\\\\evil.example", "/\\evil", "/a/../b", "/a/..", "/./a", "/..",
        "/a/%2e%2e/b", "/%2E./b", "/a b", "/a\r\nX: y", "/a?b=1", "/a#b", "/é", "/%", "/%zz", "http://evil.example/",
        "@evil.example/", ":80/", "/\x00",
    ],
)  # fmt: skip
async def test_a_path_that_leaves_the_origin_is_refused_before_anything_is_sent(pool, server, path):
    with pytest.raises(InvalidParams):
        await vendor(pool, server, "/v1").get(path)
    assert server.seen == []


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nY: b"}, {"X": "a\nb"}, {"X\r\n": "a"}, {"": "a"}, {"X": "€"}, {"X": "\x00"},
        {"Host": "evil.example"}, {"Content-Length": "0"}, {"transfer-encoding": "chunked"}, {"X Y": "a"},
    ],
)  # fmt: skip
async def test_a_header_that_changes_the_request_is_refused_before_anything_is_sent(pool, server, headers):
    with pytest.raises(InvalidParams) as caught:
        await vendor(pool, server).get("/", headers=headers)
    assert server.seen == []
    assert "evil" not in str(caught.value)


async def test_a_secret_with_a_line_end_is_refused_and_not_shown(pool, server):
    with pytest.raises(InvalidParams) as caught:
        await vendor(pool, server, headers={"Authorization": "Bearer abc\r\nX: y"}).get("/")
    assert "abc" not in str(caught.value)
    assert server.seen == []


async def test_a_calls_own_header_never_replaces_the_authentication(pool, server):
    await vendor(pool, server).get("/", headers={"authorization": "Bearer other", "Accept": "text/plain"})
    assert b"other" not in server.seen[0]
    assert b"text/plain" in server.seen[0]


@pytest.mark.parametrize("body", [float("nan"), {"x": float("inf")}, {"x": "\ud800"}])
async def test_parameters_that_cannot_be_json_are_refused_before_sending(pool, server, body):
    with pytest.raises(InvalidParams):
        await vendor(pool, server).post("/", json=body)
    assert server.seen == []


async def test_another_origin_gets_no_authentication_and_is_guarded(pool, server):
    await vendor(pool, server).elsewhere(server.url).get("/file")
    assert SECRET.encode() not in server.seen[0]
    with pytest.raises(Forbidden):
        await vendor(pool, server).elsewhere("http://10.0.0.1/").get("/file")


async def test_a_cookie_of_one_call_is_never_sent_with_another(pool, server):
    server.answer = answer(b"{}", "Set-Cookie: session=abc; Path=/")
    await vendor(pool, server).get("/")
    await vendor(pool, server, headers={}).get("/")
    assert b"cookie" not in server.seen[1].lower()


async def test_a_redirect_is_not_followed(pool, server):
    server.answer = answer(b"", f"Location: {server.url}/other", status="307 Temporary Redirect")
    with pytest.raises(Unexpected):
        await vendor(pool, server).post("/", json={})
    assert (await vendor(pool, server).get("/", checked=False)).status == 307
    assert len(server.seen) == 2


async def test_a_repeated_header_is_one_with_commas(pool, server):
    server.answer = answer(b"{}", "Link: <a>", "link: <b>")
    assert (await vendor(pool, server).get("/")).headers["link"] == "<a>, <b>"


async def test_errors_follow_the_table_unless_checked_is_false(pool, server):
    server.answer = answer(b"{}", status="401 Unauthorized")
    with pytest.raises(NeedsReconnect):
        await vendor(pool, server).get("/")
    assert (await vendor(pool, server).get("/", checked=False)).status == 401


async def test_the_vendors_quota_is_observed_in_good_and_bad_answers(pool, server):
    seen: list[Quota] = []
    table = ErrorTable(quota=quota_headers("x-left", "x-reset", "seconds"))
    http = vendor(pool, server, errors=table, observe=seen.append)
    server.answer = answer(b"{}", "X-Left: 3", "X-Reset: 60")
    await http.get("/")
    server.answer = answer(b"", "X-Left: 0", "X-Reset: 999999999", status="422 No")
    with pytest.raises(InvalidCall):
        await http.get("/")
    server.answer = OK
    await http.get("/")
    assert seen == [Quota(3, 60.0), Quota(0, 86400.0)]


# --- parts of a path ---


@pytest.mark.parametrize("value", ["", ".", "..", "\ud800"])
def test_a_value_that_cannot_be_a_path_segment_is_refused(value):
    with pytest.raises(InvalidParams):
        quoted(value)


@given(value=st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_a_quoted_value_is_one_segment(value):
    try:
        segment = quoted(value)
    except InvalidParams:
        assert any("\ud800" <= letter <= "\udfff" for letter in value)
        return
    assert not set(segment) & set("/?#\\@: \r\n")
    assert VendorHttp(Pool.__new__(Pool), "https://x.example", trusted=True)._target(f"/a/{segment}/b", None)


async def test_a_parameter_that_is_not_valid_text_is_refused_before_sending(pool, server):
    for options in ({"params": {"a": "\ud800"}}, {"form": {"a": "\ud800"}}, {"params": "a b"}):
        with pytest.raises(InvalidParams):
            await vendor(pool, server).post("/", **options)
    assert server.seen == []
