"""Tools for agents that act through what a client has connected: messages, and queries of the client's own database."""

from apps.integrations.tools.databases import list_database_tables, query_database
from apps.integrations.tools.messages import get_message_status, send_email, send_whatsapp_message

TOOLS = (send_whatsapp_message, send_email, get_message_status, list_database_tables, query_database)
