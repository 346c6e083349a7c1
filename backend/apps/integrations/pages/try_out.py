"""Sending a test message: a form by channel, and the send's state, which asks again until it is final."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.integrations.models import Send
from apps.integrations.pages.base import IntegrationsPage
from apps.integrations.pages.reasons import reason_words
from apps.integrations.pages.send_words import SendRow
from apps.integrations.pages.words import error_words
from apps.integrations.sending.request import request_send
from lib.errors import PonteError
from plugfn.errors import InvalidParams

_RECIPIENT = {
    "whatsapp": (gettext_lazy("Phone number"), "tel", "+55 11 98888-7777"),
    "email": (gettext_lazy("E-mail address"), "email", "ana@example.com"),
    "slack": (gettext_lazy("Channel"), "text", "#geral"),
}


class TryForm(forms.Form):
    """To whom, and what."""

    to = forms.CharField(max_length=320)
    text = forms.CharField(label=gettext_lazy("Text"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, channel: str, data: Any = None) -> None:
        super().__init__(data, label_suffix="", initial={"text": _("A test message from Ponte.")})
        self._channel = channel
        label, kind, example = _RECIPIENT[channel]
        self.fields["to"].label = label
        self.fields["to"].widget.attrs |= {"placeholder": example, "autocomplete": "off"}
        self.fields["to"].widget.input_type = kind

    def params(self) -> dict[str, Any]:
        """The parameters of the provider's action."""
        to, text = self.cleaned_data["to"], self.cleaned_data["text"]
        if self._channel == "email":
            return {"to": [to], "subject": _("Test message from Ponte"), "text": text}
        if self._channel == "slack":
            return {"channel": to, "text": text, "plain": True}
        return {"to": to, "text": text}

    def show_problems(self, error: InvalidParams) -> None:
        """Beside the recipient, unless they are about the text."""
        for problem in error.problems:
            self.add_error("text" if problem.field.startswith("text") else "to", reason_words(problem.reason))


class TryOut(IntegrationsPage):
    """Send a test message. HTMX gets the state of the send in place of the form."""

    template_name = "integrations/try_out.html"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = self.integration(pk)
        if not integration.entry.channel:
            raise Http404
        form, send = TryForm(integration.entry.channel, request.POST), None
        if form.is_valid():
            try:
                send, _is_new = request_send(integration, form.params(), source=Send.Source.TEST)
            except InvalidParams as error:
                form.show_problems(error)
            except PonteError as error:
                form.add_error(None, error_words(error.code, integration.provider))
            else:
                self.note("send.test", send)
        if send is not None and not request.htmx:  # type: ignore[attr-defined]
            return redirect("integrations:send", send.pk)
        if not request.htmx:  # type: ignore[attr-defined]
            self.template_name = "integrations/try_out_page.html"
        row = None if send is None else SendRow(send, integration)
        return self.show(integration=integration, entry=integration.entry, form=form, row=row)
