"""/api/integrations/email/: connect a mail server or SendGrid, send and test."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import StrictBoolean, StrictInteger, StrictText
from apps.api.inputs import Input, read_body
from apps.api.schema import TAG_INTEGRATIONS, described
from apps.api.views import answer
from apps.integrations.api.configuring import ConfiguringView
from apps.integrations.api.inputs import Which, given, name_field
from apps.integrations.api.sending import SendingView, sending
from apps.integrations.api.shapes import connected_answer
from apps.integrations.api.trying import TryingView, success_answer

PROVIDERS = {"smtp": "email_smtp", "sendgrid": "email_sendgrid"}
TLS_PORT = 465
MOST_RECIPIENTS = 1000
_OF_SENDER = ("from_email", "from_name", "aliases")
_OWN = {
    "smtp": ("host", "port", "username", "password", "use_tls", *_OF_SENDER),
    "sendgrid": ("api_key", "region", "webhook_key", *_OF_SENDER),
}
# The contract's names of PlugFn's fields.
_CREDENTIALS = {"security": "use_tls"}
_MESSAGE = {"html": "body"}


class EmailCredentials(Input):
    """A mail server (`smtp`) or an account at SendGrid (`sendgrid`), each with its own fields."""

    provider = serializers.ChoiceField(list(PROVIDERS), help_text="Which of the two.")
    host = StrictText(required=False, max_length=253, help_text="smtp: the server; there may be a default.")
    port = StrictInteger(required=False, min_value=1, max_value=65535, help_text="smtp: its port, 587 by default.")
    username = StrictText(required=False, allow_blank=True, max_length=500, help_text="smtp: the login.")
    password = StrictText(required=False, allow_blank=True, max_length=1000, help_text="smtp: its password.")
    use_tls = StrictBoolean(required=False, help_text="smtp: encrypted, as it must be unless the operator allows less.")
    api_key = StrictText(required=False, max_length=200, help_text="sendgrid: a key that may send mail.")
    region = serializers.ChoiceField(["us", "eu"], required=False, help_text="sendgrid: the account's region.")
    webhook_key = StrictText(required=False, max_length=500, help_text="sendgrid: the key that verifies its events.")
    from_email = StrictText(max_length=320, help_text="The sender's address.")
    from_name = StrictText(required=False, allow_blank=True, max_length=100, help_text="The sender's name.")
    aliases = serializers.ListField(
        child=StrictText(max_length=320), required=False, max_length=50, help_text="Other addresses to send from."
    )
    name = name_field()

    def validate(self, attrs: Any) -> Any:
        """Refuse the other provider's fields."""
        strange = [name for name in attrs if name not in (*_OWN[attrs["provider"]], "provider", "name")]
        if strange:
            raise serializers.ValidationError({name: ["This field belongs to the other provider."] for name in strange})
        return attrs


class FileInput(Input):
    """A file to attach."""

    filename = StrictText(max_length=150, help_text="Its name.")
    content = StrictText(max_length=4_000_000, help_text="Its bytes in base64.")
    content_type = StrictText(required=False, max_length=190, help_text="Its media type; else guessed from the name.")


def _addresses(text: str, *, required: bool = False) -> serializers.ListField:
    child = StrictText(max_length=320)
    return serializers.ListField(
        child=child, required=required, min_length=int(required), max_length=MOST_RECIPIENTS, help_text=text
    )


class EmailMessage(Which):
    """A mail."""

    to = _addresses("The recipients' addresses.", required=True)
    cc = _addresses("Who gets a copy.")
    bcc = _addresses("Who gets a copy that the others do not see.")
    subject = StrictText(max_length=500, help_text="One line.")
    body = StrictText(required=False, max_length=2_000_000, help_text="HTML. It is sent as it is, scripts included.")
    text = StrictText(required=False, max_length=2_000_000, help_text="The same as plain text; else made of the HTML.")
    reply_to = StrictText(required=False, max_length=320, help_text="Where answers go.")
    from_email = StrictText(required=False, max_length=320, help_text="The sender, or one of its aliases.")
    attachments = serializers.ListField(
        child=FileInput(), required=False, max_length=20, help_text="Files, below 3 MB with everything else."
    )


class ConfigureView(ConfiguringView):
    """Connect."""

    names = _CREDENTIALS

    @described(
        "Connect e-mail", connected_answer(), tag=TAG_INTEGRATIONS, body=EmailCredentials, errors=(404, 409, 502, 503)
    )
    def post(self, request: Request) -> Response:
        """Asks the server whether the login works, and stores it. A second time replaces what was stored."""
        sent = read_body(request, EmailCredentials)
        values = given(sent, *_OWN[sent["provider"]])
        if "use_tls" in values:
            values["security"] = _security(values.pop("use_tls"), values.get("port"))
        return self.configure(PROVIDERS[sent["provider"]], values, name=sent.get("name", ""))


class SendView(SendingView):
    """Send."""

    names = _MESSAGE

    @sending("Send an e-mail", EmailMessage)
    def post(self, request: Request) -> Response:
        """Stores the mail and lets a worker send it."""
        sent = read_body(request, EmailMessage)
        integration = self.only(sent.pop("integration", None), *PROVIDERS.values())
        if (html := sent.pop("body", None)) is not None:
            sent["html"] = html
        return self.send(request, integration, sent)


class TestView(TryingView):
    """Test."""

    names = _CREDENTIALS

    @described("Test e-mail", success_answer(), tag=TAG_INTEGRATIONS, body=Which, errors=(404, 409, 502, 503))
    def post(self, request: Request) -> Response:
        """Signs in at the mail server, or asks SendGrid what the key may do. Sends nothing."""
        sent = read_body(request, Which)
        return answer(**self.tested(self.only(sent.get("integration"), *PROVIDERS.values())))


def _security(use_tls: bool, port: int | None) -> str:
    """PlugFn's word for it: port 465 is encrypted from the first byte."""
    if not use_tls:
        return "none"
    return "tls" if port == TLS_PORT else "starttls"
