"""Connecting: encryption, private addresses, refused logins, servers that misbehave."""

import asyncio
import ssl
import struct
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugfn.errors import Forbidden, InvalidParams, NeedsReconnect, Unavailable
from plugfn.net.guard import Guard
from plugfn.providers.database_postgres import connect, provider
from plugfn.providers.database_postgres.conftest import SSL_REQUEST, relay
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.testing.bench import Bench


async def execute(credentials, **options):
    async with Bench(provider, credentials=credentials, **options) as bench:
        return (await bench.call("query.run", {"table": "crm.clientes", "limit": 1})).rows


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed server certificate for 127.0.0.1: (its PEM, a TLS context that presents it)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return pem.decode(), context


async def test_an_encrypted_connection_to_a_verified_server_works(credentials, door, socket_path, certificate):
    pem, tls = certificate
    port = door(relay(socket_path, tls))
    typed = credentials(port=port, sslmode="verify-full", root_certificate=pem)
    assert await execute(typed) == [{"id": 1, "nome": "Ana"}]
    assert await execute(credentials(port=port, sslmode="require")) == [{"id": 1, "nome": "Ana"}]


async def test_a_server_with_an_unverified_certificate_is_refused(credentials, door, socket_path, certificate):
    pem, tls = certificate
    port = door(relay(socket_path, tls))
    for wrong in ({}, {"root_certificate": pem, "host": "localhost"}):
        with pytest.raises(NeedsReconnect) as caught:
            await execute(credentials(port=port, sslmode="verify-full", **wrong))
        assert caught.value.code == "tls"


async def test_a_server_without_encryption_is_refused_unless_that_is_allowed(credentials):
    for mode in ("require", "verify-full"):
        with pytest.raises(NeedsReconnect) as caught:
            await execute(credentials(sslmode=mode))
        assert caught.value.code == "tls"


async def test_private_addresses_are_refused_before_anything_is_sent(credentials, door):
    knocks = []

    async def listen(_reader, _writer):
        knocks.append(1)

    port = door(listen)
    for host in ("127.0.0.1", "localhost", "0.0.0.0"):
        with pytest.raises(Forbidden) as caught:
            await execute(credentials(host=host, port=port), allowed_networks=())
        assert caught.value.code == "private_address"
    assert knocks == []


async def test_an_unencrypted_connection_to_a_public_address_is_refused(credentials):
    typed = PostgresAccess(**credentials(host="8.8.8.8", sslmode="disable"))
    with pytest.raises(Forbidden) as caught:
        async with connect.connect(typed, Guard()):
            pass
    assert caught.value.code == "unencrypted"


@pytest.mark.parametrize(
    "host", ["/var/run/postgresql", "@abstract", "a,b", "127.0.0.1,10.0.0.1", "", "a b", "a'b", "host=x", "a\x00b", "é"]
)
async def test_a_host_is_one_name_or_address(credentials, host):
    with pytest.raises(InvalidParams):
        await execute(credentials(host=host))


@pytest.mark.parametrize("field", ["dbname", "user"])
async def test_a_name_with_spaces_and_quotes_stays_one_name(credentials, field):
    with pytest.raises(NeedsReconnect):
        await execute(credentials() | {field: "x' host='10.0.0.1"})


async def test_this_machines_own_libpq_configuration_is_ignored(credentials, monkeypatch, tmp_path):
    service = tmp_path / "service.conf"
    service.write_text("[other]\nhost=10.9.9.9\n")
    for name, value in {
        "PGOPTIONS": "-c search_path=nowhere -c nonsense=1",
        "PGHOSTADDR": "10.9.9.9",
        "PGSSLMODE": "verify-full",
        "PGREQUIREAUTH": "gss",
        "PGPASSWORD": "the operator's own",
    }.items():
        monkeypatch.setenv(name, value)
    assert await execute(credentials()) == [{"id": 1, "nome": "Ana"}]


def refuse(code, message, asks=b""):
    """A server that may ask for a password, and then ends the connection with an error."""

    async def serve(reader, writer):
        first = await reader.readexactly(8)
        if first == SSL_REQUEST:
            writer.write(b"N")
            first = await reader.readexactly(8)
        await reader.readexactly(struct.unpack("!i", first[:4])[0] - 8)
        if asks:
            writer.write(asks)
            await reader.read(1000)
        fields = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
        writer.write(b"E" + struct.pack("!i", len(fields) + 4) + fields)
        writer.close()

    return serve


PLAIN = b"R" + struct.pack("!ii", 8, 3)
MD5 = b"R" + struct.pack("!ii", 12, 5) + b"salt"


@pytest.mark.parametrize(
    ("serve", "error", "code"),
    [
        (refuse("28P01", 'password authentication failed for user "ana"', MD5), NeedsReconnect, "28P01"),
        (refuse("28000", 'role "ana" does not exist'), NeedsReconnect, "28000"),
        (refuse("28000", 'no pg_hba.conf entry for host "1.2.3.4"'), NeedsReconnect, "28000"),
        (refuse("3D000", 'database "x" does not exist'), NeedsReconnect, "3D000"),
        (refuse("53300", "sorry, too many clients already"), Unavailable, "53300"),
        (refuse("57P03", "the database system is starting up"), Unavailable, "57P03"),
        (refuse("XXXXX", "etwas anderes"), Unavailable, "connection"),
        (refuse("28P01", "never reached", PLAIN), NeedsReconnect, "auth_method"),
    ],
)
async def test_a_refused_login_says_what_to_do_without_names(credentials, door, serve, error, code):
    with pytest.raises(error) as caught:
        await tested(credentials, door(serve))
    assert caught.value.code == code
    assert "ana" not in caught.value.message


async def tested(credentials, port):
    async with Bench(provider, credentials=credentials(port=port)) as bench:
        await bench.test()


async def test_connecting_to_a_silent_server_times_out(credentials, door, monkeypatch):
    monkeypatch.setattr(connect, "CONNECT_SECONDS", 2)

    async def silent(reader, _writer):
        await reader.read()

    with pytest.raises(Unavailable):
        await tested(credentials, door(silent))


async def test_a_closed_port_is_unavailable(credentials):
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(Unavailable):
        await tested(credentials, port)


async def test_a_connection_that_breaks_in_the_middle_is_unavailable(credentials, door, socket_path):
    async def breaks(reader, writer):
        pump = asyncio.create_task(relay(socket_path)(reader, writer))
        await asyncio.sleep(0.3)
        writer.transport.abort()
        await asyncio.gather(pump, return_exceptions=True)

    typed = PostgresAccess(**credentials("writer", port=door(breaks)))
    async with connect.connect(typed, Guard(["127.0.0.0/8"])) as connection:
        with pytest.raises(Exception, match=r"closed|terminat|lost|reset") as caught:
            await connection.execute("select pg_sleep(1)")
    assert connect.failure(caught.value).next == "retry"


def test_the_password_is_in_no_error_or_repr(credentials):
    typed = PostgresAccess(**credentials() | {"password": "s3cr3t-and-long"})
    assert "s3cr3t" not in repr(typed)
    with pytest.raises(ValueError) as caught:
        PostgresAccess(**credentials() | {"password": "s3cr3t" * 1000})
    assert "s3cr3t" not in str(caught.value)


def test_a_private_key_is_refused_as_root_certificate(credentials):
    with pytest.raises(ValueError):
        PostgresAccess(**credentials(root_certificate="-----BEGIN PRIVATE KEY-----"))
