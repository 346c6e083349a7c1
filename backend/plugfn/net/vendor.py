"""HTTP to a vendor for one connection: authenticated, bounded, with errors mapped by the vendor's table."""

import json as codec
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import httpcore2

from plugfn.errors import InvalidParams, Problem, Unexpected
from plugfn.net.answer import UNREADABLE, Answer, ErrorTable
from plugfn.net.body import ACCEPTED, drop_body, read_body
from plugfn.net.failures import TRANSPORT, unavailable
from plugfn.net.pool import Pool
from plugfn.net.progress import CallProgress, RequestProgress, sending
from plugfn.net.quota import Quota
from plugfn.net.url import Address, is_query, read_origin, stays_within

MAX_BYTES = 10 * 1024 * 1024
TIMEOUTS: Mapping[str, float] = {"connect": 10.0, "pool": 10.0, "read": 60.0, "write": 60.0}
"""Seconds. `read` and `write` limit each piece of data; the caller limits the whole call."""
USER_AGENT = "plugfn/0.1"

Observe = Callable[[Quota], None]

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "accept-encoding"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Headers = list[tuple[bytes, bytes]]


def quoted(value: str | int) -> str:
    """A value as one path segment, which it cannot leave. Raises InvalidParams."""
    text = str(value)
    if text in ("", ".", ".."):
        raise InvalidParams("a value cannot be part of a path", problems=[Problem("", "empty, '.' or '..'")])
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidParams("a value cannot be part of a path", problems=[Problem("", "is not valid text")]) from None


class VendorHttp:
    """The HTTP client of an action. Its methods raise the errors of the provider's error table, and:

    Unavailable (no connection; with `maybe_done`, the request was sent and no complete answer came), Forbidden (an
    address that is not public, when the origin is not trusted), Unexpected (the answer is too large or badly encoded),
    InvalidParams (an invalid path, header or body). It does not retry, follow redirects, or keep cookies."""

    def __init__(
        self,
        pool: Pool,
        origin: str,
        *,
        trusted: bool,
        headers: Mapping[str, str] | None = None,
        errors: ErrorTable | None = None,
        max_bytes: int = MAX_BYTES,
        observe: Observe | None = None,
    ) -> None:
        """`origin`: a URL, whose path (if any) goes before each request's path. `headers` authenticate each request.

        `observe` gets what an answer says about the vendor's rate limit, if the error table reads it."""
        self._pool, self._trusted, self._observe = pool, trusted, observe
        self._errors = errors or ErrorTable()
        self._max_bytes = max_bytes
        self._address = read_origin(origin)
        self._base = self._address.path.rstrip("/")
        self._auth = dict(headers or {})
        self._progress = CallProgress()

    @property
    def in_doubt(self) -> bool:
        """Whether a request was sent and its answer is not complete: a call that is cut off may have been done."""
        return any(progress.sent for progress in self._progress.under_way)

    @property
    def changed(self) -> bool:
        """Whether repeating the call may do something twice.

        A request that changes something succeeded, or got an answer that cannot be read."""
        return self._progress.changed

    def __repr__(self) -> str:
        return f"<VendorHttp {self._address.origin}>"

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | str | None = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        checked: bool = True,
        max_bytes: int | None = None,
        reads: bool = False,
    ) -> Answer:
        """Send a request to the provider's origin. `path` begins with a slash; insert values with `quoted`.

        `params` and `form`: a list repeats its name, None omits it; as a str, `params` is an encoded query.
        `checked=False` returns any answer without mapping its errors. `max_bytes` replaces the usual limit of the
        answer; 0 drops its body. `reads`: a POST that only reads, so that its answer does not count as a change."""
        target = self._target(path, params)
        body, kind = _body(json, form, content)
        request = httpcore2.Request(
            method,
            _url(self._address, target),
            headers=self._lines(method, body, kind, headers),
            content=body,
            extensions={"timeout": TIMEOUTS},
        )
        changes = method not in _SAFE and not reads
        try:
            answer = await self._exchange(request, self._max_bytes if max_bytes is None else max_bytes)
            if self._observe is not None and (quota := self._errors.quota(answer.headers)) is not None:
                self._observe(quota)
            if checked:
                self._errors.check(answer)
        except Unexpected as error:
            self._progress.changed |= changes and error.code in UNREADABLE
            raise
        self._progress.changed |= changes and answer.ok
        return answer

    async def get(self, path: str, **options: Any) -> Answer:
        """`request("GET", …)`"""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        """`request("POST", …)`"""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Answer:
        """`request("PUT", …)`"""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Answer:
        """`request("PATCH", …)`"""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        """`request("DELETE", …)`"""
        return await self.request("DELETE", path, **options)

    async def head(self, path: str, **options: Any) -> Answer:
        """`request("HEAD", …)`"""
        return await self.request("HEAD", path, **options)

    def elsewhere(self, origin: str) -> "VendorHttp":
        """A client for another origin, named by the vendor or a redirect: guarded, and without authentication."""
        other = VendorHttp(self._pool, origin, trusted=False, errors=self._errors, max_bytes=self._max_bytes)
        other._progress = self._progress
        return other

    async def _exchange(self, request: httpcore2.Request, max_bytes: int) -> Answer:
        progress = RequestProgress()
        self._progress.under_way.append(progress)
        token = sending.set(progress)
        try:
            connections = self._pool.connections(trusted=self._trusted)
            answer = await connections.exchange(request, partial(_read, max_bytes), patience=TIMEOUTS["pool"])
        except httpcore2.LocalProtocolError:
            raise InvalidParams("the request is not valid HTTP", code="not_http") from None
        except TRANSPORT as error:
            # `from None`: the transport's messages may quote what was sent.
            raise unavailable(error) from None
        finally:
            sending.reset(token)
        self._progress.under_way.remove(progress)
        return answer

    def _target(self, path: str, params: Mapping[str, Any] | str | None) -> bytes:
        if not stays_within(path):
            raise InvalidParams("the path leaves the vendor's origin, or is not encoded", code="path")
        query = params if isinstance(params, str) else _encoded(params)
        if not is_query(query):
            raise InvalidParams("the query is not encoded", code="query")
        target = f"{self._base}{path}?{query}" if query else self._base + path
        return target.encode("ascii")

    def _lines(self, method: str, body: bytes, kind: str, extra: Mapping[str, str] | None) -> Headers:
        own = {"accept": "*/*", "user-agent": USER_AGENT}
        if kind:
            own["content-type"] = kind
        for name, value in (extra or {}).items():
            own[name.lower()] = value
        for name, value in self._auth.items():
            own[name.lower()] = value
        lines = [(b"host", _host(self._address)), (b"accept-encoding", ACCEPTED)]
        lines += [_line(name, value) for name, value in own.items()]
        if body or method in _WITH_BODY:
            lines.append((b"content-length", b"%d" % len(body)))
        return lines


