"""Credentials that the browser encrypted: base64 of RSA-OAEP over their JSON."""

import base64
import json

from . import rsa_key
from .errors import invalid
from .wire import Doc


def unseal(text: str) -> Doc:
    """The credentials inside. 400 if this emulator cannot decrypt them."""
    try:
        doc = json.loads(rsa_key.decrypt(base64.b64decode(text, validate=True)))
    except ValueError:
        raise invalid("parameters could not be decrypted") from None
    if not isinstance(doc, dict):
        raise invalid("parameters must be an object")
    return doc
