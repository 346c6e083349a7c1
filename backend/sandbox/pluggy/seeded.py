"""The source of all random values: identifiers and generators derived from the seed and a path."""

import hashlib
import random


def digest(*parts: object) -> bytes:
    """16 bytes that depend only on the parts."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest()


def uid(*parts: object) -> str:
    """A UUID (shaped as version 4) that depends on all the parts."""
    text = digest(*parts).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"


def rng(*parts: object) -> random.Random:
    """A generator for this path alone, so that one part's random values do not depend on another's."""
    return random.Random(digest(*parts))
