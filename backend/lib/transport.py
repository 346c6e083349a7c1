"""A requests session with a deadline for the whole answer, one connection, no retries, no cookies and no netrc.

requests limits only the wait for the next byte, so an answer that drips slowly could last longer than the lease of the
worker. Here one deadline covers the whole answer, with its headers.
"""

import http.client
import io
import socket
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection


class _TimedReader(io.RawIOBase):
    """Reads a socket and never waits beyond the deadline (monotonic seconds)."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._raw, self._sock, self._deadline = raw, sock, deadline
        self._wait = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(left if self._wait is None else min(self._wait, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _timed_response(seconds: float) -> type[http.client.HTTPResponse]:
    class TimedResponse(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, time.monotonic() + seconds))

    return TimedResponse


class _TimedPools(PoolManager):
    """Pools of urllib3 whose connections read every answer within `answer_seconds`."""

    def __init__(self, answer_seconds: float, **options: Any) -> None:
        super().__init__(**options)
        response = _timed_response(answer_seconds)
        plain = type("TimedHTTPConnection", (HTTPConnection,), {"response_class": response})
        tls = type("TimedHTTPSConnection", (HTTPSConnection,), {"response_class": response})
        self.pool_classes_by_scheme = {
            "http": type("TimedHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TimedHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }


class TimedAdapter(HTTPAdapter):
    """An adapter of requests for these pools, with one persistent connection and no retries."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = _TimedPools(
            self._answer_seconds, num_pools=connections, maxsize=maxsize, block=block, **options
        )


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An authentication that adds nothing, so that requests does not read ~/.netrc."""
    return request


def new_session(answer_seconds: float, *, loopback: bool = False) -> requests.Session:
    """A session for one thread. `loopback`: the server is on this machine, so no proxy is used."""
    session = requests.Session()
    session.auth = _no_netrc
    session.trust_env = not loopback
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, TimedAdapter(answer_seconds))
    return session
