"""The provider against independent servers: aiosmtpd and npm's smtp-server, with valid and invalid certificates."""

import asyncio
import json
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from email import message_from_string
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugfn.errors import GiveUp, NeedsReconnect
from plugfn.providers.email_smtp import provider
from plugfn.providers.email_smtp.conftest import PLAIN
from plugfn.testing.bench import Bench


class Inbox(Message):
    """Stores messages, and refuses one recipient."""

    def __init__(self):
        super().__init__()
        self.messages = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == "ninguem@example.com":
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message):
        self.messages.append(message)


def certificate(folder, name, days):
    """A self-signed certificate of `name` that expires in `days`: (the file to trust, the server's context)."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=days))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    trusted, own = folder / f"{name}.pem", folder / f"{name}.key"
    trusted.write_bytes(pem)
    own.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, own)
    return trusted, context


def authenticate(server, session, envelope, mechanism, auth_data):
    return AuthResult(success=(auth_data.login, auth_data.password) == (b"ana", b"senha"), handled=False)


@pytest.fixture
def serve(tmp_path, unused_tcp_port):
    running = []

    def start(name="localhost", days=30):
        trusted, context = certificate(tmp_path, name, days)
        inbox = Inbox()
        options = {"tls_context": context, "auth_required": True, "authenticator": authenticate}
        running.append(Controller(inbox, hostname="127.0.0.1", port=unused_tcp_port, **options))
        running[0].start()
        login = {"username": "ana", "password": "senha", "from_email": "nota@example.com"}
        where = {"host": "localhost", "port": unused_tcp_port, "timeout": 5}
        return inbox, where | login, {"ca_file": str(trusted)}

    yield start
    for controller in running:
        controller.stop()


async def test_an_independent_server_accepts_a_message_and_refuses_one_recipient(serve):
    inbox, credentials, settings = serve()
    async with Bench(provider, credentials=credentials, settings=settings) as bench:
        assert await bench.test() == "nota@example.com"
        sent = await bench.call("messages.send", {**PLAIN, "cc": ["ninguem@example.com"], "html": "<b>Oi</b>"})
    (message,) = inbox.messages
    assert message["X-RcptTo"] == "ana@example.com"
    assert message["Message-ID"] == sent.message_id
    assert [refusal.address for refusal in sent.rejected] == ["ninguem@example.com"]


async def test_an_independent_server_refuses_a_wrong_password(serve):
    _inbox, credentials, settings = serve()
    async with Bench(provider, credentials={**credentials, "password": "errada"}, settings=settings) as bench:
        with pytest.raises(NeedsReconnect):
            await bench.test()


@pytest.mark.parametrize(("name", "days"), [("localhost", -1), ("mail.elsewhere.com", 30)])
async def test_an_expired_certificate_or_one_for_another_name_is_refused(serve, name, days):
    inbox, credentials, settings = serve(name, days)
    async with Bench(provider, credentials=credentials, settings=settings) as bench:
        with pytest.raises(GiveUp) as refused:
            await bench.call("messages.send", PLAIN)
    assert refused.value.code == "bad_certificate"
    assert inbox.messages == []


@pytest.fixture
def node(npm_peer, tmp_path):
    """`node("PLAIN,LOGIN")`: smtp-server with these ways to log in; its process, credentials and settings."""
    running = []

    def start(methods):
        peer = npm_peer("smtp-server", "3.21.6")
        trusted, _context = certificate(tmp_path, "localhost", 30)
        script = Path(__file__).with_name("smtp_server.js")
        command = [peer.node, script, peer.package, tmp_path / "localhost.key", trusted, methods]
        running.append(subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True))
        port = int(running[0].stdout.readline())
        login = {"username": "ana", "password": "senha", "from_email": "nota@example.com"}
        return running[0], {"host": "localhost", "port": port, "timeout": 5} | login, {"ca_file": str(trusted)}

    yield start
    for process in running:
        process.terminate()
        process.communicate(timeout=10)


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_npms_server_accepts_a_message_with_every_login_mechanism(node, method):
    process, credentials, settings = node(method)
    async with Bench(provider, credentials=credentials, settings=settings) as bench:
        message = {**PLAIN, "to": ["josé@example.com", "ninguem@example.com"], "text": ".\n..\n.fim"}
        sent = await bench.call("messages.send", message)
    mail = json.loads(await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 10))
    assert (mail["to"], mail["user"], mail["secure"]) == (["josé@example.com"], method, True)
    message = message_from_string(mail["data"])
    assert (message["Message-ID"], message.get_payload().split()) == (sent.message_id, [".", "..", ".fim"])
    assert [refusal.code for refusal in sent.rejected] == ["smtp_550"]


async def test_npms_server_refuses_a_wrong_password(node):
    _process, credentials, settings = node("PLAIN,LOGIN,CRAM-MD5")
    async with Bench(provider, credentials={**credentials, "password": "errada"}, settings=settings) as bench:
        with pytest.raises(NeedsReconnect) as refused:
            await bench.test()
    assert refused.value.code == "smtp_535"
