"""The form of an integration's credentials, generated from what its provider declares, and the smaller forms."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import SecretStr

from apps.integrations.catalogue import Entry
from apps.integrations.connect.fields import Field, Kind, fields_of
from apps.integrations.connect.stored import ending_of, is_of_operator, kept_elsewhere
from apps.integrations.models import Integration
from apps.integrations.pages.reasons import reason_words
from plugfn.definition import Model
from plugfn.errors import InvalidParams

# The field that empties an optional secret has its name and this.
REMOVE = "__remove"
NAME = "own_name"
_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
# Browsers offer no stored password in a field for a new one.
_HIDDEN = {"autocomplete": "new-password"}


class CredentialsForm(forms.Form):
    """What a person enters to connect a provider, or to change a connection.

    `stored` are the credentials so far: an empty secret keeps theirs. `defaults` are the operator's.
    """

    def __init__(
        self,
        entry: Entry,
        data: Any = None,
        *,
        stored: Model | None = None,
        defaults: dict[str, Any] | None = None,
        name: str = "",
    ) -> None:
        super().__init__(data, label_suffix="")
        self._entry, self._stored, self._defaults = entry, stored, defaults or {}
        for field in fields_of(entry):
            self.fields[field.name] = self._made(field)
            if self._can_be_removed(field):
                self.fields[field.name + REMOVE] = forms.BooleanField(label=_("Remove what is stored"), required=False)
        self.fields[NAME] = forms.CharField(
            label=_("Name"),
            required=False,
            max_length=120,
            initial=name,
            help_text=_("What you call it here. Without one it has the service's name."),
        )

    @property
    def unfolded(self) -> list[forms.BoundField]:
        """The fields that everybody needs."""
        return self._bound(is_folded=False)

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that few people need, and the name."""
        return [*self._bound(is_folded=True), self[NAME]]

    @property
    def is_open(self) -> bool:
        """Whether a folded field has an error."""
        return any(bound.errors for bound in self.folded)

    def credentials(self) -> dict[str, Any]:
        """The values for PlugFn. What is empty is left out, so that the model's defaults hold."""
        values = {field.name: self._value(field) for field in fields_of(self._entry)}
        return {name: value for name, value in values.items() if value is not None}

    def clean(self) -> dict[str, Any]:
        """Secrets that are kept stay at their place."""
        if self._stored is not None and not self.errors:
            for name in kept_elsewhere(self._entry, self._stored, self.credentials()):
                self.add_error(name, _("Enter it again: the stored one belongs to another server or user."))
        return self.cleaned_data

    def show_problems(self, error: InvalidParams) -> None:
        """Put each problem beside its field, or at the top if it is no field's."""
        for problem in error.problems:
            name = problem.field.partition(".")[0]
            self.add_error(name if name in self.fields else None, reason_words(problem.reason))
        if not error.problems:
            self.add_error(None, reason_words(error.message))

    def _bound(self, *, is_folded: bool) -> list[forms.BoundField]:
        names = [field.name for field in fields_of(self._entry) if field.words.is_folded is is_folded]
        both = [each for name in names for each in (name, name + REMOVE)]
        return [self[name] for name in both if name in self.fields]

    def _present(self, field: Field) -> Any:
        """What is stored, or else the operator's default, or the model's."""
        if self._stored is not None:
            return getattr(self._stored, field.name)
        return self._defaults.get(field.name, field.default)

    def _can_be_removed(self, field: Field) -> bool:
        return (
            field.is_secret and not field.is_required and self._stored is not None and bool(_text(self._present(field)))
        )

    def _made(self, field: Field) -> forms.Field:
        present = self._present(field)
        has_value = field.is_secret and bool(_text(present))
        made = _field_of(field, is_required=field.is_required and not has_value)
        made.label, made.help_text = str(field.words.label), self._help(field, present if has_value else None)
        if not field.is_secret:
            made.initial = _text(present)
        if field.words.example:
            made.widget.attrs["placeholder"] = field.words.example
        return made

    def _help(self, field: Field, secret: Any) -> str:
        text = str(field.words.help)
        if secret is None:
            return text
        if self._stored is None or is_of_operator(self._entry.provider, field.name, secret):
            kept = _("Leave it empty to use that of this server.")
        else:
            kept = _kept(secret)
        return f"{text} {kept}".strip()

    def _value(self, field: Field) -> Any:
        entered = self.cleaned_data.get(field.name)
        if field.is_secret and not entered:
            is_removed = self.cleaned_data.get(field.name + REMOVE)
            return None if is_removed else self._present(field) or None
        read = _READ.get(field.kind)
        if read is not None:
            return read(entered)
        return None if entered in ("", None) else entered


class RenameForm(forms.Form):
    """A name of the person's own."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)

    def __init__(self, integration: Integration, data: Any = None) -> None:
        super().__init__(data, label_suffix="", initial={"name": integration.name})
        self.fields["name"].widget.attrs["placeholder"] = integration.entry.label


def _field_of(field: Field, *, is_required: bool) -> forms.Field:
    common: dict[str, Any] = {"required": is_required}
    if field.kind is Kind.CHOICE:
        return forms.ChoiceField(choices=[(one, field.words.choices.get(one, one)) for one in field.choices], **common)
    if field.kind is Kind.SWITCH:
        return forms.BooleanField(required=False)
    if field.kind in (Kind.INTEGER, Kind.NUMBER):
        made = forms.IntegerField if field.kind is Kind.INTEGER else forms.FloatField
        # It begins with its default, so nobody leaves it empty on purpose.
        return made(min_value=field.least, max_value=field.most, required=True)  # type: ignore[arg-type]
    if field.kind is Kind.SECRET or (field.is_secret and field.kind is Kind.TEXT):
        widget: forms.Widget = forms.PasswordInput(attrs=dict(_HIDDEN))
        return forms.CharField(strip=False, max_length=field.longest, widget=widget, **common)
    if field.kind is Kind.TEXT:
        return forms.CharField(max_length=field.longest, widget=forms.TextInput(attrs=dict(_PLAIN)), **common)
    return forms.CharField(widget=forms.Textarea(attrs={**_PLAIN, "rows": 4}), **common)


def _text(value: Any) -> Any:
    """A stored value as a form shows it: lists in lines. A secret only ever counts as filled or empty."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list | tuple):
        return "\n".join(map(str, value))
    return value


def _kept(secret: Any) -> str:
    """What a person may know of a stored secret."""
    if isinstance(secret, dict):
        return _("Stored: %(names)s. Leave it empty to keep them.") % {"names": ", ".join(secret)}
    if isinstance(secret, list | tuple):
        return _("Stored: %(number)d. Leave it empty to keep them.") % {"number": len(secret)}
    if end := ending_of(secret):
        return _("Stored, ends in …%(end)s. Leave it empty to keep it.") % {"end": end}
    return _("Stored. Leave it empty to keep it.")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _pair(line: str) -> tuple[str, str]:
    name, _colon, value = line.partition(":")
    return name.strip(), value.strip()


# What a field's text means, where it is more than itself.
_READ: dict[Kind, Callable[[Any], Any]] = {
    Kind.SWITCH: bool,
    Kind.NAMES: lambda text: _lines(text.replace(",", "\n")),
    Kind.SECRETS: _lines,
    Kind.SECRET_PAIRS: lambda text: dict(map(_pair, _lines(text))),
}
