"""The adapters in real servers, byte by byte: chunked bodies, wrong lengths, bodies that are too large."""

import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import flask
import pytest
import uvicorn
from fastapi import FastAPI
from werkzeug.serving import make_server

from plugfn.sync import SyncPlugFn
from plugfn.web.fastapi import plugfn_router
from plugfn.web.flask import plugfn_blueprint
from plugfn.web.test_adapters import plug_with
from plugfn.webhooks.test_hub import SECRET

BODY = '{"events": [{"kind": "ping", "id": "1", "text": "olá 😀"}]}'.encode()
SIGNATURE = hmac.new(SECRET.encode(), BODY, sha256).hexdigest()


@contextmanager
def over_uvicorn(plug) -> Iterator[int]:
    app = FastAPI()
    app.include_router(plugfn_router(plug))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="info", lifespan="off"))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()
    listening.close()


@contextmanager
def over_werkzeug(plug) -> Iterator[int]:
    app, plain = flask.Flask(__name__), SyncPlugFn(plug)
    app.register_blueprint(plugfn_blueprint(plain))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()
    plain.close()


@pytest.fixture(params=[over_uvicorn, over_werkzeug], ids=["uvicorn", "werkzeug"])
def port(request):
    with request.param(plug_with()) as found:
        yield found


def talk(port: int, sent: bytes, *, finish: bool = True) -> bytes:
    """The answer to these bytes; with `finish`, no more bytes follow."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass  # it has sent everything
        return answer


def head(path: str, *lines: str) -> bytes:
    fixed = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", f"X-Signature: {SIGNATURE}"]
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def test_a_chunked_delivery_is_received_byte_for_byte(port):
    chunks = [BODY[:10], BODY[10:49], BODY[49:]]
    sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    answer = talk(port, head("/webhooks/acme", "Transfer-Encoding: chunked") + sent, finish=False)
    assert status(answer) == 200, answer


def test_an_incomplete_delivery_is_refused(port, caplog):
    answer = talk(port, head("/webhooks/acme", f"Content-Length: {len(BODY) + 10}") + BODY)
    assert status(answer) in (0, 400), answer
    assert "Traceback" not in caplog.text
    whole = head("/webhooks/acme", f"Content-Length: {len(BODY)}") + BODY
    assert status(talk(port, whole, finish=False)) == 200


@pytest.mark.parametrize("chunked", [True, False])
def test_a_delivery_that_is_too_large_is_not_read_to_its_end(port, chunked):
    line = "Transfer-Encoding: chunked" if chunked else "Content-Length: 4000000000"
    first = b"%x\r\n%s\r\n" % (5000, b"x" * 5000) if chunked else b"x" * 5000
    answer = talk(port, head("/webhooks/acme", line) + first, finish=False)
    assert status(answer) == 413, answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_large"


def test_a_body_without_a_length_is_missing(port):
    assert status(talk(port, head("/webhooks/acme"), finish=False)) == 400
