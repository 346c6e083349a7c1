"""Talks to a server up to the login, and translates its failures.

aiosmtplib implements the protocol. Its `login` is not used: it tries a wrong password with every mechanism, which locks
accounts. Its `sendmail` is not used: after a broken connection it does not say whether the message was sent.
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
from plugfn.providers.email_smtp.connect import address_literal, connect, trust
from plugfn.providers.email_smtp.credentials import SmtpCredentials
from plugfn.providers.email_smtp.meaning import Stage, refusal

MECHANISMS = ("plain", "login", "cram-md5")
MECHANISM_REFUSED = frozenset({500, 502, 503, 504})
"""Answers to AUTH that concern the mechanism, not the password."""

QUIT_SECONDS = 2.0
"""Seconds to wait for the answer to QUIT: nothing depends on it."""


@asynccontextmanager
async def dialogue(call: Call[SmtpCredentials]) -> AsyncIterator[SMTP]:
    """A server that we are logged in to; QUIT is sent at the end, unless something fails. Raises as `at` does."""
    credentials, context = call.credentials, trust(call.settings.ca_file)
    sock = await connect(call)
    smtp = SMTP(
        hostname=credentials.host,
        sock=sock,
        local_hostname=address_literal(sock),
        timeout=credentials.timeout,
        use_tls=credentials.security == "tls",
        start_tls=False,
        tls_context=context,
    )
    try:
        with at(Stage.CONNECT):
            await smtp.connect()
            await _start_tls(smtp, credentials)
        with at(Stage.LOGIN):
            await _log_in(smtp, credentials)
        yield smtp
        await _quit(smtp)
    finally:
        smtp.close()


@contextmanager
def at(stage: Stage) -> Iterator[None]:
    """Translates what aiosmtplib or the network raises inside into a PlugFnError; nothing has been done then."""
    try:
        yield
    except (SMTPException, OSError) as error:
        # `from None`, because servers quote addresses in their texts.
        raise translated(error, stage) from None


async def _start_tls(smtp: SMTP, credentials: SmtpCredentials) -> None:
    """Requires STARTTLS: if the server, or an attacker in between, does not offer it, nothing more is sent."""
    await smtp.ehlo()
    if credentials.security != "starttls":
        return
    if not smtp.supports_extension("starttls"):
        raise GiveUp("The server does not offer STARTTLS, so nothing was sent.", code="no_starttls")
    await smtp.starttls(server_hostname=credentials.host)
    await smtp.ehlo()


async def _log_in(smtp: SMTP, credentials: SmtpCredentials) -> None:
    if not credentials.username:
        return
    ways = {"plain": smtp.auth_plain, "login": smtp.auth_login, "cram-md5": smtp.auth_crammd5}
    for mechanism in (each for each in MECHANISMS if each in smtp.server_auth_methods):
        try:
            await ways[mechanism](credentials.username, credentials.password.get_secret_value())
        except SMTPAuthenticationError as error:
            if error.code not in MECHANISM_REFUSED:
                raise
        else:
            return
    raise NeedsReconnect("The server does not offer a login with a password.", code="no_login")


async def _quit(smtp: SMTP) -> None:
    try:
        await smtp.quit(timeout=QUIT_SECONDS)
    except (SMTPException, OSError):
        # The server has accepted the message, so a failing QUIT does not matter.
        return


def translated(error: Exception, stage: Stage) -> PlugFnError:
    """The PlugFnError for an error of aiosmtplib or of the network."""
    if isinstance(error, SMTPResponseException):
        return refusal(stage, error.code, error.message)
    causes = _causes(error)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return GiveUp("The server's certificate is not trusted, or is for another name.", code="bad_certificate")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Unavailable("TLS with the server failed.", code="tls")
    if isinstance(error, (SMTPTimeoutError, TimeoutError)):
        return Unavailable("The server did not answer in time.", code="timeout")
    if isinstance(error, (SMTPServerDisconnected, OSError)):
        return Unavailable("The connection to the server was lost.", code="disconnected")
    return GiveUp("The server's answer is not valid SMTP.", code="not_smtp")


def _causes(error: BaseException | None) -> list[BaseException]:
    causes: list[BaseException] = []
    while error is not None and len(causes) < 10:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes
