"""Detecting bytes after an answer, however they are cut into pieces."""

import ssl

import httpcore2
import pytest

from plugfn.net.conftest import OK
from plugfn.net.stream import WatchedStream

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\nX-Trailer: y\r\n\r\n"
LINES = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 2\n\n{}"
NO_BODY = b"HTTP/1.1 204 No Content\r\n\r\n"


class Pieces(httpcore2.AsyncNetworkStream):
    """Returns one piece for each read."""

    def __init__(self, *pieces):
        self.left = [piece for piece in pieces if piece]

    async def read(self, max_bytes, timeout=None):
        return self.left.pop(0)

    async def write(self, buffer, timeout=None):
        pass

    async def aclose(self):
        pass

    def get_extra_info(self, info):
        return None


class Network(httpcore2.AsyncNetworkBackend):
    def __init__(self, stream):
        self.stream = stream

    async def connect_tcp(self, *_, **__):
        return self.stream


async def read_answer(pieces):
    """The body, and the stream that httpcore2 read it from."""
    stream = WatchedStream(pieces)
    origin = httpcore2.Origin(b"http", b"acme.example", 80)
    connection = httpcore2.AsyncHTTPConnection(origin, network_backend=Network(stream))
    answer = await connection.request("GET", "http://acme.example/")
    assert answer.extensions["network_stream"] is stream
    assert connection.is_idle()
    return answer.content, stream


@pytest.mark.parametrize("whole", [OK, CHUNKED, LINES, NO_BODY], ids=["length", "chunks", "lines", "no body"])
@pytest.mark.parametrize("beyond", [b"x", b"\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
async def test_bytes_after_an_answer_are_detected_however_the_pieces_end(whole, beyond):
    everything = whole + beyond
    for cut in range(len(everything)):
        body, stream = await read_answer(Pieces(everything[:cut], everything[cut:]))
        assert body == (b"" if whole is NO_BODY else b"{}")
        # When the piece ends with the answer, the rest is still in the socket.
        assert stream.has_more() is (cut != len(whole))


@pytest.mark.parametrize("whole", [OK, CHUNKED, LINES, NO_BODY], ids=["length", "chunks", "lines", "no body"])
async def test_a_complete_answer_leaves_no_bytes(whole):
    for cut in range(len(whole)):
        _, stream = await read_answer(Pieces(whole[:cut], whole[cut:]))
        assert not stream.has_more()
    _, stream = await read_answer(Pieces(*[whole[index : index + 1] for index in range(len(whole))]))
    assert not stream.has_more()


@pytest.mark.parametrize(("held", "more"), [(b"x", True), (ssl.SSLWantReadError(), False), (ssl.SSLError(), True)])
def test_bytes_that_tls_has_decrypted_count_too(held, more):
    class Tls:
        def read(self, _size):
            if isinstance(held, Exception):
                raise held
            return held

    pieces = Pieces()
    pieces.get_extra_info = lambda info: Tls() if info == "ssl_object" else None
    assert WatchedStream(pieces).has_more() is more
