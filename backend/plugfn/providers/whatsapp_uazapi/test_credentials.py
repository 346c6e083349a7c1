"""Which credentials a user may enter."""

import pytest
from pydantic import ValidationError

from plugfn.errors import Forbidden, PlugFnError
from plugfn.providers.whatsapp_uazapi import provider
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance
from plugfn.testing.bench import Bench

TOKEN = "0123-secret-instance-token"


def typed(base_url="https://free.uazapi.com", **more):
    return UazapiInstance.model_validate({"base_url": base_url, "token": TOKEN} | more)


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        ("https://free.uazapi.com", "https://free.uazapi.com"),
        (" https://free.uazapi.com/ ", "https://free.uazapi.com"),
        ("https://free.uazapi.com/v1/", "https://free.uazapi.com"),
        ("https://FREE.uazapi.com:443/v1", "https://free.uazapi.com"),
        ("https://zap.example:8443/gateway/", "https://zap.example:8443/gateway"),
        ("http://127.0.0.1:8085", "http://127.0.0.1:8085"),
        ("http://[::1]:8085/", "http://[::1]:8085"),
    ],
)
def test_a_url_is_stored_without_spaces_slashes_and_v1(entered, stored):
    assert typed(entered).base_url == stored


UNSAFE = (
    *("http://free.uazapi.com", "http://10.0.0.1", "ftp://free.uazapi.com", "free.uazapi.com", "https://", ""),
    *("https://u:p@free.uazapi.com", "https://free.uazapi.com?x=1", "https://free.uazapi.com#x", "https://a b"),
    *("https://x/a%2f..", "https://x/<y>"),
)


@pytest.mark.parametrize("wrong", UNSAFE)
def test_an_unsafe_url_is_refused(wrong):
    with pytest.raises(ValidationError) as caught:
        typed(wrong)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("wrong", ["short", "a" * 513, "with space in it", "line\r\nx-injected: 1", "tökenümläut"])
def test_a_token_that_cannot_be_a_header_is_refused_and_not_shown(wrong):
    with pytest.raises(ValidationError) as caught:
        typed(token=wrong)
    assert wrong not in str(caught.value)


def test_the_token_is_in_no_repr():
    assert TOKEN not in repr(typed()) + str(typed()) + repr(typed().model_dump())


def test_the_accounts_number_is_stored_as_e164():
    assert typed(phone="(11) 98888-7777").phone == "+5511988887777"
    with pytest.raises(ValidationError):
        typed(phone="hello")


@pytest.mark.parametrize("url", ["https://127.0.0.1", "https://10.0.0.1", "https://169.254.169.254", "https://[::1]"])
async def test_a_gateway_at_a_private_address_is_refused(url):
    with pytest.raises(Forbidden):
        async with Bench(provider, credentials={"base_url": url, "token": TOKEN}, allowed_networks=()) as bench:
            await bench.call("connection.status")


async def test_invalid_credentials_create_no_connection():
    async with Bench(provider, credentials={"base_url": "https://free.uazapi.com", "token": TOKEN}) as bench:
        with pytest.raises(PlugFnError):
            await bench.plug.connections.create("ana", "whatsapp_uazapi", {"base_url": "https://x", "token": "t"})
        assert len(await bench.plug.connections.list("ana")) == 1
