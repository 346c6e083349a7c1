"""The SMTP emulator, and a Bench with the provider connected to it."""

from dataclasses import dataclass
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from plugfn.definition import Call
from plugfn.mail.send import SendEmail
from plugfn.net.guard import Guard
from plugfn.providers.email_smtp import actions, provider
from plugfn.providers.email_smtp.credentials import SmtpCredentials, SmtpSettings
from plugfn.testing.bench import Bench
from plugfn.testing.emulator import Emulator

PLAIN = {"to": ["ana@example.com"], "subject": "Olá", "text": "Oi"}


@dataclass
class Server:
    """The emulator; `ca_file` has the authority of its certificate."""

    emulator: Emulator
    ca_file: Path

    def __post_init__(self) -> None:
        self.where = self.emulator.control("GET", "/smtp")

    def credentials(self, security="starttls", **more):
        port = self.where[{"none": "plain"}.get(security, security)]
        login = {"username": self.where["username"], "password": self.where["password"]}
        own = {"from_email": "nota@example.com", "from_name": "Notas"}
        return {"host": "127.0.0.1", "port": port, "security": security, "timeout": 5, **login, **own, **more}

    def bench(self, security="starttls", **more):
        settings = {"ca_file": str(self.ca_file)}
        return Bench(provider, credentials=self.credentials(security) | more, settings=settings)

    def call(self, guard=None, **more):
        """A call without the rest of the library: without retries, and only with the provider's own timeouts."""
        settings = SmtpSettings(ca_file=str(self.ca_file))
        credentials = SmtpCredentials.model_validate(self.credentials(**more))
        guard = guard or Guard(("127.0.0.0/8",))
        return Call(provider, None, credentials, settings, None, guard, "0123456789abcdef")

    async def send(self, params, **more):
        """Runs `messages.send` with such a call."""
        return await actions.send.run(self.call(**more), SendEmail.model_validate(params))

    def fault(self, stage, **fault):
        self.emulator.control("POST", "/smtp/faults", {"stage": stage, "count": None, **fault})

    def extensions(self, **said):
        self.emulator.control("POST", "/smtp/extensions", said)

    def mails(self):
        return self.emulator.control("GET", "/mails")

    def commands(self):
        return self.emulator.control("GET", "/commands")

    def message(self) -> EmailMessage:
        """The only mail that arrived."""
        (mail,) = self.mails()
        return message_from_string(mail["data"], policy=default)


@pytest.fixture
def server(emulator, tmp_path):
    running = emulator("smtp")
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(running.control("GET", "/smtp")["ca_pem"])
    return Server(running, ca_file)
