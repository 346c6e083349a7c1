"""Where the widget's script comes from, and what the installation allows it to show.

https://docs.pluggy.ai/docs/environments-and-configurations lists the widget's own options.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

CDN = "https://cdn.pluggy.ai/pluggy-connect/{version}/pluggy-connect.js"
# The frame that Pluggy's loader opens. Any other loader opens its own server's.
FRAME = "https://connect.pluggy.ai"
# How long a browser waits for the script before it shows an error and a button to try again.
SDK_TIMEOUT_MS = 10_000
OWN_SCRIPT = "custom"


def sdk_url() -> str:
    """The address of the script: PLUGGY_CONNECT_SDK_URL, or Pluggy's CDN at PLUGGY_CONNECT_SDK_VERSION."""
    return settings.PLUGGY_CONNECT_SDK_URL or CDN.format(version=settings.PLUGGY_CONNECT_SDK_VERSION)


def sdk_version() -> str:
    """What figures call the script: its version, or `custom` for an address of one's own."""
    return OWN_SCRIPT if settings.PLUGGY_CONNECT_SDK_URL else settings.PLUGGY_CONNECT_SDK_VERSION


def frame_origin() -> str:
    """The server of the frame in which the widget runs."""
    parts = urlsplit(sdk_url())
    return FRAME if parts.hostname == "cdn.pluggy.ai" else f"{parts.scheme}://{parts.netloc}"


def widget_options(include_sandbox: bool, update_item: str = "") -> dict[str, Any]:
    """The widget's props that do not depend on the browser. Without `connectToken`, which never stays in a page."""
    options: dict[str, Any] = {
        "includeSandbox": include_sandbox,
        "allowConnectInBackground": True,
        "connectorIds": connector_ids(),
        "countries": list(settings.CONNECT_COUNTRIES),
        "updateItem": update_item,
    }
    return {name: value for name, value in options.items() if value not in ("", [])}


def connector_ids() -> list[int]:
    """CONNECT_CONNECTOR_IDS as numbers, because the widget compares them with numbers."""
    return [int(number) for number in settings.CONNECT_CONNECTOR_IDS if number.isdigit()]
