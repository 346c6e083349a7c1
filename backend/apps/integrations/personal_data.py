"""What integrations hold of clients: contacts, conversations and messages."""

from django.utils.translation import gettext_lazy as _

from apps.clients.personal_data import register
from apps.integrations.conversations.retention import purge_conversations, purge_messages
from apps.integrations.models import Contact, Conversation, Message

# Children before their parents.
register(Message, _("Messages"), order=10, purge=purge_messages)
register(Conversation, _("Conversations"), order=20, purge=purge_conversations)
register(Contact, _("Contacts"), order=30)
