"""Reading the connection's URL: sizes are limited, redirects are checked, secrets are hidden."""

from urllib.parse import quote

import pytest

from plugfn.errors import Forbidden, GiveUp, InvalidParams, Unexpected

LOOPBACK = ("127.0.0.1/32",)


async def test_a_document_is_read_and_repeated_secrets_are_hidden(connected):
    headers = {"X-Api-Key": 'k"ey-123', "Authorization": "Bearer abc-123"}
    async with connected("/echo?a=1", secret=None, headers=headers) as bench:
        fetched = await bench.call("requests.get", {"query": {"b": "2 &=", "c": "é"}})
    assert (fetched.status, fetched.content_type) == (200, "application/json")
    assert fetched.data["query"] == {"a": "1", "b": "2 &=", "c": "é"}
    assert fetched.data["headers"]["x-api-key"] == "[hidden]"
    assert "abc-123" not in repr(fetched)


async def test_an_answer_that_is_not_json_is_read_as_text(connected):
    async with connected("/text") as bench:
        fetched = await bench.call("requests.get")
    assert (fetched.content_type, fetched.data) == ("text/plain", "olá")


async def test_an_answer_that_names_a_slow_charset_is_read_as_utf_8(connected, receiver):
    headers = {"Content-Type": "text/plain; charset=punycode"}
    receiver.fault("GET /echo", kind="answer", status=200, body="olá", headers=headers)
    async with connected("/echo") as bench:
        fetched = await bench.call("requests.get")
    assert fetched.data == "olá".encode("punycode").decode()


async def test_an_answer_that_is_too_long_is_unexpected(connected):
    async with connected("/big?bytes=300000") as bench:
        with pytest.raises(Unexpected) as caught:
            await bench.call("requests.get")
    assert caught.value.code == "too_big"


async def test_an_invalid_json_answer_is_unexpected(connected, receiver):
    receiver.fault("GET /echo", kind="answer", status=200, body="{", headers={"Content-Type": "application/json"})
    async with connected("/echo") as bench:
        with pytest.raises(Unexpected):
            await bench.call("requests.get")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_an_allowed_redirect_is_followed(connected, receiver, code):
    async with connected(f"/redirect/{code}?to=/text", redirects=1) as bench:
        fetched = await bench.call("requests.get")
    assert (fetched.data, fetched.redirects) == ("olá", 1)


async def test_a_redirect_is_a_failure_by_default(connected):
    async with connected("/redirect/302?to=/text") as bench:
        with pytest.raises(GiveUp):
            await bench.call("requests.get")


async def test_a_redirect_to_the_cloud_metadata_address_is_refused(connected):
    target = quote("http://169.254.169.254/latest/meta-data", safe="")
    async with connected(f"/redirect/302?to={target}", redirects=3, allowed_networks=LOOPBACK) as bench:
        with pytest.raises(Forbidden):
            await bench.call("requests.get")


@pytest.mark.parametrize("query", [{"": "x"}, {"a": 1}, {"a": ["x"]}, {"a": "x" * 3000}, {"k" * 101: "x"}])
async def test_an_invalid_query_is_refused(connected, receiver, query):
    async with connected("/echo") as bench:
        with pytest.raises(InvalidParams):
            await bench.call("requests.get", {"query": query})
    assert receiver.requests() == []


@pytest.mark.parametrize("body", ['{"a": "\\ud83d"}', "[" * 400 + "]" * 400, '{"a": NaN}'])
async def test_a_document_that_cannot_be_stored_is_unexpected(connected, receiver, body):
    headers = {"Content-Type": "application/json"}
    receiver.fault("GET /echo", kind="answer", status=200, body=body, headers=headers)
    async with connected("/echo") as bench:
        with pytest.raises(Unexpected) as caught:
            await bench.call("requests.get")
    assert caught.value.code == "not_json"
