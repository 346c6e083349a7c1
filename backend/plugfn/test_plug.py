"""A failing open or close leaves nothing open."""

import pytest

from plugfn.crypto import new_key
from plugfn.errors import ConfigurationError, Unavailable
from plugfn.plug import PlugFn


class Parts:
    """Records which parts of a PlugFn were closed."""

    def __init__(self, plug, monkeypatch, failing=""):
        self.closed = []
        for name in ("connections", "pool", "shared", "store"):
            monkeypatch.setattr(getattr(plug, name), "close", self._closer(name, name == failing))

    def _closer(self, name, fails):
        async def close():
            self.closed.append(name)
            if fails:
                raise Unavailable(f"{name} is gone")

        return close


@pytest.mark.parametrize("failing", ["connections", "pool", "shared"])
async def test_a_part_that_fails_to_close_does_not_keep_the_others_open(monkeypatch, failing):
    plug = PlugFn(encryption_key=new_key())
    parts = Parts(plug, monkeypatch, failing)
    with pytest.raises(Unavailable, match=failing):
        await plug.close()
    assert parts.closed == ["connections", "pool", "shared", "store"]


async def test_a_plugfn_that_fails_to_open_is_closed_again(monkeypatch):
    plug = PlugFn(encryption_key=new_key(), integrations={"nobody": {}})
    parts = Parts(plug, monkeypatch)
    with pytest.raises(ConfigurationError):
        await plug.__aenter__()
    assert "store" in parts.closed


@pytest.mark.parametrize(
    "wrong",
    ["", "app.example.com", "localhost:8000", "ftp://app.example.com", "https://", "https://[", "https://a.example?b"],
)
def test_an_invalid_base_url_is_refused_at_once(wrong):
    with pytest.raises(ConfigurationError, match="base_url is"):
        PlugFn(encryption_key=new_key(), base_url=wrong)
