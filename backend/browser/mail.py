"""The mails that the running stack sends, at the SMTP emulator."""

import re
import subprocess
import sys
import time
from email import message_from_string, policy
from pathlib import Path

import requests

BACKEND = Path(__file__).resolve().parents[1]
SECONDS = 30


class Mail:
    """The emulator. `environment`: what the web server and the worker need to send there."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "sandbox.smtp"]
        self.process = subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip().rpartition(" ")[2]
        port = requests.get(f"{self.url}/_sandbox/smtp", timeout=10).json()["plain"]
        plain = {"EMAIL_USE_TLS": "false", "EMAIL_USE_SSL": "false", "EMAIL_HOST_USER": "", "EMAIL_HOST_PASSWORD": ""}
        self.environment = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": f"{port}", **plain}

    def reset(self) -> None:
        requests.post(f"{self.url}/_sandbox/reset", timeout=10)

    def texts(self, address: str) -> list[str]:
        """The plain texts of the mails to an address, oldest first."""
        mails = requests.get(f"{self.url}/_sandbox/mails", timeout=10).json()
        found = [message_from_string(mail["data"], policy=policy.default) for mail in mails if address in mail["to"]]
        return [message.get_body(("plain", "html")).get_content() for message in found]

    def link(self, address: str, path: str) -> str:
        """The first link to a path that begins so, in the newest mail that has one. Waits for it."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for text in reversed(self.texts(address)):
                if found := re.search(rf"https?://[^/\s]+({path}[^\s\"'>]*)", text):
                    return found[1]
            time.sleep(0.05)
        raise AssertionError(f"no mail to {address} has a link to {path}: {self.texts(address)}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()
