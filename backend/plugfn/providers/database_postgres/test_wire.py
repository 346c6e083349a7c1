"""Hostile and broken servers: they cannot exhaust memory or processor, and they learn no secret."""

import asyncio
import struct
import time

import pytest

from plugfn.errors import InvalidCall, NeedsReconnect, PlugFnError, Unavailable, Unexpected
from plugfn.net.guard import Guard
from plugfn.providers.database_postgres import provider
from plugfn.providers.database_postgres.conftest import SSL_REQUEST, relay
from plugfn.providers.database_postgres.connect import connect
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.session import execute, read_in_session
from plugfn.providers.database_postgres.test_connect import certificate
from plugfn.testing.bench import Bench

__all__ = ["certificate"]

MIB = 1024 * 1024


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


WELCOME = message(b"R", struct.pack("!i", 0)) + message(b"Z", b"I")
ONE_COLUMN = message(b"T", struct.pack("!h", 1) + b"a\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 1))


def row(text):
    return message(b"D", struct.pack("!hi", 1, len(text)) + text)


def done(rows):
    return message(b"1") + message(b"2") + ONE_COLUMN + rows + message(b"C", b"SELECT 1\0") + message(b"Z", b"I")


def server(*answers, sent=None, again=b""):
    """Accepts every login, and answers each query with the next of `answers`, then always with `again`."""

    async def serve(reader, writer):
        head = await reader.readexactly(4)
        await reader.readexactly(struct.unpack("!i", head)[0] - 4)
        writer.write(WELCOME)
        for answer in answers:
            await _until_sync(reader)
            writer.write(answer)
        while again:
            writer.write(again)
            await writer.drain()
            if sent is not None:
                sent.append(len(again))
        await reader.read()

    return serve


async def _until_sync(reader):
    kind = b""
    while kind != b"S":
        kind = await reader.readexactly(1)
        size = struct.unpack("!i", await reader.readexactly(4))[0]
        await reader.readexactly(size - 4)


BEGUN = (done(b""), done(row(b"1")))


async def asked(credentials, port, action="query.run", **more):
    async with Bench(provider, credentials=credentials(port=port, **more)) as bench:
        return await bench.call(action, {"table": "vendas"} if action == "query.run" else {})


async def called(credentials, port, **more):
    """Runs one query against this server."""
    async with Bench(provider, credentials=credentials(port=port, **more)) as bench:
        return await bench.test()


def scram(rounds, proofs):
    """A server that asks for this many rounds of hashing."""

    async def serve(reader, writer):
        head = await reader.readexactly(4)
        await reader.readexactly(struct.unpack("!i", head)[0] - 4)
        writer.write(message(b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0"))
        nonce = (await reader.read(4096)).split(b"r=")[1]
        writer.write(message(b"R", struct.pack("!i", 11) + b"r=" + nonce + b"abc,s=c2FsdHNhbHQ=,i=" + rounds))
        if await reader.read(4096):
            proofs.append(1)
        writer.close()

    return serve


@pytest.mark.parametrize("rounds", [b"3000000", b" 3000000", b"+3000000", b"100001", b"2147483647", b"1\xb2", b""])
async def test_a_server_cannot_ask_for_endless_hashing(credentials, door, rounds):
    started = time.monotonic()
    with pytest.raises(NeedsReconnect) as caught:
        await called(credentials, door(scram(rounds, [])))
    assert caught.value.code == "auth_method"
    assert time.monotonic() - started < 1


async def test_the_usual_number_of_rounds_is_accepted(credentials, door):
    proofs = []
    with pytest.raises(Unavailable):  # this server never says whether the password was right
        await called(credentials, door(scram(b"4096", proofs)))
    assert proofs == [1]


FLOODS = {
    "rows": row(b"x" * 60_000),
    "one row": b"x" * 60_000,
    "notices": message(b"N", b"SNOTICE\0C00000\0M" + b"x" * 60_000 + b"\0\0"),
    "notifications": message(b"A", struct.pack("!i", 1) + b"a\0" + b"x" * 60_000 + b"\0"),
    "settings": message(b"S", b"a\0" + b"x" * 20_000 + b"\0"),
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_connection_to_a_server_that_sends_endlessly_is_closed(credentials, door, flood):
    sent = []
    head = message(b"1") + message(b"2") + ONE_COLUMN
    if flood == "one row":
        head += b"D" + struct.pack("!ihi", 2**29, 1, 2**29 - 10)
    with pytest.raises(Unexpected) as caught:
        await called(credentials, door(server(*BEGUN, head, sent=sent, again=FLOODS[flood])))
    assert caught.value.code == "too_big"
    assert sum(sent) < 30 * MIB


@pytest.mark.parametrize(
    "words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"R\0\0\0\1", b"SSH-2.0-x\r\n", b"R\x7f\xff\xff\xff"]
)
async def test_a_server_with_another_protocol_is_not_reported_as_down(credentials, door, words):
    async def serve(_reader, writer):
        writer.write(words)
        await writer.drain()

    with pytest.raises(Unexpected) as caught:
        await called(credentials, door(serve))
    assert caught.value.code == "not_postgresql"


def lines(*payloads):
    return (*BEGUN, done(b""), done(b"".join(map(row, payloads))), done(b""))


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe 123.456.789-00",
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'"123.456.789-00"',
        b'{"other": "123.456.789-00"}',
        b"{123.456.789-00",
    ],
)
async def test_an_unreadable_answer_raises_a_plugfn_error_that_quotes_nothing(credentials, door, line):
    with pytest.raises(PlugFnError) as caught:
        await asked(credentials, door(server(*lines(line))))
    assert caught.value.code == "unreadable_answer"
    assert "123" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_the_limits_also_hold_for_a_server_that_ignores_them(credentials, door):
    result = await asked(credentials, door(server(*lines(*[b'{"a": 1}'] * 500))), max_rows=3)
    assert (len(result.rows), result.truncated) == (3, True)
    with pytest.raises(Unexpected) as caught:
        await asked(credentials, door(server(*lines(b'{"a": "' + b"x" * 3 * MIB + b'"}'))))
    assert caught.value.code == "too_big"


@pytest.mark.parametrize("code", ["x" * 5000, "<b>42", "\r\nCPF", "ana@x", "42P01"])
async def test_a_code_that_the_server_made_up_is_not_passed_on(credentials, door, code):
    refusal = message(b"E", f"SERROR\0VERROR\0C{code}\0Mana 123\0\0".encode()) + message(b"Z", b"E")
    with pytest.raises(PlugFnError) as caught:
        await called(credentials, door(server(refusal)))
    assert caught.value.code == ("42P01" if code == "42P01" else "XX000")
    assert "123" not in str(caught.value)


async def test_plaintext_before_encryption_is_not_read_as_an_answer(credentials, door, certificate):
    pem, _tls = certificate

    async def serve(reader, writer):
        assert await reader.readexactly(8) == SSL_REQUEST
        writer.write(b"S" + WELCOME)
        await writer.drain()
        await reader.read(5000)

    for mode in ("require", "verify-full"):
        with pytest.raises(NeedsReconnect) as caught:
            await called(credentials, door(serve), sslmode=mode, root_certificate=pem)
        assert caught.value.code == "tls"


async def test_an_encrypted_query_is_cancelled_too(credentials, door, socket_path, certificate, caplog):
    pem, tls = certificate
    typed = credentials("writer", port=door(relay(socket_path, tls)), sslmode="verify-full", root_certificate=pem)

    class Caller:
        credentials, guard = PostgresAccess(**typed | {"timeout": 1}), Guard(["127.0.0.0/8"])

    started = time.monotonic()
    with pytest.raises(InvalidCall):
        await read_in_session(
            Caller,
            lambda connection: execute(connection, "select set_config('statement_timeout', '0', false), pg_sleep(9)"),
        )
    assert time.monotonic() - started < 2.5
    assert caplog.records == []


async def test_the_first_address_that_answers_is_used(credentials, door, socket_path):
    class Both(Guard):
        async def _lookup(self, host, port):
            return ["127.0.0.9", "127.0.0.1", *["127.0.0.8"] * 1000]

    typed = PostgresAccess(**credentials(host="two.example", port=door(relay(socket_path))))
    async with asyncio.timeout(5), connect(typed, Both(["127.0.0.0/8"])) as connection:
        assert await (await execute(connection, "select 1")).fetchone() == (1,)


@pytest.mark.parametrize("password", ["a\0b", "caf\ud800e", "x\0" * 400])
def test_a_password_that_cannot_be_sent_is_refused_and_not_quoted(credentials, password):
    with pytest.raises(ValueError) as caught:
        PostgresAccess(**credentials() | {"password": password})
    assert "caf" not in str(caught.value)


@pytest.mark.parametrize("inside", ["", "no base64", "é", "AAAA"])
async def test_an_invalid_root_certificate_is_reported(credentials, inside):
    pem = f"-----BEGIN CERTIFICATE-----\n{inside}\n-----END CERTIFICATE-----\n"
    with pytest.raises(NeedsReconnect) as caught:
        await called(credentials, 5432, sslmode="verify-full", root_certificate=pem)
    assert caught.value.code == "tls"
