"""/api/sync-runs/: when Ponte read which connection, and what changed."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Anything, Moment, Number, Text
from apps.api.schema import TAG_CONNECTIONS, described, one_of, page_of
from apps.api.views import ApiView, ListView, answer, one
from apps.banking.api.filters import OfConnection
from apps.banking.models import SyncRun
from lib.keyset import Keyset


class SyncRunSerializer(serializers.Serializer[Any]):
    """One reading of a connection."""

    id = Number("The run's id.")
    connection_id = Number("The connection.")
    cause = Text("The kind of the event that caused it, such as `item/updated`.")
    state = Text("`running`, `done`, `partial` or `failed`.")
    counts = Anything("By product, how many rows were created, changed, unchanged and removed.")
    error_type = Text("Which kind of error it met; empty if none.")
    error_code = Text("The code of that error.")
    started_at = Moment("When it began.")
    finished_at = Moment("When it ended; null while it runs.", null=True)


class SyncRunsQuery(OfConnection):
    """Which runs."""

    state = serializers.ChoiceField(SyncRun.State.choices, required=False, help_text="Only in this state.")


class SyncRunsView(ListView):
    """The list."""

    name, shape, order, query = "sync_runs", SyncRunSerializer, Keyset(("-id",)), SyncRunsQuery

    def find(self, query: dict[str, Any]) -> QuerySet[SyncRun]:
        """The runs of the client's connections."""
        names = {"connection": "connection_id", "state": "state"}
        return self.rows(SyncRun.objects.all()).filter(**{names[name]: query[name] for name in names if name in query})

    @described("Sync runs", page_of("sync_runs", SyncRunSerializer), tag=TAG_CONNECTIONS, query=SyncRunsQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """Newest first."""
        return super().get(request)


class SyncRunView(ApiView):
    """One run."""

    @described("A sync run", one_of("sync_run", SyncRunSerializer), tag=TAG_CONNECTIONS)
    def get(self, request: Request, run_id: int) -> Response:
        """A run."""
        return answer(sync_run=SyncRunSerializer(one(self.rows(SyncRun.objects.all()), run_id)).data)
