"""The audit of what people change at their own accounts. allauth tells it by its signals."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as factors
from django.contrib.auth.models import User
from django.dispatch import Signal

from apps.audit.record import record

# What each of allauth's signals is called in the audit.
ACTIONS: tuple[tuple[Signal, str], ...] = (
    (account.user_signed_up, "account.create"),
    (account.password_set, "account.password"),
    (account.password_changed, "account.password"),
    (account.password_reset, "account.password"),
    (account.email_changed, "account.email"),
    (factors.authenticator_added, "account.second_factor.add"),
    (factors.authenticator_removed, "account.second_factor.remove"),
    (factors.authenticator_reset, "account.second_factor.reset"),
)


def _writer(action: str) -> Any:
    def write(sender: Any, user: User, **_details: Any) -> None:
        record(action, actor=user.pk, subject=user)

    return write


# Installed apps are asked for a module of this name when they start.
for _signal, _action in ACTIONS:
    _signal.connect(_writer(_action), weak=False)
