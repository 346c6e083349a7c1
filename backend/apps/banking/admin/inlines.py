"""The accounts and the last syncs of a connection, on its page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.banking.admin.shared import SYNC_TONES, deleted
from apps.banking.admin.sync_words import counts_in_words, duration
from apps.banking.models import Account, SyncRun
from apps.clients.browse import BrowseInline, amount, badge, moment
from apps.clients.browse.columns import link


class AccountInline(BrowseInline):
    """The accounts of the connection."""

    model = Account
    verbose_name_plural = _("accounts")
    fields = ("label", "type", "subtype", "balance_shown", "deleted_shown")
    balance_shown = staticmethod(amount("balance", _("balance")))
    deleted_shown = staticmethod(deleted)
    ordering = ("pk",)

    @admin.display(description=_("account"))
    def label(self, account: Account) -> Any:
        return link(account, account.name or account.vendor_id)


class SyncRunInline(BrowseInline):
    """The last syncs of the connection."""

    model = SyncRun
    verbose_name_plural = _("last syncs")
    fields = ("number", "started", "state_shown", "cause", "took", "wrote", "error_code")
    started = staticmethod(moment("started_at", _("began")))
    state_shown = staticmethod(badge("state", _("result"), SYNC_TONES))
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRun]:
        """The last ones only: the parent's key comes later, so the newest of this connection are chosen here."""
        runs: QuerySet[SyncRun] = super().get_queryset(request)
        match = request.resolver_match
        parent = match.kwargs.get("object_id", "") if match else ""
        if not str(parent).isdecimal():
            return runs.none()
        newest = (
            SyncRun.objects.filter(connection=int(parent)).order_by("-pk").values_list("pk", flat=True)[: self.most]
        )
        return runs.filter(pk__in=list(newest))

    @admin.display(description=_("number"))
    def number(self, run: SyncRun) -> Any:
        return link(run, str(run.pk))

    @admin.display(description=_("took"))
    def took(self, run: SyncRun) -> Any:
        return duration(run)

    @admin.display(description=_("wrote"))
    def wrote(self, run: SyncRun) -> Any:
        return counts_in_words(run)
