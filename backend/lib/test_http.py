"""The HTTP client against a real server that misbehaves in every way."""

import gzip
import io
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured

from core.documents import BACKEND
from lib.errors import ErrorType, PonteError, Temporary, Unexpected
from lib.http import UNSENT, JsonClient, checked_base_url
from plugfn.testing.stub_http import StubServer, drip, hang, reply, reset, reset_after


def client(server, **options):
    quick = {"connect_seconds": 0.5, "read_seconds": 0.4, "answer_seconds": 0.8, "max_bytes": 100_000}
    return JsonClient(server.url, **{**quick, **options})


def answered(behaviour):
    return StubServer(lambda _: behaviour)


def failing(behaviour, **options) -> PonteError:
    with answered(behaviour) as server, pytest.raises(PonteError) as caught:
        client(server, **options).request("GET", "/items/1")
    assert len(server.requests) == 1, "one call is one request: nothing is ever sent twice"
    return caught.value


def test_an_answer_has_its_status_headers_and_exact_numbers():
    with answered(reply(b'{"amount": 10.10}', 201, {"Retry-After": "3"})) as server:
        answer = client(server).request("POST", "/x", params={"a": "b c"}, json={"n": 1}, headers={"X-Key": "k"})
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (201, {"amount": Decimal("10.10")}, "3")
    (request,) = server.requests
    assert (request.method, request.target, request.json) == ("POST", "/x?a=b+c", {"n": 1})
    assert request.headers["x-key"] == "k"
    assert request.headers["user-agent"] == "ponte"


@pytest.mark.parametrize("status", [400, 401, 404, 409, 429, 500, 503])
def test_an_error_status_is_an_answer_like_any_other(status):
    with answered(reply({"code": status}, status)) as server:
        answer = client(server).request("GET", "/")
    assert (answer.status, answer.body) == (status, {"code": status})


def test_an_html_error_page_is_an_answer_without_json():
    with answered(reply(b"<html>Bad gateway</html>", 502)) as server:
        answer = client(server).request("GET", "/")
    assert (answer.status, answer.body, answer.json) == (502, None, False)


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_answer_has_no_body(body):
    with answered(reply(body, 200)) as server:
        assert client(server).request("DELETE", "/").body is None


BOMB = gzip.compress(b" " * 50_000_000)

