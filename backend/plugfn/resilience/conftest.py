"""Runs the scripts in a real Valkey with a clock that the test sets."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis


@pytest.fixture(scope="session")
def by_given_clock(redis_url) -> Iterator[Callable[..., Any]]:
    """`ask = by_given_clock(SCRIPT)`; `ask(keys, arguments, microseconds)` runs it at that server time."""
    with Redis.from_url(redis_url) as client:

        def made(script):
            assert script.count("redis.call('TIME')") == 1
            registered = client.register_script(script.replace("redis.call('TIME')", "{ARGV[#ARGV - 1], ARGV[#ARGV]}"))

            def ask(keys, arguments, now):
                return registered(keys, [*arguments, *divmod(now, 1_000_000)])

            return ask

        made.client = client
        yield made


@pytest.fixture
def new_key():
    """A key that no other test uses, nor any other example of this one."""
    return lambda: f"test-resilience-{uuid4().hex}"
