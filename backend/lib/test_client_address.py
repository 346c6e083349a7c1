"""Whose request it is, whatever stands in the headers."""

import sys
from ipaddress import ip_network

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from lib.client_address import (
    MAX_HOPS,
    Client,
    Proxies,
    client_address,
    is_local,
    is_local_url,
    of_headers,
    of_meta,
    trusted_proxies,
)

NOBODY = trusted_proxies([])
BEHIND = trusted_proxies([], in_front=True)
LISTED = trusted_proxies(["10.0.0.0/8", " 2001:db8::/32", "192.0.2.7"], in_front=True)

ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
GARBAGE = st.one_of(st.text(max_size=40), st.text(st.sampled_from("0123456789.:,[]% ab"), max_size=60))


def test_without_a_proxy_the_peer_is_the_client():
    assert client_address("203.0.113.9", None, NOBODY) == Client("203.0.113.9", certain=True)
    assert client_address("2001:db8:0:0::1", None, NOBODY) == Client("2001:db8::1", certain=True)


def test_with_an_unlisted_proxy_nothing_is_certain():
    assert client_address("10.1.2.3", "203.0.113.9", NOBODY) == Client("10.1.2.3", certain=False)
    assert client_address("10.1.2.3", "", NOBODY) == Client("10.1.2.3", certain=False)
    assert client_address("10.1.2.3", None, BEHIND) == Client("10.1.2.3", certain=False)
    assert client_address("10.1.2.3", "203.0.113.9", BEHIND).limited is None


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9,10.9.9.9 , 192.0.2.7", "203.0.113.9"),
        ("10.1.2.3", "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:10.1.2.3", "203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::5", "[2001:470::1]:443", "2001:470::1"),
        ("10.1.2.3", "2001:470::1%eth0", "2001:470::1"),
        ("203.0.113.1", None, "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),
    ],
)
def test_the_last_address_that_is_no_listed_proxy_is_the_client(peer, forwarded_for, client):
    assert client_address(peer, forwarded_for, LISTED) == Client(client, certain=True)


@pytest.mark.parametrize(
    "forwarded_for", [None, "", " , ", "unknown", "203.0.113.9, _hidden", "10.9.9.9", "1.2.3.4.5", "127.0.0.1"]
)
def test_a_listed_proxy_that_names_no_client_leaves_it_uncertain(forwarded_for):
    client = client_address("10.1.2.3", forwarded_for, LISTED)
    assert not client.certain
    assert client.address.startswith("10.")
    assert client.limited is None


def test_a_unix_socket_is_a_proxy_only_if_it_is_listed():
    assert client_address("", None, NOBODY) == Client("", certain=False)
    assert client_address("", "203.0.113.9", LISTED) == Client("", certain=False)
    assert client_address("", "203.0.113.9", trusted_proxies(["unix"])) == Client("203.0.113.9", certain=True)
    assert client_address("10.1.2.3", "203.0.113.9", trusted_proxies(["unix"])) == Client("10.1.2.3", certain=True)


def test_a_limit_counts_an_ipv6_client_by_its_network():
    assert Client("203.0.113.9", certain=True).limited == "203.0.113.9"
    assert Client("2001:470:1:2:3:4:5:6", certain=True).limited == "2001:470:1:2::/64"


@given(
    address=st.ip_addresses(), network=st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), bits=st.integers(0, 128)
)
def test_a_listed_network_has_the_addresses_that_it_should_have(address, network, bits):
    listed = ip_network((network, min(bits, network.max_prefixlen)), strict=False)
    assert trusted_proxies([str(listed)]).include(address) is (address in listed)
    assert trusted_proxies([str(listed)]).include(network)


@pytest.mark.parametrize("entries", [["10.0.0.1/8"], ["proxy.example.com"], [""], ["10.0.0.0/8", ""], ["10.0.0.0/33"]])
def test_an_entry_that_is_no_address_is_an_error_at_the_start(entries):
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        trusted_proxies(entries)


@given(claims=st.lists(st.one_of(ADDRESSES, GARBAGE), max_size=5), client=st.ip_addresses(v=4))
def test_what_a_client_claims_in_the_header_never_decides(claims, client):
    if LISTED.include(client) or client.is_loopback:
        return
    header = ",".join([*claims, str(client)])
    assert client_address("10.1.2.3", header, LISTED) == Client(str(client), certain=True)
    assert client_address(str(client), header, LISTED) == Client(str(client), certain=True)


