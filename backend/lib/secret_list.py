"""Checks the secrets in a setting that lists them, and in objects made in code. Messages name the place, never a value.

An empty secret would prove anybody: a comma at the end of a list makes one.
"""

from collections.abc import Iterable

from django.core.exceptions import ImproperlyConfigured

# An attacker could guess a shorter secret.
SHORTEST = 16


def secret_list(name: str, entries: Iterable[str], *, shortest: int = 1) -> list[str]:
    """The entries without outer spaces. Raises ImproperlyConfigured if one is empty or shorter than `shortest`."""
    secrets = [entry.strip() for entry in entries]
    if not all(secrets):
        raise ImproperlyConfigured(f"{name} contains an empty secret: remove the comma too many.")
    if any(len(secret) < shortest for secret in secrets):
        raise ImproperlyConfigured(f"{name} contains a secret of fewer than {shortest} characters, which is not safe.")
    return secrets