BROKEN = {
    "reset": (reset, Temporary, "reset"),
    "closed": (lambda connection: connection.close(), Temporary, "reset"),
    "cut in its head": (reset_after(b"HTTP/1.1 200 OK\r\nContent-Ty"), Temporary, "reset"),
    "cut in its body": (reset_after(reply({"a": 1}, length=500)), Temporary, "reset"),
    "ended before its length": (lambda c: (c.sendall(reply({"a": 1}, length=500)), c.close()), Temporary, "truncated"),
    "hang": (hang, Temporary, "timeout"),
    "hang in its body": (lambda c: (c.sendall(reply({}, length=9)), hang(c)), Temporary, "timeout"),
    "not http": (b"SSH-2.0-OpenSSH_9\r\n\r\n", Temporary, "reset"),
    "truncated json": (reply(b'{"results": [{"id": "1"}, {"id'), Unexpected, "not_json"),
    "html": (reply(b"<html>Log in</html>"), Unexpected, "not_json"),
    "broken gzip": (reply(b"not gzip", 200, {"Content-Encoding": "gzip"}), Unexpected, "not_json"),
    "too large": (reply(b" " * 200_000), Unexpected, "too_large"),
    "a gzip bomb": (
        reply(gzip.compress(b" " * 50_000_000), 200, {"Content-Encoding": "gzip"}),
        Unexpected,
        "too_large",
    ),
    "a redirect": (reply({}, 302, {"Location": "http://169.254.169.254/"}), Unexpected, "redirect"),
    "a lasting redirect": (reply({}, 308, {"Location": "/elsewhere"}), Unexpected, "redirect"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_the_right_error_after_one_request(name):
    behaviour, kind, code = BROKEN[name]
    error = failing(behaviour)
    assert type(error) is kind
    assert error.code == code
    assert code not in UNSENT
    assert error.__cause__ is None


def test_a_chunked_answer_cut_off_is_temporary():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    error = failing(lambda c: (c.sendall(head + b'5\r\n{"a":\r\n'), c.close()))
    assert isinstance(error, Temporary)


ENDLESS = {
    "body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b" ", 0.02),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.02),
    "headers": drip(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n", 0.02),
    "one header": drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a", 0.02),
    "until it closes": drip(b"HTTP/1.1 200 OK\r\n\r\n", b" ", 0.02),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_that_drips_slowly_ends_at_the_deadline(name):
    began = time.monotonic()
    error = failing(ENDLESS[name])
    assert isinstance(error, Temporary)
    assert error.code == "timeout"
    assert time.monotonic() - began < 1.5


def test_an_endless_stream_of_megabytes_is_stopped_by_its_size():
    began = time.monotonic()
    error = failing(drip(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536, 0), answer_seconds=20)
    assert error.code == "too_large"
    assert time.monotonic() - began < 5


def test_a_closed_port_is_refused_before_anything_is_sent():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Temporary) as caught:
        JsonClient(f"http://127.0.0.1:{port}").request("GET", "/")
    assert caught.value.code == "refused"
    assert caught.value.error_type is ErrorType.CONNECTION_FAILURE
    assert caught.value.code in UNSENT


def test_a_name_that_does_not_resolve_is_temporary():
    with pytest.raises(Temporary) as caught:
        JsonClient("http://nowhere.invalid", session=untrusting, setting="BANK_URL").request("GET", "/")
    assert caught.value.code == "dns"
    expected = "the name of the server nowhere.invalid (BANK_URL) does not resolve: is there a network?"
    assert str(caught.value) == expected


def untrusting():
    session = requests.Session()
    session.trust_env = False
    return session


def test_a_server_that_does_not_accept_connections_in_time_is_a_connect_timeout():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for other in waiting:
                other.setblocking(False)
                other.connect_ex(address)
            with pytest.raises(Temporary) as caught:
                JsonClient(f"http://127.0.0.1:{address[1]}", connect_seconds=0.3).request("GET", "/")
        finally:
            for other in waiting:
                other.close()
    assert caught.value.code == "connect_timeout"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for localhost."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    no_password = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def tls_server(certificate, behaviour):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = answered(behaviour)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def test_an_untrusted_certificate_is_a_tls_failure(certificate):
    with tls_server(certificate, reply({})) as server, pytest.raises(Temporary) as caught:
        JsonClient(server.url.replace("http://127.0.0.1", "https://localhost")).request("GET", "/")
    assert caught.value.code == "tls"
    assert server.requests == []


def test_the_deadline_holds_over_tls(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with tls_server(certificate, ENDLESS["headers"]) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        session = trusting(certificate, 0.8)
        with pytest.raises(Temporary) as caught:
            JsonClient(url, session=session, read_seconds=0.4, answer_seconds=0.8).request("GET", "/")
    assert caught.value.code == "timeout"


def test_answers_are_read_over_tls_and_the_connection_is_reused(certificate):
    with tls_server(certificate, reply({"ok": True})) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        caller = JsonClient(url, session=trusting(certificate, 5))
        assert [caller.request("GET", "/").body for _ in range(3)] == [{"ok": True}] * 3


def trusting(certificate, answer_seconds):
    from lib.transport import new_session

    def make():
        session = new_session(answer_seconds, loopback=True)
        session.verify = str(certificate)
        return session

    return make


def test_the_next_call_of_the_same_thread_reuses_the_connection():
    ports = []

    def note(request):
        return lambda connection: keep_alive(connection, ports)

    with StubServer(note) as server:
        caller = client(server)
        for _ in range(3):
            caller.request("GET", "/")
    assert len(set(ports)) == 1


def keep_alive(connection, ports):
    connection.settimeout(2)
    ports.append(connection.getpeername())
    connection.sendall(reply({}))
    while connection.recv(65536):
        ports.append(connection.getpeername())
        connection.sendall(reply({}))


def test_a_connection_that_the_server_closed_is_opened_again():
    def once(_):
        return lambda connection: (connection.sendall(reply({"n": 1})), connection.close())

    with StubServer(once) as server:
        caller = client(server)
        for _ in range(3):
            assert caller.request("GET", "/").body == {"n": 1}
            time.sleep(0.05)


def test_after_a_failure_the_next_call_gets_its_own_answer():
    late = threading.Event()

    def slow_then_quick(request):
        if request.path == "/slow":
            return lambda connection: (late.wait(2), connection.sendall(reply({"for": "slow"})))
        return reply({"for": "quick"})

    with StubServer(slow_then_quick) as server:
        caller = client(server)
        with pytest.raises(Temporary):
            caller.request("GET", "/slow")
        late.set()
        assert caller.request("GET", "/quick").body == {"for": "quick"}


def test_each_thread_has_a_session_of_its_own():
    made = []

    def make():
        made.append(threading.get_ident())
        return untrusting()

    with answered(reply({})) as server, ThreadPoolExecutor(8) as pool:
        caller = JsonClient(server.url, session=make)
        barrier = threading.Barrier(8)

        def work(_):
            barrier.wait(5)
            return [caller.request("GET", "/").status for _ in range(5)]

        assert list(pool.map(work, range(8))) == [[200] * 5] * 8
    assert len(made) == len(set(made)) == 8


def test_a_forked_process_opens_a_connection_of_its_own():
    code = """
import os, sys
from lib.http import JsonClient
caller = JsonClient(sys.argv[1])
first = caller.request("GET", "/").body
pid = os.fork()
if pid == 0:
    os._exit(0 if caller.request("GET", "/").body != first else 1)
assert os.waitpid(pid, 0)[1] == 0
assert caller.request("GET", "/").body == first
"""

    def keep_saying(connection):
        connection.settimeout(5)
        name = reply({"port": connection.getpeername()[1]})
        connection.sendall(name)
        while connection.recv(65536):
            connection.sendall(name)

    with StubServer(lambda _: keep_saying) as server:
        environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
        subprocess.run([sys.executable, "-c", code, server.url], env=environment, check=True, timeout=20)


def test_no_cookie_is_stored_and_no_netrc_is_read(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with answered(reply({}, 200, {"Set-Cookie": "a=b; Path=/"})) as server:
        caller = client(server)
        caller.request("GET", "/")
        caller.request("GET", "/")
    assert all("cookie" not in request.headers for request in server.requests)
    assert all("authorization" not in request.headers for request in server.requests)


def test_calls_to_this_machine_use_no_proxy_of_the_environment(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answered(reply({"ok": 1})) as server:
        assert client(server).request("GET", "/").body == {"ok": 1}


def test_errors_and_logs_show_nothing_of_the_request(caplog):
    caplog.set_level("DEBUG")
    with answered(reset) as server, pytest.raises(Temporary) as caught:
        client(server).request("POST", "/auth", json={"clientSecret": "hush"}, headers={"X-API-KEY": "hush"})
    error = caught.value
    assert "hush" not in repr(error) + str(error) + repr(error.__context__) + caplog.text


@pytest.mark.parametrize(
    "url",
    ["", "api.pluggy.ai", "ftp://host", "https://", "https://user:hunter2@host", "https://host?x=1", "https://host#x"],
)
def test_a_bad_address_is_a_configuration_error_that_does_not_show_it(url):
    with pytest.raises(ImproperlyConfigured) as caught:
        JsonClient(url)
    assert "hunter2" not in str(caught.value)


def test_a_closing_slash_is_ignored():
    assert checked_base_url("https://api.pluggy.ai/") == "https://api.pluggy.ai"


def test_another_session_replaces_the_transport():
    class Canned(requests.adapters.BaseAdapter):
        def send(self, request, **_):
            from urllib3 import HTTPResponse

            answer = requests.Response()
            answer.status_code, answer.request = 200, request
            answer.raw = HTTPResponse(io.BytesIO(json.dumps({"url": request.url}).encode()), preload_content=False)
            return answer

        def close(self):
            """Nothing is open."""

    def make():
        session = requests.Session()
        session.mount("https://", Canned())
        return session

    assert JsonClient("https://bank.test", session=make).request("GET", "/x").body == {"url": "https://bank.test/x"}
