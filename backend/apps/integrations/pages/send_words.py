"""A send in plain words: its state, its way, and to whom it went."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.integrations.conversations.masking import masked
from apps.integrations.models import Integration, Send
from apps.integrations.pages.words import error_words

State = Send.State
_TONES = {
    State.QUEUED: "busy",
    State.SENDING: "busy",
    State.SENT: "good",
    State.DELIVERED: "good",
    State.READ: "good",
    State.FAILED: "bad",
    State.UNKNOWN: "warn",
}
STATES: dict[str, Promise] = {
    State.QUEUED: pgettext_lazy("a message", "Queued"),
    State.SENDING: pgettext_lazy("a message", "Sending"),
    State.SENT: pgettext_lazy("a message", "Sent"),
    State.DELIVERED: pgettext_lazy("a message", "Delivered"),
    State.READ: pgettext_lazy("a message", "Read"),
    State.FAILED: pgettext_lazy("a message", "Failed"),
    State.UNKNOWN: pgettext_lazy("a message", "Unknown"),
}
_SAYS: dict[State, Promise] = {
    State.QUEUED: _("It waits for its turn."),
    State.SENDING: _("It is being sent."),
    State.SENT: _("The service accepted it."),
    State.DELIVERED: _("It arrived."),
    State.READ: _("It was read."),
    State.FAILED: _("It was not sent."),
    State.UNKNOWN: _("No answer came, so nobody knows whether it arrived. Ask the recipient, or look at the service."),
}
CHANNELS: dict[str, str | Promise] = {
    "whatsapp": "WhatsApp",
    "email": _("E-mail"),
    "slack": "Slack",
}


@dataclass(frozen=True)
class Step:
    """One step of a send's way, with the time at which it was reached."""

    label: str
    state: str
    at: datetime | None = None


@dataclass(frozen=True)
class SendRow:
    """A send as lists and its own page show it."""

    send: Send
    integration: Integration | None

    @property
    def tone(self) -> str:
        return _TONES[State(self.send.state)]

    @property
    def state(self) -> str:
        return str(STATES[self.send.state])

    @property
    def says(self) -> str:
        """What the state means, in a sentence."""
        if self.send.state == State.QUEUED and self.integration is not None and self.integration.paused_at:
            return error_words("paused")
        return str(_SAYS[State(self.send.state)])

    @property
    def trouble(self) -> str:
        """Why it failed, or why it still waits."""
        code = self.send.error_code
        return error_words(code, self.send.provider) if code and self.send.state != State.UNKNOWN else ""

    @property
    def recipient(self) -> str:
        """To whom, without what would name them."""
        return masked(self.send.recipient)

    @property
    def channel(self) -> str:
        return str(CHANNELS.get(self.send.channel, self.send.channel or self.send.action))

    @property
    def source(self) -> str:
        return str(Send.Source(self.send.source).label)

    @property
    def is_under_way(self) -> bool:
        """Whether its state changes by itself soon."""
        return self.send.state in (State.QUEUED, State.SENDING)

    @property
    def can_be_repeated(self) -> bool:
        send = self.send
        has_content = send.params_sealed is not None and send.integration_id is not None
        return send.state in (State.FAILED, State.UNKNOWN) and has_content

    @property
    def steps(self) -> list[Step]:
        """The way so far and, while it went well, what may come."""
        send = self.send
        times = (
            (State.QUEUED, send.created_at),
            (State.SENDING, send.sending_at),
            (State.SENT, send.sent_at),
            (State.DELIVERED, send.delivered_at),
            (State.READ, send.read_at),
        )
        reached = [Step(str(STATES[state]), "done", at) for state, at in times if at is not None]
        if send.state == State.FAILED:
            return [*reached, Step(str(STATES[State.FAILED]), "bad", send.failed_at)]
        if send.state == State.UNKNOWN:
            return [*reached, Step(str(STATES[State.UNKNOWN]), "bad")]
        waiting = [Step(str(STATES[state]), "waiting") for state, at in times[:3] if at is None]
        return [*reached, *waiting]
