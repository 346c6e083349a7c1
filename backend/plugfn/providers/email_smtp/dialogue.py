"""The dialogue with a server up to the login, and what its failures mean.

aiosmtplib speaks the protocol; its `login` and `sendmail` are not used: the one tries a wrong password by every
mechanism in turn (accounts get locked), the other does not say whether a message was out when the connection broke.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from plugfn.definition import Call
from plugfn.errors import GiveUp, NeedsReconnect, PlugFnError, Unavailable
from plugfn.providers.email_smtp.connect import connected, literal, trust
from plugfn.providers.email_smtp.credentials import SmtpCredentials
from plugfn.providers.email_smtp.meaning import Stage, refusal

MECHANISMS = ("plain", "login", "cram-md5")
NOT_THIS_ONE = frozenset({500, 502, 503, 504})
"""Answers to AUTH that are about the mechanism, not about the password."""

FAREWELL = 2.0
"""Seconds that the server has to answer QUIT: nothing depends on it."""


@asynccontextmanager
async def dialogue(call: Call[SmtpCredentials]) -> AsyncIterator[SMTP]:
    """A server that has let us in, left politely unless something fails. Raises as `at` does."""
    given, context = call.credentials, trust(call.settings.ca_file)
    sock = await connected(call)
    smtp = SMTP(
        hostname=given.host,
        sock=sock,
        local_hostname=literal(sock),
        timeout=given.timeout,
        use_tls=given.security == "tls",
        start_tls=False,
        tls_context=context,
    )
    try:
        with at(Stage.CONNECT):
            await smtp.connect()
            await _secured(smtp, given)
        with at(Stage.LOGIN):
            await _logged_in(smtp, given)
        yield smtp
        await _farewell(smtp)
    finally:
        smtp.close()


@contextmanager
def at(stage: Stage) -> Iterator[None]:
    """What aiosmtplib or the network raises inside comes out as an error of our tree: nothing was done."""
    try:
        yield
    except (SMTPException, OSError) as error:
        # `from None`: what servers write quotes addresses.
        raise translated(error, stage) from None


async def _secured(smtp: SMTP, given: SmtpCredentials) -> None:
    """STARTTLS is required, not tried: a server (or someone before it) that offers none gets nothing from us."""
    await smtp.ehlo()
    if given.security != "starttls":
        return
    if not smtp.supports_extension("starttls"):
        raise GiveUp("The server offers no STARTTLS, and nothing is sent without encryption.", code="no_starttls")
    await smtp.starttls(server_hostname=given.host)
    await smtp.ehlo()


async def _logged_in(smtp: SMTP, given: SmtpCredentials) -> None:
    if not given.username:
        return
    ways = {"plain": smtp.auth_plain, "login": smtp.auth_login, "cram-md5": smtp.auth_crammd5}
    for mechanism in (one for one in MECHANISMS if one in smtp.server_auth_methods):
        try:
            await ways[mechanism](given.username, given.password.get_secret_value())
        except SMTPAuthenticationError as error:
            if error.code not in NOT_THIS_ONE:
                raise
        else:
            return
    raise NeedsReconnect("The server offers no way to log in with a password.", code="no_login")


async def _farewell(smtp: SMTP) -> None:
    try:
        await smtp.quit(timeout=FAREWELL)
    except (SMTPException, OSError):
        # The message is in the server's hands: how it says goodbye does not matter.
        return


def translated(error: Exception, stage: Stage) -> PlugFnError:
    """The error of our tree for one of aiosmtplib or of the network."""
    if isinstance(error, SMTPResponseException):
        return refusal(stage, error.code, error.message)
    causes = _causes(error)
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return GiveUp("The server's certificate is not one to be trusted for its name.", code="bad_certificate")
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return Unavailable("The encryption with the server failed.", code="tls")
    if isinstance(error, (SMTPTimeoutError, TimeoutError)):
        return Unavailable("The server did not answer in time.", code="timeout")
    if isinstance(error, (SMTPServerDisconnected, OSError)):
        return Unavailable("The connection to the server was lost.", code="disconnected")
    return GiveUp("The server does not speak SMTP as it should.", code="not_smtp")


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 10:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
