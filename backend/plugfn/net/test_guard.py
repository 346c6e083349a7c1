"""The guard against the registries of special addresses, in every notation of an address."""

import asyncio
import multiprocessing
import socket
import threading
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugfn.errors import ConfigurationError, Forbidden, Unavailable
from plugfn.net.guard import Guard
from plugfn.net.lookups import EACH, lookups_of

SPECIAL = [
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255",
    "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1",
    "192.88.99.1", "192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1",
    "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "4000::1", "2001:db8::1%eth0",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
    "2606:4700:4700::1111", "2a00:1450::1", "2001:200::1", "2001:4860:4860::8888", "2003::1", "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]  # fmt: skip


class Answers(Guard):
    """A guard whose name server gives the addresses of the test."""

    def __init__(self, *addresses: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(allowed)
        self.addresses = list(addresses)

    async def _lookup(self, host, port):
        return self.addresses


@pytest.mark.parametrize("address", SPECIAL)
def test_a_special_address_is_refused(address):
    with pytest.raises(Forbidden) as caught:
        Guard().check(address)
    assert caught.value.code == "private_address"
    assert address not in str(caught.value)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address):
    Guard().check(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "1.2.3", "8.8.8.8 ", "example.com", "0x7f.1", "８.8.8.8"])
def test_text_that_is_not_an_address_never_passes(text):
    with pytest.raises(Forbidden):
        Guard().check(text)


@given(number=st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_checked_alike_in_all_its_ipv6_forms(number):
    plain = IPv4Address(number)
    forms = [str(plain), str(IPv6Address(0xFFFF << 32 | number)), str(IPv6Address((0x64FF9B << 96) | number))]
    assert len({_passes(form) for form in forms}) == 1


@given(number=st.integers(0, 2**32 - 1))
def test_addresses_private_to_the_standard_library_never_pass(number):
    ip = IPv4Address(number)
    assert not _passes(str(ip)) or (ip.is_global and not ip.is_multicast)


@given(number=st.integers(0, 2**128 - 1))
def test_an_ipv6_address_that_passes_is_public_by_every_definition(number):
    ip = IPv6Address(number)
    assert not _passes(str(ip)) or (ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.sixtofour)


@given(number=st.integers(0, 2**32 - 1))
def test_a_6to4_or_teredo_address_never_passes(number):
    assert not _passes(str(IPv6Address(0x2002 << 112 | number << 80)))
    assert not _passes(str(IPv6Address(0x20010000 << 96 | number)))


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "127.9.9.9"])
def test_an_allowed_network_passes(address):
    Guard(["127.0.0.0/8"]).check(address)


def test_an_allowed_network_allows_nothing_else():
    with pytest.raises(Forbidden):
        Guard(["127.0.0.0/8", "fd00::/8"]).check("10.0.0.1")
    Guard(["fd00::/8"]).check("fd12::1")


