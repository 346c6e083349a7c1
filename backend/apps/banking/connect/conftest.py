"""Members, clients with credentials of their own at the emulator, and its switches."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.banking.conftest import CLIENT_ID, CLIENT_SECRET, Bank


@pytest.fixture
def member() -> Any:
    from apps.clients.factories import MembershipFactory

    return MembershipFactory()


@pytest.fixture
def stranger() -> Any:
    """A member of another client."""
    from apps.clients.factories import MembershipFactory

    return MembershipFactory()


@pytest.fixture
def switch(bank: Bank) -> Callable[..., None]:
    """Turns switches of the emulator."""
    return lambda **values: bank.call("POST", "/_sandbox/switches", values)


@pytest.fixture
def own(bank: Bank, member: Any, settings: Any) -> Any:
    """Credentials of the member's client. The installation has none."""
    from apps.banking.connect.credentials import save

    settings.PLUGGY_CLIENT_ID = settings.PLUGGY_CLIENT_SECRET = ""
    return save(member.client, "Meu Pluggy", CLIENT_ID, CLIENT_SECRET, user=member.user)
