"""The second factor of a login by name and password."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from apps.api.errors import Refused

# A key of WebAuthn needs a browser.
_TYPED = ("totp", "recovery_codes")


def check_second_factor(user: User, code: str) -> None:
    """Accept a code of the person's application, or one of the recovery codes. Raises Refused.

    A person without a second factor needs no code. One whose only second factor is a key cannot log in here: they make
    a personal access token on the page.
    """
    factors = _factors(user)
    if not factors:
        return
    if not code:
        raise Refused(401, "SECOND_FACTOR_NEEDED", _("This account needs the code of its second factor too."))
    used = next((factor for factor in factors if factor.type in _TYPED and factor.wrap().validate_code(code)), None)
    if used is None:
        raise Refused(401, "INVALID_CREDENTIALS", _("The name, the password or the code is wrong."))
    used.record_usage()


def _factors(user: User) -> list[Any]:
    return list(Authenticator.objects.filter(user_id=user.pk))