async def _read(max_bytes: int, answer: httpcore2.Response) -> Answer:
    headers = _readable(answer.headers)
    if max_bytes == 0:
        await drop_body(answer)
        return Answer(answer.status, headers)
    return Answer(answer.status, headers, await read_body(answer, headers, max_bytes))


def _url(address: Address, target: bytes) -> httpcore2.URL:
    return httpcore2.URL(scheme=address.scheme, host=address.host, port=address.port, target=target)


def _host(address: Address) -> bytes:
    return address.origin.partition("://")[2].encode("ascii")


def _body(json: Any, form: Mapping[str, Any] | None, content: bytes | None) -> tuple[bytes, str]:
    """The bytes to send, and their content type when we chose it."""
    if content is not None:
        return content, ""
    if form is not None:
        return _encoded(form).encode("ascii"), "application/x-www-form-urlencoded"
    if json is None:
        return b"", ""
    try:
        text = codec.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode(), "application/json"
    except (ValueError, RecursionError):
        raise InvalidParams("the parameters cannot be written as JSON", code="not_json") from None


def _encoded(values: Mapping[str, Any] | None) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in (values or {}).items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if item is not None:
                pairs.append((name, str(item).lower() if isinstance(item, bool) else str(item)))
    try:
        return urlencode(pairs)
    except UnicodeEncodeError:
        raise InvalidParams("a parameter is not valid text", code="not_text") from None


def _line(name: str, value: str) -> tuple[bytes, bytes]:
    if name in _OURS or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise InvalidParams(f"the header {name[:40]!r} cannot be sent", code="header")
    return name.encode("ascii"), value.strip().encode("latin-1")


def _readable(raw: Headers) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
