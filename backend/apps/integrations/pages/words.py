"""The errors of integrations in words: what happened, and what to do now."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# PlugFn's codes. Each provider's own codes are listed in its README.
_WORDS: dict[str, Promise] = {
    "access_denied": _("The sign-in was cancelled at the other site. Nothing was connected."),
    "invalid_state": _("This sign-in is too old, or it was used before. Start again."),
    "invalid_token": _("The token is not accepted. Copy it again from the service."),
    "not_linked": _("The phone is not linked to WhatsApp. Scan the code at your gateway, then test again."),
    "not_on_whatsapp": _("This number is not on WhatsApp."),
    "forbidden": _("This address is not allowed: it is in a private network."),
    "already_connected": _("One of this kind is connected already. Disconnect it first."),
    "outcome_unknown": _("No answer came, so it is not known whether it was done. Look at the other side first."),
    "opted_out": _("This person does not want automatic messages."),
    "rate_limited": _("The service asks to wait. Try again in a few minutes."),
    "circuit_open": _("The service has failed several times. Ponte tries again in a minute."),
    "integration_gone": _("The integration was disconnected before this was sent."),
}
_OTHERWISE = _("It did not work. The other side says: %(code)s")


def error_words(code: str) -> str:
    """The sentence for an error's code."""
    words = _WORDS.get(code)
    return str(words) if words is not None else str(_OTHERWISE) % {"code": code}