@pytest.mark.parametrize("network", ["127.0.0.1/8", "everything", "10.0.0.0/33", ""])
def test_a_wrong_network_is_a_wrong_configuration(network):
    with pytest.raises(ConfigurationError):
        Guard([network])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1", "0",
        "localhost", "LOCALHOST", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "[::1]", "169.254.169.254",
        "0xa9fea9fe", "2852039166", "64:ff9b::7f00:1", "2002:7f00:1::1",
    ],
)  # fmt: skip
async def test_every_notation_of_a_local_address_is_refused(host):
    with pytest.raises((Forbidden, Unavailable)):
        await Guard().resolve(host, 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost"])
async def test_an_allowed_name_becomes_addresses(host):
    found = await Guard(["127.0.0.0/8", "::1/128"]).resolve(host, 80)
    assert all(address in ("127.0.0.1", "::1") for address in found)


async def test_one_private_address_among_public_ones_refuses_the_name():
    with pytest.raises(Forbidden):
        await Answers("8.8.8.8", "10.0.0.1").resolve("mixed.example", 443)


async def test_a_public_name_becomes_its_addresses():
    assert await Answers("8.8.8.8", "2606:4700::1").resolve("good.example", 443) == ["8.8.8.8", "2606:4700::1"]


@pytest.mark.parametrize(
    "host", ["", "a" * 64 + ".example", "x" * 300, "nul\x00.example", "no-such-name.invalid", ".."]
)
async def test_an_unresolvable_name_is_unavailable(host):
    with pytest.raises((Unavailable, Forbidden)) as caught:
        await Guard().resolve(host, 443)
    assert not getattr(caught.value, "maybe_done", False)


async def test_a_name_without_addresses_is_unavailable():
    with pytest.raises(Unavailable) as caught:
        await Answers().resolve("empty.example", 443)
    assert caught.value.code == "dns"


def _passes(address: str) -> bool:
    try:
        Guard().check(address)
    except Forbidden:
        return False
    return True


def test_every_listed_range_is_refused_at_both_its_ends():
    listed = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"]
    for network in map(ip_network, listed):
        assert not _passes(str(network[0]))
        assert not _passes(str(network[-1]))


async def test_names_of_a_silent_name_server_do_not_block_others(monkeypatch):
    """Otherwise hosts of a silent name server would use up the threads that all look-ups share."""
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: done.wait(10) and [])
    asked = [asyncio.create_task(Guard().resolve("slow.example", 443)) for _ in range(60)]
    try:
        await asyncio.sleep(0.05)
        async with asyncio.timeout(2):
            assert await asyncio.to_thread(lambda: "free")
    finally:
        done.set()
        ended = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(error, Unavailable) for error in ended)


@pytest.fixture
def silent(monkeypatch):
    """An event; until it is set, no name below slow.example resolves. Other names have the address 8.8.8.8."""
    answered = threading.Event()

    def find(host, port, **_named):
        if host.endswith("slow.example"):
            answered.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]

    monkeypatch.setattr(socket, "getaddrinfo", find)
    yield answered
    answered.set()


async def resolved(user_id, *hosts):
    with lookups_of(user_id):
        return await asyncio.gather(*(Guard().resolve(host, 443) for host in hosts))


async def test_a_users_silent_names_leave_other_users_their_lookups(silent):
    slow = asyncio.create_task(resolved("ana", *(f"{number}.slow.example" for number in range(200))))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(5):
        assert await resolved("bia", "fast.example", "other.example") == [["8.8.8.8"], ["8.8.8.8"]]
        assert await Guard().resolve("nobody.example", 443) == ["8.8.8.8"]
    assert not slow.done()
    silent.set()
    assert await slow == [["8.8.8.8"]] * 200


async def test_lookups_that_nobody_waits_for_are_not_begun(silent, monkeypatch):
    begun, find = [], socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **named: begun.append(host) or find(host, port))
    slow = asyncio.create_task(resolved("ana", *(f"{number}.slow.example" for number in range(EACH + 20))))
    while len(begun) < EACH:
        await asyncio.sleep(0.01)
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    silent.set()
    assert await resolved("ana", "fast.example") == [["8.8.8.8"]]
    assert sorted(begun) == [*(f"{number}.slow.example" for number in range(EACH)), "fast.example"]


async def test_names_are_looked_up_after_a_fork_too():
    await Guard(["127.0.0.0/8", "::1"]).resolve("localhost", 80)
    child = multiprocessing.get_context("fork").Process(target=_look_up)
    child.start()
    await asyncio.to_thread(child.join, 10)
    assert child.exitcode == 0


def _look_up() -> None:
    asyncio._set_running_loop(None)
    asyncio.run(asyncio.wait_for(Guard(["127.0.0.0/8", "::1"]).resolve("localhost", 80), 5))


@pytest.mark.parametrize("address", ["2606:4700::1%1", "fd00::1%eth0", "::1%lo"])
def test_a_link_scoped_address_never_passes(address):
    with pytest.raises(Forbidden):
        Guard(["fd00::/8", "::1/128"]).check(address)


def test_networks_must_be_a_list():
    with pytest.raises(ConfigurationError, match="allowed_networks must be a list"):
        Guard("10.0.0.0/8")
