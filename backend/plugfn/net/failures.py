"""What a transport failure means: whether the vendor may have acted, and a short code for why."""

import socket
import ssl

import httpcore2

from plugfn.errors import Unavailable

TRANSPORT = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError)
"""Everything that httpcore2 raises during a request."""

_BEFORE = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)


def unavailable(error: Exception) -> Unavailable:
    """Our error for one of httpcore2's. The message is our own, since theirs may quote what was sent."""
    if isinstance(error, _BEFORE):
        return _no_connection(error)
    if isinstance(error, httpcore2.TimeoutException):
        return Unavailable("the vendor did not answer in time", maybe_done=True, code="timeout")
    return Unavailable("the connection broke before the answer was complete", maybe_done=True, code="no_answer")


def _no_connection(error: Exception) -> Unavailable:
    if isinstance(error, httpcore2.PoolTimeout):
        return Unavailable("too many calls are running", code="timeout_pool")
    if isinstance(error, httpcore2.ConnectTimeout):
        return Unavailable("the vendor's host did not accept a connection in time", code="timeout_connect")
    causes = _causes(error)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Unavailable("the host name does not resolve", code="dns")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Unavailable("no trusted TLS connection can be made to the vendor's host", code="tls")
    return Unavailable("no connection can be made to the vendor's host", code="connect")


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    nested: list[BaseException | None] = [error]
    while nested:
        cause = nested.pop()
        if cause is None or cause in causes:
            continue
        causes.append(cause)
        nested += [cause.__cause__, cause.__context__]
        nested += cause.exceptions if isinstance(cause, BaseExceptionGroup) else []
    return causes
