"""The demo's HTTP requests: does the web server answer; and the sandbox's control plane."""

from typing import Any

import requests

TIMEOUT = (2, 10)


def answers(url: str) -> bool:
    """Whether a web server answers at this URL, with any status."""
    try:
        requests.get(url, timeout=TIMEOUT)
    except requests.RequestException:
        return False
    return True


class Bank:
    """The sandbox at `url`."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_sandbox"
        self._session = requests.Session()

    def counts(self, item_id: str) -> dict[str, Any]:
        """`status` of the item, and how many accounts, transactions… it has."""
        counts: dict[str, Any] = self._get("counts", itemId=item_id)["items"][item_id]
        return counts

    def deliveries(self) -> list[dict[str, Any]]:
        """All deliveries of all events, each with `state` and `attempts` (`status`, `ms`)."""
        return [delivery for event in self._get("webhooks")["events"] for delivery in event["deliveries"]]

    def send_twice(self, times: int) -> None:
        """Make the sandbox deliver the next `times` webhooks twice."""
        self._post("faults", {"target": "webhook", "kind": "duplicate", "count": times})

    def evolve(self, item_id: str) -> None:
        """A day at the bank: new, changed and deleted transactions, and their webhooks."""
        self._post(f"items/{item_id}/evolve", {"new": 12, "update": 4, "delete": 2, "post_pending": True})

    def _get(self, path: str, **params: str) -> dict[str, Any]:
        answer = self._session.get(f"{self._url}/{path}", params=params, timeout=TIMEOUT)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._session.post(f"{self._url}/{path}", json=body, timeout=TIMEOUT).raise_for_status()
