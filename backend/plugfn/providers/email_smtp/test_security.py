"""What must not happen: a downgrade, a wrong certificate, a private address, a secret in a text."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from plugfn.errors import ConfigurationError, Forbidden, GiveUp, InvalidParams, NeedsReconnect, Unavailable
from plugfn.net.guard import Guard
from plugfn.providers.email_smtp import provider
from plugfn.providers.email_smtp.conftest import PLAIN
from plugfn.providers.email_smtp.credentials import SmtpCredentials
from plugfn.providers.email_smtp.dialogue import dialogue
from plugfn.testing.bench import Bench


class Names(Guard):
    """The test's own DNS: it has an answer for every question, and counts the questions."""

    def __init__(self, *answers: list[str]) -> None:
        super().__init__(("127.0.0.0/8",))
        self.answers, self.asked = list(answers), 0

    async def _lookup(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


async def test_a_server_that_offers_no_starttls_gets_no_password(server):
    async with server.bench(port=server.where["plain"]) as bench:
        with pytest.raises(GiveUp) as refused:
            await bench.call("messages.send", PLAIN)
    assert refused.value.code == "no_starttls"
    assert "auth" not in server.commands()


async def test_a_server_that_refuses_starttls_gets_no_password(server):
    server.fault("starttls", code=454, text="4.7.0 TLS not available")
    async with server.bench() as bench:
        with pytest.raises(Exception, match="later"):
            await bench.test()
    assert "auth" not in server.commands()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_an_unknown_authority_is_refused(server, security):
    async with Bench(provider, credentials=server.credentials(security)) as bench:
        with pytest.raises(GiveUp) as refused:
            await bench.call("messages.send", PLAIN)
    assert refused.value.code == "bad_certificate"
    assert "auth" not in server.commands()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_is_checked_for_the_name_and_the_checked_address_is_connected_to(server, security):
    """The name would resolve to another address the second time: it is resolved once, and the first answer is used."""
    guard = Names(["127.0.0.1"], ["10.0.0.1"])
    async with dialogue(server.call(guard, security=security, host="mail.example.com")) as smtp:
        await smtp.noop()
    assert guard.asked == 1
    with pytest.raises(GiveUp) as refused:
        async with dialogue(server.call(Names(["127.0.0.1"]), security=security, host="mail.elsewhere.com")):
            pytest.fail("the certificate is of another name")
    assert refused.value.code == "bad_certificate"


@pytest.mark.parametrize("answer", [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"]])
async def test_the_first_address_that_answers_is_used(server, answer):
    async with dialogue(server.call(Names(answer), host="mail.example.com")) as smtp:
        assert smtp.get_transport_info("peername")[0] == "127.0.0.1"


@pytest.mark.parametrize("answer", [["10.0.0.1"], ["127.0.0.1", "169.254.169.254"], ["::1"]])
async def test_a_name_that_resolves_to_a_private_address_is_refused(server, answer):
    with pytest.raises(Forbidden):
        async with dialogue(server.call(Names(answer), host="mail.example.com")):
            pytest.fail("the address is private")
    assert server.commands() == []


async def test_loopback_is_refused_unless_the_operator_allows_it(server):
    async with Bench(provider, credentials=server.credentials(), allowed_networks=()) as bench:
        with pytest.raises(Forbidden):
            await bench.test()


async def test_without_encryption_only_this_machine_is_connected_to(server):
    there = Names(["192.0.2.7"])
    there.check = lambda address: None
    with pytest.raises(Forbidden) as refused:
        async with dialogue(server.call(there, security="none")):
            pytest.fail("it is another machine")
    assert refused.value.code == "plaintext"


@asynccontextmanager
async def listening(answer):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_answers_injected_before_tls_are_ignored(server):
    """CVE-2011-0411 on the client's side: plaintext answers from before STARTTLS must not be read after it."""

    async def slip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250-hello\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n250-hello\r\n250 AUTH PLAIN\r\n")
        await reader.read(10)
        writer.write(b"250 AUTH PLAIN\r\n")
        await reader.read()

    async with listening(slip) as port, server.bench(port=port, timeout=1) as bench:
        with pytest.raises(Unavailable):
            await bench.test()


async def test_an_endless_answer_is_cut_off(server):
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(200):
            writer.write(b"220-" + b"x" * 1000 + b"\r\n")
            await writer.drain()

    async with listening(flood) as port, server.bench(port=port) as bench:
        with pytest.raises((GiveUp, Unavailable)):
            await bench.test()


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "mail.example.com\r\nQUIT"},
        {"host": "user@mail.example.com"},
        {"host": "mail.example.com:25"},
        {"host": ""},
        {"port": 0},
        {"port": 65536},
        {"username": "a\r\nQUIT"},
        {"username": "ana", "password": ""},
        {"username": "", "password": "x"},
        {"password": "a\0b"},
        {"security": "maybe"},
        {"timeout": 0},
        {"from_email": "nobody"},
        {"from_name": "A\nB"},
        {"verify": False},
    ],
)
async def test_invalid_credentials_are_refused_when_they_are_entered(server, wrong):
    with pytest.raises(InvalidParams) as refused:
        async with Bench(provider, credentials=server.credentials() | wrong):
            pytest.fail("they are wrong")
    assert server.where["password"] not in str(refused.value)


def test_an_invalid_ca_file_is_a_configuration_error(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError, match="ca_file"):
            Bench(provider, credentials={}, settings={"ca_file": str(path)})


async def test_a_login_mechanism_that_the_server_only_claims_to_have_is_skipped(server):
    server.fault("auth", code=504, text="5.5.4 not this one", count=1)
    async with server.bench() as bench:
        await bench.call("messages.send", PLAIN)
    assert server.commands().count("auth") == 2


async def test_a_server_without_password_login_needs_the_user(server):
    server.extensions(AUTH="AUTH GSSAPI")
    async with server.bench("tls") as bench:
        with pytest.raises(NeedsReconnect) as refused:
            await bench.test()
    assert refused.value.code == "no_login"


def test_credentials_are_in_no_repr(server):
    shown = repr(SmtpCredentials(**server.credentials()))
    assert server.where["password"] not in shown
    assert "ponte@" not in shown
