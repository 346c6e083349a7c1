"""Everything random comes from here: identifiers and generators derived from the seed and a path."""

import hashlib
import random


def digest(*parts: object) -> bytes:
    """16 bytes that depend on all the parts and on nothing else."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest()


def uid(*parts: object) -> str:
    """A UUID (shaped as version 4) that depends on all the parts."""
    text = digest(*parts).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"


def rng(*parts: object) -> random.Random:
    """A generator of its own for this path, so that one part's draws never shift another's."""
    return random.Random(digest(*parts))
