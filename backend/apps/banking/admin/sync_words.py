"""A sync in words: how long it took, and what it wrote."""

from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.banking.models import SyncRun
from apps.clients.browse.columns import EMPTY

WRITTEN = ("created", "changed", "removed")
PRODUCTS: dict[str, Any] = {
    "accounts": gettext_lazy("accounts"),
    "transactions": gettext_lazy("transactions"),
    "bills": gettext_lazy("card bills"),
    "investments": gettext_lazy("investments"),
    "investment_transactions": gettext_lazy("investment transactions"),
    "loans": gettext_lazy("loans"),
    "identity": gettext_lazy("identity"),
    "consents": gettext_lazy("consents"),
}


@admin.display(description=gettext_lazy("took"))
def took(run: SyncRun) -> str:
    """Seconds, with tenths."""
    length = run.duration
    return EMPTY if length is None else f"{number_format(length.total_seconds(), 1, use_l10n=True)} s"


@admin.display(description=gettext_lazy("wrote"))
def wrote(run: SyncRun) -> str:
    """What it wrote, by product; "nothing new" if it wrote nothing."""
    written = {name: sum(counts.get(each, 0) for each in WRITTEN) for name, counts in run.counts.items()}
    parts = [f"{PRODUCTS.get(name, name)}: {number}" for name, number in written.items() if number]
    return ", ".join(parts) or (_("nothing new") if run.finished_at else EMPTY)


def counts_table(run: SyncRun) -> SafeString | str:
    """All counts."""
    rows = [
        {"product": PRODUCTS.get(name, name), **{each: counts.get(each, 0) for each in (*WRITTEN, "unchanged")}}
        for name, counts in sorted(run.counts.items())
    ]
    return render_to_string("banking/admin/counts.html", {"rows": rows}) if rows else EMPTY
