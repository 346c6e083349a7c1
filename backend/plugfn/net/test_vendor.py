"""HTTP to vendors: what goes out, what is refused before, what each way of failing means."""

import asyncio
import gzip
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.errors import Forbidden, InvalidCall, InvalidParams, NeedsReconnect, Unavailable, Unexpected
from plugfn.net.answer import ErrorTable
from plugfn.net.conftest import OK, RawServer
from plugfn.net.pool import Pool
from plugfn.net.quota import Quota, quota_headers
from plugfn.net.vendor import VendorHttp, quoted

SECRET = "tok-3f9a"


def vendor(pool: Pool, server: RawServer, path: str = "", **options) -> VendorHttp:
    options = {"trusted": True, "headers": {"Authorization": f"Bearer {SECRET}"}} | options
    return VendorHttp(pool, server.url + path, **options)


def answer(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


async def test_a_request_carries_its_path_query_body_and_authentication(pool, server):
    await vendor(pool, server, "/v1/").post("/things/@me", params={"a": [1, 2], "b": True, "c": None}, json={"é": 1})
    head, _, body = server.seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/things/@me?a=1&a=2&b=true HTTP/1.1\r\n")
    assert f"authorization: bearer {SECRET}" in head.decode().lower()
    assert f"host: 127.0.0.1:{server.port}" in head.decode().lower()
    assert body == '{"é":1}'.encode()


async def test_a_form_a_body_and_an_encoded_query_go_out_as_they_are(pool, server):
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
async def test_what_is_no_json_is_refused_before_anything_is_sent(pool, server, body):
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


async def test_an_error_is_what_the_table_says_and_unchecked_is_returned(pool, server):
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


# --- what an answer may be ---


async def test_a_packed_answer_is_unpacked_also_in_several_members(pool, server):
    server.answer = answer(gzip.compress(b'{"a":') + gzip.compress(b"1}"), "Content-Encoding: gzip")
    assert (await vendor(pool, server).get("/")).json() == {"a": 1}


async def test_an_answer_of_just_the_allowed_size_passes_and_one_byte_more_does_not(pool, server):
    http = vendor(pool, server, max_bytes=100)
    server.answer = answer(b"x" * 100)
    assert len((await http.get("/")).body) == 100
    server.answer = answer(b"x" * 101)
    with pytest.raises(Unexpected) as caught:
        await http.get("/")
    assert caught.value.code == "too_big"


async def test_a_small_answer_that_unpacks_to_a_big_one_is_stopped(pool, server):
    bomb = gzip.compress(b"\x00" * 50_000_000)
    server.answer = answer(bomb, "Content-Encoding: gzip")
    with pytest.raises(Unexpected) as caught:
        await vendor(pool, server, max_bytes=1000).get("/")
    assert caught.value.code == "too_big"


async def test_an_endless_answer_is_stopped(pool, server):
    async def pour(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"4\r\nxxxx\r\n" * 1000)
            await writer.drain()

    server.answer = pour
    with pytest.raises(Unexpected) as caught:
        await vendor(pool, server, max_bytes=100_000).get("/")
    assert caught.value.code == "too_big"


@pytest.mark.parametrize(
    ("coding", "body"), [("br", b"x"), ("gzip", b"not gzip"), ("gzip, gzip", b"x"), ("deflate", b"x")]
)
async def test_an_answer_packed_otherwise_is_unexpected(pool, server, coding, body):
    server.answer = answer(body, f"Content-Encoding: {coding}")
    with pytest.raises(Unexpected) as caught:
        await vendor(pool, server).get("/")
    assert caught.value.code == "encoding"


async def test_a_packed_answer_that_stops_in_the_middle_may_have_been_done(pool, server):
    server.answer = answer(gzip.compress(b"x" * 1000)[:-9], "Content-Encoding: gzip")
    with pytest.raises(Unavailable) as caught:
        await vendor(pool, server).get("/")
    assert (caught.value.code, caught.value.maybe_done) == ("truncated", True)


async def test_a_body_that_nobody_wants_is_neither_kept_nor_too_big(pool, server):
    server.answer = answer(b"x" * 50_000)
    assert (await vendor(pool, server, max_bytes=10).post("/", max_bytes=0)).body == b""
    server.answer = answer(b"x" * 5_000_000)
    assert (await vendor(pool, server).post("/", max_bytes=0)).status == 200
    server.answer = OK
    assert (await vendor(pool, server).get("/")).json() == {}


async def test_what_a_call_does_elsewhere_counts_as_its_own(pool, server):
    http = vendor(pool, server)
    server.answer = _then_close
    with pytest.raises(Unavailable):
        await http.elsewhere(server.url).post("/")
    assert http.in_doubt
    server.answer = OK
    await http.elsewhere(server.url).post("/")
    assert http.changed


# --- ways to fail ---


async def _then_close(writer):
    writer.close()


async def _reset(writer):
    writer.transport.abort()


def _half(data: bytes):
    async def send(writer):
        writer.write(data)
        await writer.drain()
        writer.close()

    return send


@pytest.mark.parametrize(
    "failing",
    [
        _then_close, _reset, _half(b"HTTP/1.1 200"), _half(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        _half(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), _half(b"SSH-2.0-OpenSSH_9\r\n\r\n"),
        _half(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), _half(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000),
    ],
)  # fmt: skip
async def test_a_request_that_went_out_without_a_whole_answer_may_have_been_done(pool, server, failing):
    server.answer = failing
    http = vendor(pool, server)
    with pytest.raises(Unavailable) as caught:
        await http.post("/pay", json={"card": SECRET})
    assert (caught.value.code, caught.value.maybe_done) == ("no_answer", True)
    assert http.in_doubt
    assert not http.changed
    assert SECRET not in repr(caught.value) + str(caught.value)


async def test_a_refused_connection_means_nothing_was_done(pool, server):
    http = VendorHttp(pool, "http://127.0.0.1:1", trusted=True)
    with pytest.raises(Unavailable) as caught:
        await http.post("/", json={})
    assert (caught.value.code, caught.value.maybe_done, http.in_doubt) == ("connect", False, False)


async def test_a_name_that_leads_nowhere_means_nothing_was_done(pool):
    for trusted in (True, False):
        with pytest.raises(Unavailable) as caught:
            await VendorHttp(pool, "https://no-such-host.invalid", trusted=trusted).get("/")
        assert (caught.value.code, caught.value.maybe_done) == ("dns", False)


async def test_a_call_cut_off_while_it_waits_for_the_answer_is_in_doubt(pool, server):
    async def hang(_writer):
        await asyncio.sleep(30)

    server.answer = hang
    http = vendor(pool, server)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await http.delete("/x")
    assert http.in_doubt
    server.answer = OK
    assert (await vendor(pool, server).get("/")).ok


async def test_an_answered_call_is_not_in_doubt_and_says_whether_it_changed_anything(pool, server):
    http = vendor(pool, server)
    await http.get("/")
    assert (http.in_doubt, http.changed) == (False, False)
    await http.post("/")
    assert (http.in_doubt, http.changed) == (False, True)


async def test_a_hundred_and_twenty_calls_run_at_once(pool, server):
    async def slow(writer):
        await asyncio.sleep(0.1)
        writer.write(OK)

    server.answer = slow
    found = await asyncio.gather(*[vendor(pool, server).get(f"/{number}") for number in range(120)])
    assert all(one.ok for one in found)
    assert server.connections == 120


async def test_a_connection_is_used_again_by_other_calls(pool, server):
    for _ in range(5):
        await vendor(pool, server).get("/")
    assert server.connections == 1


async def test_nothing_secret_reaches_a_log_or_a_repr(pool, server, caplog):
    caplog.set_level(logging.DEBUG)
    server.answer = answer(b'{"body": "b-77"}', "Set-Cookie: session=cookie-55")
    http = vendor(pool, server)
    await http.post("/", params={"key": "query-66"}, json={"p": "body-88"})
    assert "send_request_headers" in caplog.text
    for secret in (SECRET, "cookie-55", "query-66", "body-88", "b-77"):
        assert secret not in caplog.text + repr(http)


# --- parts of a path ---


@pytest.mark.parametrize("value", ["", ".", "..", "\ud800"])
def test_a_value_that_is_no_segment_is_refused(value):
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
