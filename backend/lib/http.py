"""A client for JSON over HTTP, bounded in time and size. It follows no redirects, retries nothing and logs nothing.

Each network failure becomes an error of lib.errors with one of these codes:

    dns, refused, connect_timeout, tls     nothing was sent
    timeout, reset, truncated              the server may have acted: retry only idempotent calls
    too_large, redirect, not_json          the answer breaks the contract

A complete answer becomes an Answer, whatever its status. The code table of the vendor says what the status means.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.core.exceptions import ImproperlyConfigured
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    IncompleteRead,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from lib.errors import ErrorType, PonteError, Temporary, Unexpected
from lib.json_body import NotJSON, parse
from lib.transport import new_session

CONNECT_SECONDS = 5.0
READ_SECONDS = 25.0
# With the connect time, shorter than the lease of a mailbox (45 s), which the worker renews before each call.
ANSWER_SECONDS = 30.0
MAX_BYTES = 16 * 1024 * 1024
CHUNK = 64 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# The codes of failures before anything was sent. Such a call can always be repeated.
UNSENT = frozenset({"dns", "refused", "connect_timeout", "tls"})

SessionFactory = Callable[[], requests.Session]


@dataclass(frozen=True, repr=False)
class Answer:
    """`body` is the parsed JSON, or None. `json` is false if there was a body that is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any
    json: bool = True


class JsonClient:
    """Calls one server. Threads may share it: each thread of each process has its own session."""

    def __init__(
        self,
        base_url: str,
        *,
        session: SessionFactory | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        max_bytes: int = MAX_BYTES,
        setting: str = "",
    ) -> None:
        """`session` creates a requests.Session, to replace the transport. `setting`: the name of the one that has this
        URL, for error messages. Raises ImproperlyConfigured.
        """
        self.base_url = checked_base_url(base_url)
        host = urlsplit(self.base_url).hostname
        self._server = f"the server {host} ({setting})" if setting else f"the server {host}"
        self._new_session = session or (lambda: new_session(answer_seconds, loopback=host in LOOPBACK))
        self._timeout = (connect_seconds, read_seconds)
        self._answer_seconds = answer_seconds
        self._max_bytes = max_bytes
        self._local = threading.local()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call. Raises Temporary (the network failed) or Unexpected (the answer breaks the contract)."""
        try:
            with self._send(method, path, params, json, headers) as response:
                raw = self._read(response)
        except (requests.RequestException, HTTPError, TimeoutError) as error:
            # The original error is dropped, because it may contain the URL and the request.
            raise wire_error(error, self._server) from None
        return _answer(response, raw)

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        json: Any,
        headers: Mapping[str, str] | None,
    ) -> requests.Response:
        return self._session().request(
            method,
            self.base_url + path,
            params=params,
            json=json,
            headers={"Accept": "application/json", "User-Agent": "ponte", **(headers or {})},
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        )

    def _session(self) -> requests.Session:
        local = self._local
        # A forked worker must not use the connection of its parent.
        if getattr(local, "pid", None) != os.getpid():
            local.session, local.pid = self._new_session(), os.getpid()
        session: requests.Session = local.session
        return session

    def _read(self, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._answer_seconds
        chunks, size = [], 0
        for chunk in response.raw.stream(CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_bytes:
                raise Unexpected(f"the answer is larger than {self._max_bytes} bytes", code="too_large")
            if time.monotonic() > deadline:
                raise TimeoutError("the answer did not end in time")
        return b"".join(chunks)


def checked_base_url(url: str) -> str:
    """`url` without a closing slash. Raises ImproperlyConfigured unless it is a plain http(s) address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ImproperlyConfigured("The address of a server must be a full http:// or https:// URL.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ImproperlyConfigured("The address of a server must not contain a user, password, query or fragment.")
    return url.rstrip("/")


def _answer(response: requests.Response, raw: bytes) -> Answer:
    status = response.status_code
    if 300 <= status < 400:
        raise Unexpected(
            f"the server redirected the call (HTTP {status}), and redirects are not followed", code="redirect"
        )
    if not raw.strip():
        return Answer(status, response.headers, None)
    try:
        return Answer(status, response.headers, parse(raw))
    except NotJSON:
        if status < 400:
            raise Unexpected(
                f"the server answered HTTP {status} with a body that is not JSON", code="not_json"
            ) from None
        return Answer(status, response.headers, None, json=False)


# For each error of requests, or of urllib3 inside it: the code and the message. The first match counts. From `timeout`
# on, the server may have received the request.
_WIRE: tuple[tuple[tuple[type[BaseException], ...], str, str], ...] = (
    ((requests.exceptions.SSLError,), "tls", "no TLS connection to {server} could be established"),
    ((requests.ConnectTimeout,), "connect_timeout", "{server} did not accept the connection in time"),
    ((NameResolutionError,), "dns", "the name of {server} does not resolve: is there a network?"),
    ((NewConnectionError,), "refused", "{server} refused the connection"),
    ((requests.Timeout, ReadTimeoutError, TimeoutError), "timeout", "the server did not answer completely in time"),
    ((IncompleteRead,), "truncated", "the answer was cut off"),
    ((requests.ConnectionError, ProtocolError), "reset", "the connection was lost"),
)


def wire_error(error: Exception, server: str) -> PonteError:
    """The error of lib.errors for an error of requests or urllib3."""
    reason = _root(error)
    for kinds, code, message in _WIRE:
        if isinstance(error, kinds) or isinstance(reason, kinds):
            return Temporary(message.format(server=server), code=code, error_type=ErrorType.CONNECTION_FAILURE)
    if isinstance(reason, DecodeError):
        return Unexpected("the compression of the answer is broken", code="not_json")
    return Unexpected(f"the call failed: {type(error).__name__}", code="client", error_type=ErrorType.INTERNAL_ERROR)


def _root(error: BaseException) -> BaseException:
    """The innermost error of urllib3, which requests wraps up to three times, as an argument or as `reason`."""
    for _ in range(4):
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, HTTPError)), None)
        if not isinstance(inner, BaseException):
            return error
        error = inner
    return error
