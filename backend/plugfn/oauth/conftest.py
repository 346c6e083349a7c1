"""The emulator of an authorization server, and an application next to it."""

from collections.abc import AsyncIterator, Callable

import pytest

from plugfn.testing.emulator import Emulator
from plugfn.testing.oauth_site import Site

ACTORS = 20
"""How many callers meet one expired token."""


@pytest.fixture
async def site(emulator: Callable[[str], Emulator]) -> AsyncIterator[Site]:
    """An application in memory."""
    site = Site(emulator("oauth"))
    async with site.plug:
        yield site


def refreshes(site: Site) -> list[dict[str, str]]:
    """The refreshes that the authorization server has seen."""
    return [request for request in site.token_requests() if request["grant_type"] == "refresh_token"]
