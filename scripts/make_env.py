"""Writes the secrets of a development checkout to a file of mode 0600, once: `make_env.py .local/env`.

The Pluggy values are for the sandbox that the demo starts; a real account's come from the caller's environment.
"""

import base64
import os
import secrets
import sys
import uuid
from pathlib import Path


def values() -> dict[str, str]:
    """New values by the names of the settings. None needs quoting in a shell."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ENCRYPTION_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "INDEX_KEY": secrets.token_urlsafe(32),
        "WEBHOOK_TOKEN_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "PLUGGY_CLIENT_ID": str(uuid.uuid4()),
        "PLUGGY_CLIENT_SECRET": str(uuid.uuid4()),
        "PLUGGY_WEBHOOK_SECRET": secrets.token_urlsafe(32),
        "PLUGGY_HMAC_SECRET": secrets.token_urlsafe(32),
    }


def write(path: Path) -> None:
    """Write the whole file or nothing. An existing file stays: data is encrypted with its keys."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in values().items())
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        return  # another script has just written it
    finally:
        unfinished.unlink()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
