"""Banking's tools for agents. All of them only read, except `refresh_connection`."""

from apps.banking.tools.categories import list_categories

TOOLS = (list_categories,)
