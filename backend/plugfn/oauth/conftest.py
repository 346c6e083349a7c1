"""The emulator of an authorization server, and an application next to it."""

from collections.abc import AsyncIterator, Callable

import pytest

from plugfn.testing.emulator import Emulator
from plugfn.testing.oauth_site import Site


@pytest.fixture
async def site(emulator: Callable[[str], Emulator]) -> AsyncIterator[Site]:
    """An application in memory."""
    site = Site(emulator("oauth"))
    async with site.plug:
        yield site
