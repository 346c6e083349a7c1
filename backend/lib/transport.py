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


class _TimedReader(socket.SocketIO):
    """Reads a socket and never waits beyond the deadline (monotonic seconds)."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__(sock, "r")
        self._timed = sock
        self._wait = sock.gettimeout()
        self._deadline = deadline

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._timed.settimeout(left if self._wait is None else min(self._wait, left))
        return super().readinto(buffer)


class _TimedSocket:
    """The part of a socket that the response of http.client uses: one call to makefile."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        # Count the reader as a user of the socket, as socket.makefile does. Otherwise closing the connection ends the
        # answer while it is read.
        self._sock._io_refs += 1  # type: ignore[attr-defined]
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))


def _timed_response(seconds: float) -> type[http.client.HTTPResponse]:
    class TimedResponse(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            timed: Any = _TimedSocket(sock, time.monotonic() + seconds)
            super().__init__(timed, *args, **kwargs)

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
