"""JSON over HTTP, as a client: bounded in time and size, never redirected, never retried, never logged.

Every way a call can go wrong on the wire becomes an error of lib.errors, whose `code` says which:

    dns, refused, connect_timeout, tls     nothing was sent
    timeout, reset, truncated              the other side may have acted: whoever repeats must be able to
    too_large, redirect, not_json          an answer that breaks the contract

An answer that did arrive is an Answer, whatever its status: what a status means is the vendor's own table.
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
# With the connect time, below the lease of a mailbox (45 s), which is renewed before each call.
ANSWER_SECONDS = 30.0
MAX_BYTES = 16 * 1024 * 1024
CHUNK = 64 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# The codes of failures before anything was sent: repeating such a call repeats nothing.
UNSENT = frozenset({"dns", "refused", "connect_timeout", "tls"})

SessionFactory = Callable[[], requests.Session]


@dataclass(frozen=True, repr=False)
class Answer:
    """`body` is the parsed JSON, or None; `json` is false where there was a body that is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    json: bool = True


class JsonClient:
    """Calls one server. Safe to share between threads: each has its own session (and each process its own)."""

    def __init__(
        self,
        base_url: str,
        *,
        session: SessionFactory | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`session` makes a requests.Session, the one seam for another transport. Raises ImproperlyConfigured."""
        self.base_url = checked_base_url(base_url)
        host = urlsplit(self.base_url).hostname
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
        """One call, one answer. Raises Temporary (the wire failed) and Unexpected (not what was agreed)."""
        try:
            with self._send(method, path, params, json, headers) as response:
                raw = self._read(response)
        except (requests.RequestException, HTTPError, TimeoutError) as error:
            # Neither the error nor its cause is shown: both can hold the URL and what was sent.
            raise wire_error(error) from None
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
        # A forked worker must not speak on its parent's connection.
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
                raise Unexpected("the answer is too large", code="too_large")
            if time.monotonic() > deadline:
                raise TimeoutError("the answer did not end in time")
        return b"".join(chunks)


def checked_base_url(url: str) -> str:
    """`url` without a closing slash. Raises ImproperlyConfigured unless it is a plain http(s) address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ImproperlyConfigured("A server's address must be a full http:// or https:// URL.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ImproperlyConfigured("A server's address must hold no user, password, query or fragment.")
    return url.rstrip("/")


def _answer(response: requests.Response, raw: bytes) -> Answer:
    status = response.status_code
    if 300 <= status < 400:
        raise Unexpected(f"redirected (HTTP {status}), which is never followed", code="redirect")
    if not raw.strip():
        return Answer(status, response.headers, None)
    try:
        return Answer(status, response.headers, parse(raw))
    except NotJSON:
        if status < 400:
            raise Unexpected(f"HTTP {status}, but the body is not JSON", code="not_json") from None
        return Answer(status, response.headers, None, json=False)


# What requests raised, or what of urllib3's it wrapped; the first that fits. `timeout` and the later ones may have
# reached the other side.
_WIRE: tuple[tuple[tuple[type[BaseException], ...], str, str], ...] = (
    ((requests.exceptions.SSLError,), "tls", "no TLS connection could be made"),
    ((requests.ConnectTimeout,), "connect_timeout", "no connection in time"),
    ((NameResolutionError,), "dns", "the server's name does not resolve"),
    ((NewConnectionError,), "refused", "the connection was refused"),
    ((requests.Timeout, ReadTimeoutError, TimeoutError), "timeout", "no complete answer in time"),
    ((IncompleteRead,), "truncated", "the answer was cut off"),
    ((requests.ConnectionError, ProtocolError), "reset", "the connection was lost"),
)


def wire_error(error: Exception) -> PonteError:
    """The error of lib.errors for what requests or urllib3 raised."""
    reason = _root(error)
    for kinds, code, message in _WIRE:
        if isinstance(error, kinds) or isinstance(reason, kinds):
            return Temporary(message, code=code, error_type=ErrorType.CONNECTION_FAILURE)
    if isinstance(reason, DecodeError):
        return Unexpected("the answer's compression is broken", code="not_json")
    return Unexpected(f"the call failed: {type(error).__name__}", code="client", error_type=ErrorType.INTERNAL_ERROR)


def _root(error: BaseException) -> BaseException:
    """urllib3's own reason, which requests wraps up to three deep, as an argument or as `reason`."""
    for _ in range(4):
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, HTTPError)), None)
        if not isinstance(inner, BaseException):
            return error
        error = inner
    return error
