"""PlugFn's workflows and their runs."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet

from apps.integrations.models import Workflow, WorkflowRun
from apps.integrations.store.clients import client_of, user_of
from apps.integrations.store.threads import query
from plugfn.storage.records import UNFINISHED_RUNS, RunRow, WorkflowRow

M = TypeVar("M", bound=models.Model)


class OrmWorkflows:
    """See plugfn.storage.protocol.Workflows."""

    async def add_workflow(self, row: WorkflowRow) -> None:
        """See Store."""
        if not await query(lambda: _insert(Workflow(**_values(row)))):
            raise ValueError("a workflow with this id already exists")

    async def update_workflow(self, row: WorkflowRow) -> bool:
        """See Store."""
        return await query(lambda: _replace_version(Workflow.objects.all(), row))

    async def workflow(self, workflow_id: str) -> WorkflowRow | None:
        """See Store."""
        return next(iter(await query(lambda: _workflows(Workflow.objects.filter(pk=workflow_id)))), None)

    async def workflows(
        self,
        *,
        user_id: str | None = None,
        provider: str | None = None,
        event: str | None = None,
        status: str | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> list[WorkflowRow]:
        """See Store."""
        wanted = _given(provider=provider, event=event, status=status) | _owned_by(user_id)
        found = Workflow.objects.filter(**wanted, pk__gt=after).order_by("pk")
        return await query(lambda: _workflows(found[: max(limit, 0)]))

    async def delete_workflow(self, workflow_id: str) -> bool:
        """See Store."""
        gone = await query(lambda: Workflow.objects.filter(pk=workflow_id).delete()[1])
        return gone.get(Workflow._meta.label, 0) > 0

    async def add_run(self, row: RunRow) -> bool:
        """See Store."""
        return await query(lambda: _insert(WorkflowRun(**_values(row))))

    async def update_run(self, row: RunRow) -> bool:
        """See Store."""
        return await query(lambda: _replace_version(WorkflowRun.objects.all(), row))

    async def run(self, run_id: str) -> RunRow | None:
        """See Store."""
        return next(iter(await query(lambda: _runs(WorkflowRun.objects.filter(pk=run_id)))), None)

    async def runs(
        self,
        *,
        workflow_id: str | None = None,
        user_id: str | None = None,
        status: str | None = None,
        root_run: str | None = None,
        before: RunRow | None = None,
        limit: int = 100,
    ) -> list[RunRow]:
        """See Store."""
        wanted = _given(workflow_id=workflow_id, status=status, root_run=root_run) | _owned_by(user_id)
        found = WorkflowRun.objects.filter(**wanted)
        if before is not None:
            earlier = Q(created_at__lt=before.created_at) | Q(created_at=before.created_at, pk__lt=before.id)
            # The first condition alone lets an index find the start.
            found = found.filter(Q(created_at__lte=before.created_at) & earlier)
        return await query(lambda: _runs(found.order_by("-created_at", "-pk")[: max(limit, 0)]))

    async def reseal(self, row: WorkflowRow | RunRow, body: bytes) -> bool:
        """See Store."""
        model = Workflow if isinstance(row, WorkflowRow) else WorkflowRun
        unchanged = model._default_manager.filter(pk=row.id, body=row.body)
        return bool(await query(lambda: unchanged.update(body=body)))

    async def runs_by_id(self, *, after: str = "", limit: int = 1000) -> list[RunRow]:
        """See Store."""
        found = WorkflowRun.objects.filter(pk__gt=after).order_by("pk")
        return await query(lambda: _runs(found[: max(limit, 0)]))

    async def stale_runs(
        self, status: str, before: datetime, *, after: RunRow | None = None, limit: int = 100
    ) -> list[RunRow]:
        """See Store."""
        found = WorkflowRun.objects.filter(status=status, updated_at__lt=before)
        if after is not None:
            later = Q(updated_at__gt=after.updated_at) | Q(updated_at=after.updated_at, pk__gt=after.id)
            found = found.filter(Q(updated_at__gte=after.updated_at) & later)
        return await query(lambda: _runs(found.order_by("updated_at", "pk")[: max(limit, 0)]))

    async def purge_runs(self, before: datetime) -> int:
        """See Store."""
        finished = WorkflowRun.objects.exclude(status__in=UNFINISHED_RUNS).filter(updated_at__lt=before)
        return await query(lambda: finished.delete()[0])


@transaction.atomic
def _insert(row: models.Model) -> bool:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            # The foreign keys are checked now, and not when the caller has gone on.
            with transaction.get_connection().cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError:
        return False
    return True


def _replace_version(rows: QuerySet[Any], row: WorkflowRow | RunRow) -> bool:
    return bool(rows.filter(pk=row.id, version=row.version - 1).update(**_values(row)))


def _given(**values: str | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _owned_by(user_id: str | None) -> dict[str, Any]:
    return {} if user_id is None else {"client": client_of(user_id)}


def _values(row: WorkflowRow | RunRow) -> dict[str, Any]:
    values = asdict(row)
    return {"client_id": client_of(values.pop("user_id")), **values}


def _workflows(rows: QuerySet[Workflow]) -> list[WorkflowRow]:
    return [WorkflowRow(**_fields(row)) for row in rows]


def _runs(rows: QuerySet[WorkflowRun]) -> list[RunRow]:
    return [RunRow(**_fields(row)) for row in rows]


def _fields(row: Any) -> dict[str, Any]:
    names = [field.attname for field in row._meta.concrete_fields if field.attname != "client_id"]
    return {"user_id": user_of(row.client_id), **{name: getattr(row, name) for name in names}, "body": bytes(row.body)}
