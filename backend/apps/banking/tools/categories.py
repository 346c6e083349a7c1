"""The tree of categories, which is the same for all clients."""

from apps.agents.caller import Caller
from apps.agents.contract import Answer, tool
from apps.banking.categories import Categories
from apps.banking.tools.arguments import Nothing


@tool(title="Categories")
def list_categories(caller: Caller, asked: Nothing) -> Answer:
    """All categories of transactions with their ids, for the filter `category_id` of other tools.

    A category includes those below it, which name it as their parent.
    """
    categories = Categories.read()
    rows = [
        {"id": row.vendor_id, "name": categories.label(row), "parent_id": row.parent_id or None}
        for row in categories.rows
    ]
    return Answer({"categories": rows}, rows=len(rows))
