"""Integrations in the admin: staff look at every table, and see neither a name, a whole number nor a content."""

from django.utils.translation import gettext_lazy as _

from apps.clients.browse.menu import HEADINGS
from apps.integrations.admin.conversations import ContactAdmin, ConversationAdmin, MessageAdmin

HEADINGS.setdefault("integrations", _("Integrations"))

__all__ = ["ContactAdmin", "ConversationAdmin", "MessageAdmin"]
