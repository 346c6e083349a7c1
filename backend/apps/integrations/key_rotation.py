"""What `rotate_keys` does with what PlugFn seals by itself: credentials, accounts' names, workflows and their runs."""

from collections.abc import Callable
from uuid import UUID

from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from lib.rotation import ELSEWHERE, Checked, Rotation

_WORK = "rotating keys"


class PlugFnSecrets:
    """PlugFn has the same keys as lib.crypto, and its own rotation, which may run while calls go on."""

    label = "integrations.Integration"

    def check(self) -> Checked:
        """Decrypt everything. Changes nothing."""
        with acting_for(_WORK):
            found = plug().check_keys()
        return Checked(sum(found.readable.values()), sum(found.outdated.values()), _lost(found.unreadable))

    def rotate(self, report: Callable[[int], None] = lambda _: None) -> Rotation:
        """Encrypt what is outdated with the first key."""
        with acting_for(_WORK):
            done = plug().rotate_keys()
        resealed = sum(done.resealed.values())
        report(resealed)
        return Rotation(resealed, unreadable=_lost(done.unreadable))


def _lost(by_kind: dict[str, list[str]]) -> list[int | UUID | str]:
    return [number for numbers in by_kind.values() for number in numbers]


ELSEWHERE.append(PlugFnSecrets())
