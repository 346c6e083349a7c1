"""The addresses of the pages that tests of looks and of clients visit. Imported after Django has started."""

from typing import Any

from django.contrib.auth.models import User

from apps.banking import models
from apps.events.models import Event


def of_person() -> list[str]:
    """Every main page, and a detail page of each kind that the database has."""
    details = {
        "connections": models.Connection,
        "accounts": models.Account,
        "transactions": models.Transaction,
        "investments": models.Investment,
        "loans": models.Loan,
    }
    found = [f"/{name}/{row.pk}/" for name, model in details.items() if (row := _first(model))]
    cards = models.Account.objects.filter(type="CREDIT")[:1]
    lists = [f"/{name}/" for name in ("connections", "accounts", "transactions", "investments", "loans", "activity")]
    own = [
        "/connections/connect/",
        "/credentials/",
        "/settings/",
        "/settings/tokens/",
        "/settings/applications/",
        "/clients/",
        "/identity/",
    ]
    own += [f"/integrations/{path}" for path in ("", "connect/postgres/", "history/")]
    return ["/", *lists, *own, *found, *(f"/accounts/{card.pk}/" for card in cards)]


def of_staff() -> list[str]:
    lists = ["events/event", "banking/connection", "banking/account", "banking/transaction", "banking/syncrun"]
    pages = ["banking/webhooks", "auth/user/add"]
    details = {"banking/connection": models.Connection, "events/event": Event, "auth/user": User}
    found = [f"{name}/{row.pk}/change" for name, model in details.items() if (row := _first(model))]
    found += [f"events/event/{row.pk}/payload" for row in Event.objects.order_by("pk")[:1]]
    return ["/admin/", *(f"/admin/{path}/" for path in (*lists, *pages, *found)), "/staff/doctor/report/"]


def _first(model: Any) -> Any:
    return model.objects.order_by("pk").first()
