"""The mailbox in the admin: events with their chains and payloads, replay and discard, and the mailboxes."""

from apps.events.admin.event import EventAdmin
from apps.events.admin.others import HourAdmin, MailboxAdmin, ReplayAdmin, TallyAdmin

__all__ = ["EventAdmin", "HourAdmin", "MailboxAdmin", "ReplayAdmin", "TallyAdmin"]
