"""The accounts and the last syncs of a connection, on its page."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.banking.admin.shared import SYNC_TONES, deleted
from apps.banking.admin.sync_words import took, wrote
from apps.banking.models import Account, SyncRun
from apps.clients.browse import BrowseTable, amount, badge, moment
from apps.clients.browse.columns import link


class Accounts(BrowseTable):
    """The accounts of the connection."""

    model, key, title = Account, "connection", _("accounts")
    fields = ("label", "type", "subtype", "balance_shown", "deleted_shown")
    balance_shown = staticmethod(amount("balance", _("balance")))
    deleted_shown = staticmethod(deleted)
    ordering = ("pk",)
    most = 100

    @admin.display(description=_("account"))
    def label(self, account: Account) -> Any:
        return link(account, account.name or account.vendor_id)


class LastSyncs(BrowseTable):
    """The last syncs of the connection."""

    model, key, title = SyncRun, "connection", _("last syncs")
    fields = ("number", "started", "state_shown", "cause", took, wrote, "error_code")
    started = staticmethod(moment("started_at", _("began")))
    state_shown = staticmethod(badge("state", _("result"), SYNC_TONES))

    @admin.display(description=_("number"))
    def number(self, run: SyncRun) -> Any:
        return link(run, str(run.pk))
