"""Groups of staff and their permissions, for migrations of any app: `grant("support", "events", "view_event")`.

Django makes permissions after the last migration, so a migration that gives one to a group makes it itself.
"""

from collections.abc import Iterable
from typing import Any

SUPPORT = "support"
OPERATORS = "operators"


def grant(apps: Any, database: str, group: str, app: str, model: str, codenames: Iterable[str]) -> None:
    """Give a group permissions of a model, as a step of a migration. The group is made if it does not exist.

    Repeating it adds nothing, and takes nothing away that an operator gave.
    """
    row, _ = apps.get_model("auth", "Group").objects.using(database).get_or_create(name=group)
    kinds = apps.get_model("contenttypes", "ContentType").objects.using(database)
    kind, _ = kinds.get_or_create(app_label=app, model=model)
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    for codename in codenames:
        permission, _ = permissions.get_or_create(
            content_type=kind, codename=codename, defaults={"name": codename.replace("_", " ").capitalize()}
        )
        row.permissions.add(permission)