@given(peer=st.one_of(ADDRESSES, GARBAGE), header=st.one_of(st.none(), GARBAGE, st.lists(ADDRESSES).map(",".join)))
def test_no_header_and_no_peer_raises(peer, header):
    for trusted in (NOBODY, BEHIND, LISTED):
        client = client_address(peer, header, trusted)
        assert client.limited is None or client.certain
        assert client.certain <= bool(client.address)


def test_a_cut_header_never_makes_another_address_of_half_an_address():
    # Cut by characters or by hops, the first entry that is read could be the end of a longer one.
    for padding in range(40):
        header = "x" * padding + "203.0.113.9" + ",10.0.0.1" * (MAX_HOPS + 100)
        assert client_address("10.1.2.3", header, LISTED) == Client("10.0.0.1", certain=False)
        header = "x" * padding + "203.0.113.9," + " " * 1010 + "10.0.0.1"
        assert client_address("10.1.2.3", header, LISTED) == Client("10.0.0.1", certain=False)


def test_the_work_does_not_grow_with_the_header():
    def lines(header: str) -> int:
        count = 0

        def trace(_frame, event, _argument):
            nonlocal count
            count += event == "line"
            return trace

        sys.settrace(trace)
        try:
            client_address("10.1.2.3", header, LISTED)
        finally:
            sys.settrace(None)
        return count

    few, many = lines("10.0.0.1," * 1_000), lines("10.0.0.1," * 100_000)
    assert many <= few + 5


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"])
def test_both_kinds_of_request_show_the_same_proxy(name):
    key = f"HTTP_{name.upper().replace('-', '_')}"
    headers = [(b"host", b"x"), (name.lower().encode(), b"203.0.113.9")]
    for trusted in (NOBODY, LISTED):
        meta = {"REMOTE_ADDR": "10.1.2.3", "HTTP_HOST": "x", key: "203.0.113.9"}
        assert of_meta(meta, trusted) == of_headers("10.1.2.3", headers, trusted)
    assert of_headers("10.1.2.3", headers[:1], NOBODY) == of_meta({"REMOTE_ADDR": "10.1.2.3"}, NOBODY)
    assert of_headers("10.1.2.3", headers[:1], NOBODY).certain
    assert not of_headers("10.1.2.3", headers, NOBODY).certain


def test_a_header_that_is_sent_twice_counts_as_one():
    headers = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.9, \xff"), (b"via", b"x")]
    assert not of_headers("10.1.2.3", headers, LISTED).certain
    assert of_headers("10.1.2.3", headers[:1] * 2, LISTED) == Client("198.51.100.1", certain=True)


def test_the_defaults_trust_nobody():
    assert Proxies() == NOBODY
    assert not NOBODY.listed
    assert trusted_proxies(["unix"]).listed


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
def test_a_request_of_this_machine_to_itself_is_local(host):
    for address in ("127.0.0.1", "127.0.0.9", "::1"):
        assert is_local(client_address(address, None, NOBODY), host)


@pytest.mark.parametrize(
    "host", ["", "ponte.example.com", "localhost.example.com", "127.0.0.1.example.com:80", ":1", "1"]
)
def test_a_request_under_another_host_name_is_not_local(host):
    assert not is_local(client_address("127.0.0.1", None, NOBODY), host)


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "trusted"),
    [
        ("10.1.2.3", None, NOBODY),
        ("", None, NOBODY),
        ("127.0.0.1", "127.0.0.1", NOBODY),
        ("127.0.0.1", None, BEHIND),
        ("127.0.0.1", None, trusted_proxies(["127.0.0.1"])),
        ("127.0.0.1", "127.0.0.1", trusted_proxies(["127.0.0.0/8"])),
        ("10.1.2.3", "127.0.0.1", LISTED),
    ],
)
def test_a_request_that_may_come_from_elsewhere_is_not_local(peer, forwarded_for, trusted):
    assert not is_local(client_address(peer, forwarded_for, trusted), "localhost")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("https://ponte.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://user@127.0.0.1@evil.example.com", False),
        ("", False),
        ("http://[::1", False),
    ],
)
def test_only_an_address_of_this_machine_is_local(url, local):
    assert is_local_url(url) is local
