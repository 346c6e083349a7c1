"""How the secrets of second factors are sealed, and how `rotate_keys` encrypts them again."""

import base64
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import transaction

from lib import crypto
from lib.rotation import Checked, Rotation

# allauth does not say whose secret it is.
CONTEXT = "mfa.Authenticator|data"
# The parts of `data` that are sealed: of TOTP, and of recovery codes.
SEALED = ("secret", "seed")


def seal(text: str) -> str:
    """The sealed text, in base64."""
    return base64.b64encode(crypto.seal(text.encode(), CONTEXT)).decode()


def unseal(sealed: str) -> str:
    """Undo `seal`. Raises lib.crypto.Unreadable."""
    return crypto.unseal(base64.b64decode(sealed), CONTEXT).decode()


class AuthenticatorSecrets:
    """What `rotate_keys` does with these secrets, which are text in a column of allauth's."""

    label = "mfa.Authenticator"

    def check(self) -> Checked:
        """Decrypt every secret. Changes nothing."""
        result = Checked()
        for row in _rows().order_by("pk").iterator():
            try:
                values = [_sealed(row, part) for part in SEALED if part in row.data]
                for value in values:
                    crypto.unseal(value, CONTEXT)
            except (crypto.Unreadable, ValueError):
                result.unreadable.append(row.pk)
                continue
            result.readable += bool(values)
            result.outdated += not all(map(crypto.is_current, values))
        return result

    def rotate(self, report: Callable[[int], None] = lambda _: None) -> Rotation:
        """Encrypt outdated secrets with the first key. Waits for a locked row: a login holds it for a moment only."""
        result = Rotation()
        for key in _rows().order_by("pk").values_list("pk", flat=True):
            with transaction.atomic():
                row = _rows().select_for_update().filter(pk=key).first()
                if row is not None:
                    _reseal(row, result)
        report(result.resealed)
        return result


def _rows() -> Any:
    return apps.get_model("mfa", "Authenticator")._default_manager


def _sealed(row: Any, part: str) -> bytes:
    return base64.b64decode(row.data[part])


def _reseal(row: Any, result: Rotation) -> None:
    changed = False
    try:
        for part in SEALED:
            if part in row.data and not crypto.is_current(_sealed(row, part)):
                row.data[part] = seal(unseal(row.data[part]))
                changed = True
    except (crypto.Unreadable, ValueError):
        result.unreadable.append(row.pk)
        return
    if changed:
        row.save(update_fields=["data"])
        result.resealed += 1
