"""A certificate authority and a server certificate, new at every start. The key is on disk only while it is loaded."""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("localhost", "mail.example.com")
ADDRESSES = ("127.0.0.1",)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begun(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(_name(issuer), _name(subject), key, x509.random_serial_number())
    return made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))


class Certificate:
    """`ca_pem`: the authority that a client must trust. `context`: for the server."""

    def __init__(self) -> None:
        authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = "sandbox authority"
        ca = _begun(issuer, issuer, authority.public_key()).add_extension(x509.BasicConstraints(True, 0), True)
        ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), False)
        self.ca_pem = ca.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
        leaf = self._leaf(own.public_key(), issuer, authority.public_key()).sign(authority, hashes.SHA256())
        key = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.context = _context(leaf.public_bytes(Encoding.PEM) + key)

    @staticmethod
    def _leaf(
        key: ec.EllipticCurvePublicKey, issuer: str, authority: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        names = [x509.DNSName(name) for name in NAMES]
        addresses = [x509.IPAddress(ip_address(address)) for address in ADDRESSES]
        made = _begun("sandbox smtp", issuer, key).add_extension(x509.BasicConstraints(False, None), True)
        made = made.add_extension(x509.SubjectAlternativeName([*names, *addresses]), False)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        return made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), False)


def _context(pem: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.touch(mode=0o600)
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context
