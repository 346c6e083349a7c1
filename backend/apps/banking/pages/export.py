"""Downloads of transactions: CSV, JSON and OFX, with the filter of the list."""

from collections.abc import Iterator
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language, gettext

from apps.audit.record import record as audit
from apps.banking.categories import Categories
from apps.banking.exports import csv_file, json_file, ofx
from apps.banking.exports.batches import batches
from apps.banking.exports.records import Record, record
from apps.banking.models import Account, Transaction
from apps.banking.pages.filters import booked
from apps.banking.pages.transactions import Filtered
from lib.row_security import for_client, streamed

_TYPES = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "spreadsheet": ("csv", "text/csv; charset=utf-8"),
    "json": ("json", "application/json"),
    "ofx": ("ofx", "application/x-ofx; charset=utf-8"),
}
_EARLIEST = date(1970, 1, 1)


class Export(Filtered):
    """A file of all rows that the filter chooses. It is written while it is sent."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in _TYPES:
            raise Http404
        if not self.bound.is_valid():
            return HttpResponse(gettext("The filter has a mistake. Correct it in the list first."), status=400)
        audit(
            "transactions.export",
            actor=request.user.pk,
            client=self.membership.client_id,
            format=kind,
            filtered=any(self.bound.cleaned_data.values()),
        )
        extension, content_type = _TYPES[kind]
        client = self.membership.client_id
        parts = streamed(lambda: for_client(client), self._parts(kind))
        response = StreamingHttpResponse(parts, content_type=content_type)
        name = f"ponte-{timezone.localdate().isoformat()}.{extension}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _parts(self, kind: str) -> Iterator[str]:
        # Read now: a generator runs after the request, when the language is another person's.
        records, accounts = self._records(self.categories, self.accounts), list(self.accounts.values())
        if kind == "json":
            return json_file.lines(records, timezone.now())
        if kind == "ofx":
            return ofx.parts([self._statement(account) for account in accounts], get_language() or "", timezone.now())
        if kind == "spreadsheet":
            headings = [gettext(csv_file.HEADINGS[name]) for name in csv_file.NAMES]
            return csv_file.lines(records, csv_file.SPREADSHEET, headings)
        return csv_file.lines(records)

    def _records(self, categories: Categories, accounts: dict[int, Account]) -> Iterator[Record]:
        for batch in batches(self.chosen()):
            for row in batch:
                # An account beyond those that pages list is read with the row.
                row.account = accounts.get(row.account_id) or row.account
                yield record(row, categories)

    def _statement(self, account: Account) -> ofx.Statement:
        chosen = self.bound.cleaned_data
        rows = self.chosen().filter(booked(timezone.localdate()), account=account)
        return ofx.Statement(account, batches(rows), chosen.get("since") or _first_day(rows), timezone.localdate())


def _first_day(rows: Iterator[Transaction]) -> date:
    first = rows.order_by("date", "id").values_list("date", flat=True).first()  # type: ignore[attr-defined]
    return first or _EARLIEST
