"""Bodies of answers: compressed or not, never larger than allowed."""

import asyncio
import gzip
import tracemalloc

import pytest

from plugfn.errors import Unavailable, Unexpected
from plugfn.net.conftest import OK, answer, vendor


async def test_a_gzip_answer_of_several_members_is_decompressed(pool, server):
    server.answer = answer(gzip.compress(b'{"a":') + gzip.compress(b"1}"), "Content-Encoding: gzip")
    assert (await vendor(pool, server).get("/")).json() == {"a": 1}


async def test_an_answer_may_have_exactly_the_allowed_size(pool, server):
    http = vendor(pool, server, max_bytes=100)
    server.answer = answer(b"x" * 100)
    assert len((await http.get("/")).body) == 100
    server.answer = answer(b"x" * 101)
    with pytest.raises(Unexpected) as caught:
        await http.get("/")
    assert caught.value.code == "too_big"


async def test_decompression_stops_at_the_allowed_size(pool, server):
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
async def test_an_answer_with_another_encoding_is_unexpected(pool, server, coding, body):
    server.answer = answer(body, f"Content-Encoding: {coding}")
    with pytest.raises(Unexpected) as caught:
        await vendor(pool, server).get("/")
    assert caught.value.code == "encoding"


async def test_an_incomplete_gzip_answer_may_have_been_done(pool, server):
    server.answer = answer(gzip.compress(b"x" * 1000)[:-9], "Content-Encoding: gzip")
    with pytest.raises(Unavailable) as caught:
        await vendor(pool, server).get("/")
    assert (caught.value.code, caught.value.maybe_done) == ("truncated", True)


async def test_an_unwanted_body_is_dropped_whatever_its_size(pool, server):
    server.answer = answer(b"x" * 50_000)
    assert (await vendor(pool, server, max_bytes=10).post("/", max_bytes=0)).body == b""
    server.answer = answer(b"x" * 5_000_000)
    assert (await vendor(pool, server).post("/", max_bytes=0)).status == 200
    server.answer = OK
    assert (await vendor(pool, server).get("/")).json() == {}


async def test_decompression_takes_no_memory_beyond_the_allowed_size(pool, server):
    server.answer = answer(gzip.compress(b"\x00" * 50_000_000), "Content-Encoding: gzip")
    http = vendor(pool, server, max_bytes=1000)
    await asyncio.gather(http.get("/"), return_exceptions=True)
    tracemalloc.start()
    try:
        with pytest.raises(Unexpected):
            await http.get("/")
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
