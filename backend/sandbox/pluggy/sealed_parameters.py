"""Credentials that the browser encrypted: base64 of RSA-OAEP over their JSON. The key lives as long as the process."""

import base64
import functools
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .errors import invalid
from .wire import Doc

SHA = hashes.SHA1()  # noqa: S303 - what node-forge and WebCrypto clients take for OAEP by default
OAEP = padding.OAEP(mgf=padding.MGF1(algorithm=SHA), algorithm=SHA, label=None)


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem() -> str:
    """The public key that clients encrypt with."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _key().public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def unseal(text: str) -> Doc:
    """The credentials inside; 400 when they are not ours to read."""
    try:
        doc = json.loads(_key().decrypt(base64.b64decode(text, validate=True), OAEP))
    except ValueError:
        raise invalid("parameters could not be decrypted") from None
    if not isinstance(doc, dict):
        raise invalid("parameters must be an object")
    return doc
