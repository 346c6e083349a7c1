"""The mailbox in the admin: events with their chains and payloads, replay and discard, and the mailboxes."""

from apps.clients.browse.cards import add_card
from apps.events.admin.cards import accepts
from apps.events.admin.event import EventAdmin
from apps.events.admin.others import HourAdmin, MailboxAdmin, ReplayAdmin, TallyAdmin

add_card("accepts", 20, accepts, "events.view_event")

__all__ = ["EventAdmin", "HourAdmin", "MailboxAdmin", "ReplayAdmin", "TallyAdmin"]
