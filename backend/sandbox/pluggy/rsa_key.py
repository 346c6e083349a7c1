"""The process's RSA key, generated on first use. It signs connect tokens and decrypts credentials."""

import functools

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

# Browser clients use OAEP with SHA-1 by default, so we must.
OAEP = padding.OAEP(mgf=padding.MGF1(algorithm=hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem() -> str:
    """The public key that clients encrypt with."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _key().public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def decrypt(sealed: bytes) -> bytes:
    """The plain bytes. ValueError if they were not encrypted for this key."""
    return _key().decrypt(sealed, OAEP)


def sign(text: bytes) -> bytes:
    """An RS256 signature."""
    return _key().sign(text, padding.PKCS1v15(), hashes.SHA256())


def signed(text: bytes, signature: bytes) -> bool:
    """Whether this key made this signature of this text."""
    try:
        _key().public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
