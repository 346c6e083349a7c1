"""The emulators besides Pluggy's: their ports, what tells Ponte of them, and what a person types to connect them."""

from collections.abc import Mapping

from embedded.ports import free_port, is_free
from sandbox import keys

# The same in each run, so that what was connected yesterday still works. `smtp`: the page with the mails.
USUAL_PORTS = {
    "smtp": 8025,
    "uazapi": 8026,
    "github": 8027,
    "slack": 8028,
    "sendgrid": 8029,
    "supabase": 8030,
    "smtp_server": 1025,
}
HOST = "127.0.0.1"
NUMBER = "+55 11 90000-0001"
TABLE = "vendas"


def choose_ports() -> dict[str, int]:
    """The usual ports; a free one instead of each that is taken."""
    return {name: usual if is_free(usual) else free_port() for name, usual in USUAL_PORTS.items()}


def url(ports: Mapping[str, int], name: str) -> str:
    """Where an emulator listens."""
    return f"http://{HOST}:{ports[name]}"


def arguments(ports: Mapping[str, int]) -> list[str]:
    """The arguments of `python -m sandbox`."""
    named = [f"{name}={port}" for name, port in ports.items() if name != "smtp_server"]
    return [part for each in named for part in ("--port", each)] + ["--smtp", str(ports["smtp_server"])]


def settings(ports: Mapping[str, int]) -> dict[str, str]:
    """Ponte's settings, so that it calls the emulators and no public address."""
    return {
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "GITHUB_CLIENT_ID": keys.GITHUB_CLIENT_ID,
        "GITHUB_CLIENT_SECRET": keys.GITHUB_CLIENT_SECRET,
        "GITHUB_WEBHOOK_SECRET": keys.GITHUB_WEBHOOK_SECRET,
        "GITHUB_URL": url(ports, "github"),
        "GITHUB_API_URL": url(ports, "github"),
        "SLACK_CLIENT_ID": keys.SLACK_CLIENT_ID,
        "SLACK_CLIENT_SECRET": keys.SLACK_CLIENT_SECRET,
        "SLACK_SIGNING_SECRET": keys.SLACK_SIGNING_SECRET,
        "SLACK_URL": url(ports, "slack"),
        "SENDGRID_API_URL": url(ports, "sendgrid"),
        "UAZAPI_API_URL": url(ports, "uazapi"),
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(ports["smtp_server"]),
        "SMTP_USE_TLS": "false",
    }


def to_connect(ports: Mapping[str, int]) -> dict[str, str]:
    """What a person types into Ponte's forms, by vendor."""
    return {
        "WhatsApp": f"{url(ports, 'uazapi')}   token {keys.UAZAPI_TOKEN}   number {NUMBER}",
        "SMTP": f"{HOST}   port {ports['smtp_server']}   no TLS   {keys.SMTP_USERNAME}   {keys.SMTP_PASSWORD}",
        "SendGrid": f"key {keys.SENDGRID_API_KEY}   verification key: on the page of the mails",
        "Supabase": f"{url(ports, 'supabase')}   key {keys.SUPABASE_KEY}   table {TABLE}",
        "GitHub": "connect, and choose an account; Slack the same",
    }


def to_look_at(ports: Mapping[str, int]) -> dict[str, str]:
    """The emulators' pages for people."""
    return {
        "mail": f"{url(ports, 'smtp')}   what arrived by SMTP and SendGrid",
        "phone": f"{url(ports, 'uazapi')}   the chats on WhatsApp: write as a contact, and read",
    }
