"""The errors of integrations in words: what happened, and what to do now."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.integrations.pages.slack_words import SLACK
from apps.integrations.pages.vendor_words import VENDORS

_OPERATORS = _("This server's application at the other site is not set up rightly. Its operators must act.")
_SIGN_IN_DOWN = _("The other site does not work at the moment. Start again in a few minutes.")

# PlugFn's own codes, and what most services answer. A provider's own meaning comes first.
COMMON: dict[str, Promise] = {
    # The network.
    "connect": _("No connection can be made to the server. Check the address, the port and whether the server runs."),
    "dns": _("No server has this name. Check the address for a typing error."),
    "tls": _("No encrypted connection can be made: the server's certificate is not valid, or it has none."),
    "timeout_connect": _(
        "The server does not answer. Check the address and the port, and whether a firewall is between."
    ),
    "timeout_pool": _("Too many calls are running at the moment. Try again in a minute."),
    "timeout": _("The server took too long to answer. Try again later."),
    "no_answer": _("The connection broke before the answer was complete. Try again later."),
    "truncated": _("The connection broke before the answer was complete. Try again later."),
    "disconnected": _("The connection broke before the answer was complete. Try again later."),
    "unavailable": _("The service does not work at the moment. Try again later."),
    "try_later": _("The service does not work at the moment. Try again later."),
    "rate_limited": _("The service asks to wait. Try again in a few minutes."),
    "budget": _("Ponte has made as many calls as this service allows. It goes on by itself in a moment."),
    "circuit_open": _("The service has failed several times. Ponte tries again in a minute."),
    # Addresses.
    "private_address": _(
        "This address is in a private network, where Ponte does not connect to. The operators of this "
        "server can allow it."
    ),
    "port": _("This port belongs to another kind of service. Check the address."),
    "forbidden": _("This is not allowed."),
    # Answers.
    "not_json": _("The answer is not what this service sends. Check the address."),
    "not_an_object": _("The answer is not what this service sends. Check the address."),
    "wrong_shape": _("The answer is not what this service sends. Check the address."),
    "encoding": _("The answer is not what this service sends. Check the address."),
    "unexpected_answer": _("The answer is not what this service sends. Check the address."),
    "too_big": _("The answer is larger than Ponte accepts."),
    "provider_bug": _("Something in Ponte went wrong. Tell the operators of this server."),
    # Connections and sign-ins.
    "access_denied": _("The sign-in was cancelled at the other site. Nothing was connected."),
    "authorization_failed": _("The other site refused the sign-in. Nothing was connected."),
    "invalid_state": _("This sign-in is too old, or it was used before. Start again."),
    "issuer": _("This sign-in is too old, or it was used before. Start again."),
    "other_account": _(
        "You signed in to another account than the one that is connected. Sign in to the same one, or "
        "disconnect it first."
    ),
    "invalid_grant": _("The permission has ended at the other site. Sign in again."),
    "token_expired": _("The permission has ended at the other site. Sign in again."),
    "token_revoked": _("The permission has ended at the other site. Sign in again."),
    "invalid_code": _("This sign-in is too old, or it was used before. Start again."),
    "bad_verification_code": _("This sign-in is too old, or it was used before. Start again."),
    "code_already_used": _("This sign-in is too old, or it was used before. Start again."),
    "bad_refresh_token": _("The permission has ended at the other site. Sign in again."),
    "invalid_refresh_token": _("The permission has ended at the other site. Sign in again."),
    "slow_down": _("The service asks to wait. Try again in a few minutes."),
    "ratelimited": _("The service asks to wait. Try again in a few minutes."),
    **dict.fromkeys(
        ("server_error", "temporarily_unavailable", "internal_error", "fatal_error", "service_unavailable"),
        _SIGN_IN_DOWN,
    ),
    **dict.fromkeys(
        (
            "invalid_client",
            "invalid_client_id",
            "incorrect_client_credentials",
            "bad_client_secret",
            "redirect_uri_mismatch",
            "bad_redirect_uri",
            "invalid_request",
            "unauthorized_client",
            "unsupported_response_type",
            "unsupported_grant_type",
            "invalid_scope",
            "application_suspended",
            "configuration",
        ),
        _OPERATORS,
    ),
    "refresh_failed": _("The other site did not renew the permission just now. Ponte tries again."),
    "needs_reauth": _("The service does not accept the credentials any more. Enter new ones."),
    "missing_scope": _("The account may not do this. Grant the missing permission at the service, or sign in again."),
    "already_connected": _("One of this kind is connected already. Disconnect it first."),
    "too_many_connections": _("A client can have at most 100 integrations. Disconnect one that is not needed."),
    "no_connection": _("This integration does not exist any more."),
    "unreadable": _("The stored credentials cannot be read. Enter them again."),
    "invalid_params": _("A value is missing or not valid."),
    # Sending.
    "outcome_unknown": _("No answer came, so it is not known whether it was done. Look at the other side first."),
    "opted_out": _("This person does not want automatic messages."),
    "integration_gone": _("The integration was disconnected before this was sent."),
    "integration_disabled": _("This integration is paused. Resume it first."),
    "paused": _("This integration is paused. It goes on when it is resumed."),
    "invalid_credentials": _("The service does not accept the credentials any more. Enter new ones."),
    "not_repeatable": _("This cannot be sent again: its content is no longer stored, or its integration is gone."),
    "email.bounced": _("The recipient's mail server refused the message. Check the address."),
    "email.dropped": _("It was not sent, because earlier messages to this address bounced or were unwanted."),
    # Statuses of HTTP.
    "http_400": _("The service does not accept a value."),
    "http_401": _("The service does not accept the credentials. Enter new ones."),
    "http_403": _("The service does not let this account do this."),
    "http_404": _("There is nothing at this address. Check it."),
    "http_405": _("The service does not accept this kind of request at this address. Check it."),
    "http_408": _("The server took too long to answer. Try again later."),
    "http_409": _("It conflicts with something that exists there."),
    "http_410": _("What was asked for was removed there for good."),
    "http_413": _("What was sent is too big for the service."),
    "http_415": _("The service does not accept this format."),
    "http_422": _("The service does not accept a value."),
    "http_429": _("The service asks to wait. Try again in a few minutes."),
}
_FAILED_THERE = _("The service failed. Try again later.")
_OTHERWISE = _("It did not work. The other side says: %(code)s")


def error_words(code: str, provider: str = "") -> str:
    """The sentence for an error's code, as this provider means it."""
    words = _words(code, provider)
    return str(words) if words is not None else str(_OTHERWISE) % {"code": code}


def has_words(code: str, provider: str = "") -> bool:
    """Whether there is a sentence for the code."""
    return _words(code, provider) is not None


def _words(code: str, provider: str) -> Promise | None:
    own = SLACK if provider == "slack" else VENDORS.get(provider, {})
    if (words := own.get(code) or COMMON.get(code)) is not None:
        return words
    if len(code) == 5 and provider.startswith("database_"):
        # A state of PostgreSQL means what its class means.
        return own.get(code[:2])
    if provider == "email_smtp" and code.startswith("smtp_"):
        return own.get(f"{code[:6]}xx")
    return _FAILED_THERE if code.startswith("http_5") else None
