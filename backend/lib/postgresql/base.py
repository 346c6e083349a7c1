"""Django's backend for PostgreSQL, whose statements say for whom they are: see lib/row_security.py."""

from typing import Any

from django.db.backends.postgresql import base

from lib.row_security import say_for_whom


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose every transaction begins by saying for whom it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(say_for_whom)
