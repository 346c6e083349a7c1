"""PlugFn's workflows and their runs, as its store must keep them. Their bodies arrive sealed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.integrations.models.base import OwnedRow


class Workflow(OwnedRow):
    """A workflow of one client."""

    id = models.CharField(primary_key=True, max_length=64)
    name = models.TextField()
    status = models.CharField(max_length=32)
    provider = models.CharField(max_length=64)
    event = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    body = models.BinaryField()
    version = models.IntegerField()

    class Meta:
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        indexes = [
            models.Index(fields=["provider", "event"], name="workflow_event"),
            models.Index(fields=["client", "id"], name="workflow_of_client"),
        ]

    def __str__(self) -> str:
        return self.id


class WorkflowRun(OwnedRow):
    """One run of a workflow."""

    id = models.CharField(primary_key=True, max_length=64)
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="runs", db_index=False)
    status = models.CharField(max_length=32)
    occurrence = models.TextField()
    depth = models.IntegerField()
    root_run = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    body = models.BinaryField()
    version = models.IntegerField()

    class Meta:
        verbose_name = _("run of a workflow")
        verbose_name_plural = _("runs of workflows")
        constraints = [models.UniqueConstraint(fields=["workflow", "occurrence"], name="workflowrun_once")]
        indexes = [
            models.Index(fields=["workflow", "-created_at", "-id"], name="workflowrun_of_workflow"),
            models.Index(fields=["client", "-created_at", "-id"], name="workflowrun_of_client"),
            models.Index(fields=["root_run"], name="workflowrun_root"),
            models.Index(fields=["updated_at"], name="workflowrun_time"),
            models.Index(fields=["status", "updated_at"], name="workflowrun_status"),
        ]

    def __str__(self) -> str:
        return self.id
