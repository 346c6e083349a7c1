"""What integrations hold of clients, and how they end at their vendors before they are erased here."""

from django.utils.translation import gettext_lazy as _

from apps.clients.personal_data import Ending, register, register_ending, without
from apps.integrations.connect.ending import end_all, mailboxes
from apps.integrations.conversations.retention import purge_conversations, purge_messages
from apps.integrations.models import (
    ActionLog,
    Contact,
    Conversation,
    Integration,
    Message,
    Send,
    ShortLived,
    Workflow,
    WorkflowRun,
)
from apps.integrations.sending.retention import purge_calls, purge_sends, purge_short_lived

register_ending(Ending("integrations", end_all, mailboxes))

# Children before their parents.
register(Message, _("Messages"), order=10, purge=purge_messages)
register(Conversation, _("Conversations"), order=20, purge=purge_conversations)
register(Contact, _("Contacts"), order=30)
register(WorkflowRun, _("Runs of workflows"), order=10)
register(Workflow, _("Workflows"), order=20)
register(Send, _("Sends"), purge=purge_sends, order=25)
register(ActionLog, _("Calls to services"), purge=purge_calls, order=30)
register(
    ShortLived,
    _("Sign-ins in progress"),
    export=None,
    purge=purge_short_lived,
    note="they last minutes, and hold nothing but the secrets of a sign-in that has begun",
    order=30,
)
# The credentials are PlugFn's, and so is the name of the account, which PlugFn seals.
register(Integration, _("Integrations"), export=without("label", "account"), order=40)
