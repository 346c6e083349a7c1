"""Misspelt and missing arguments of a call are refused."""

import pytest

from plugfn.crypto import new_key
from plugfn.plug import PlugFn
from plugfn.providers import http_provider


@pytest.fixture
def plug():
    made = PlugFn(encryption_key=new_key())
    made.providers.register(http_provider)
    return made


async def test_a_misspelt_option_is_refused_before_anything_is_done(plug):
    with pytest.raises(TypeError, match="did you mean 'idempotency_key'"):
        await plug.http.requests.get(user_id="ana", params={}, idempotency_kei="once")


async def test_a_call_without_a_user_says_what_is_missing(plug):
    with pytest.raises(TypeError, match="user_id"):
        await plug.http.requests.get(params={})
