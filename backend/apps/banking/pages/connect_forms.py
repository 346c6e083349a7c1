"""The forms of the connect pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.banking.connect.answer import LONGEST
from apps.banking.models import ClientApplication


class FinishForm(forms.Form):
    """What the browser hands over: an item's id, and the name of the credentials it was made with."""

    item = forms.UUIDField()
    application = forms.RegexField(r"^[A-Za-z0-9_-]{0,40}$", required=False)
    reason = forms.CharField(required=False, max_length=64)


class DisconnectForm(forms.Form):
    """Keep or erase what was read so far."""

    KEEP, ERASE = "keep", "erase"

    data = forms.ChoiceField(  # type: ignore[assignment]
        label=_("What happens to the data that is here?"),
        choices=[
            (KEEP, _("Keep it. It leaves lists and sums, is in your data's download, and can be erased later.")),
            (ERASE, _("Erase it. Accounts, transactions, bills and notes of this bank are deleted for good.")),
        ],
        widget=forms.RadioSelect,
        initial=KEEP,
    )


class AnswerForm(forms.Form):
    """The value that a bank waits for."""

    value = forms.CharField(max_length=LONGEST, strip=True)


class TakeOverForm(forms.Form):
    """An item that was connected elsewhere."""

    item = forms.UUIDField(
        label=_("Item id"),
        help_text=_("Pluggy's id of the connection, such as a5c763cb-0952-457b-9936-630f161c5f7a."),
        error_messages={"invalid": _("This is not an item id.")},
    )
    application = forms.ChoiceField(label=_("Pluggy credentials"), required=False)

    def __init__(self, *args: Any, own: list[ClientApplication], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(row.name, row.label) for row in own]
        self.fields["application"].choices = [*choices, ("", _("of this server"))]  # type: ignore[attr-defined]


class SecretForm(forms.Form):
    """A new secret of stored credentials."""

    secret = forms.CharField(max_length=200)


class CredentialsForm(forms.Form):
    """A client's own credentials at Pluggy."""

    label = forms.CharField(label=_("Name"), max_length=80, help_text=_("How you call them here."))
    key = forms.CharField(label=_("Client id"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    secret = forms.CharField(
        label=_("Client secret"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("It is tested now, stored encrypted, and never shown again."),
    )
