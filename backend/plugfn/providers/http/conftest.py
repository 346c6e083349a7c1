"""Connections to the emulator of a webhook receiver."""

import pytest

from plugfn.providers.http import provider
from plugfn.testing.bench import Bench

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = {"type": "invoice.paid", "data": {"id": 7, "name": "São João"}}


@pytest.fixture
def receiver(emulator):
    return emulator("receiver")


@pytest.fixture
def connected(receiver):
    """`connected("/hooks", redirects=1, …)`: a Bench with a connection to that path of the receiver."""

    def make(path: str = "/hooks", *, secret: str | None = SECRET, **more) -> Bench:
        url = path if "://" in path else receiver.url + path
        networks = {"allowed_networks": more.pop("allowed_networks")} if "allowed_networks" in more else {}
        return Bench(
            provider, settings={"allow_http": True}, credentials={"url": url, "secret": secret} | more, **networks
        )

    return make
