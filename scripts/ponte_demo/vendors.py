"""The control planes of the emulators: people write and read at the other end, and what arrived there."""

from collections.abc import Mapping
from typing import Any

import requests

from ponte_demo import emulators
from ponte_demo.bank import answers
from sandbox import keys

TIMEOUT = (2, 30)


class Vendors:
    """`ports`: of the emulators, by name."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._session = requests.Session()

    def url(self, name: str) -> str:
        """Where an emulator listens."""
        return emulators.url(self._ports, name)

    def are_up(self) -> bool:
        """Whether all of them answer. They share a process, and the last one listens last."""
        return all(answers(self.url(name)) for name in self._ports if name != "smtp_server")

    def write(self, number: str, text: str) -> None:
        """A person writes on WhatsApp."""
        self._post("uazapi", "incoming", {"number": number, "text": text})

    def read_all(self, number: str) -> None:
        """A person reads what arrived on their phone."""
        chat = f"{number}@s.whatsapp.net"
        ids = [each["messageid"] for each in self._sent_on_whatsapp() if each["chatid"] == chat]
        self._post("uazapi", "receipts", {"ids": ids, "state": "Read", "chat": chat})

    def settle(self) -> None:
        """Wait until WhatsApp has posted all of its webhooks."""
        self._post("uazapi", "settle", {})

    def report_mail_to(self, url: str) -> None:
        """What a person enters at SendGrid as the event webhook."""
        self._post("sendgrid", "events_url", {"url": url})

    def sendgrid_key(self) -> str:
        """The public key of SendGrid's events."""
        key: str = self._get("sendgrid", "sendgrid")["public_key"]
        return key

    def arrived(self) -> dict[str, int]:
        """How many messages each vendor accepted since it was started."""
        channels = self._get("slack", "world")["channels"].values()
        return {
            "WhatsApp": len(self._sent_on_whatsapp()),
            "SMTP": len(self._get("smtp", "mails")),
            "SendGrid": len(self._get("sendgrid", "mails")),
            "Slack": sum(len(channel["messages"]) for channel in channels),
        }

    def _sent_on_whatsapp(self) -> list[dict[str, Any]]:
        return [each for each in self._get("uazapi", f"messages?token={keys.UAZAPI_TOKEN}") if each["fromMe"]]

    def _get(self, name: str, path: str) -> Any:
        answer = self._session.get(f"{self.url(name)}/_sandbox/{path}", timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def _post(self, name: str, path: str, body: dict[str, Any]) -> None:
        self._session.post(f"{self.url(name)}/_sandbox/{path}", json=body, timeout=TIMEOUT).raise_for_status()
