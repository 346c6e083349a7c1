"""PostgREST's errors: a status, and a body of code, message, details and hint."""


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str | None, message: str, details: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "details": details, "hint": None}
        if code is None:
            self.body = {"message": message, "hint": "Double check your Supabase `anon` or `service_role` API key."}


def unreadable(what: str) -> Refused:
    """The query string does not follow the grammar."""
    return Refused(400, "PGRST100", f'"failed to parse {what}"', "unexpected input")


def no_column(table: str, column: str) -> Refused:
    """The column does not exist."""
    return Refused(400, "42703", f"column {table}.{column} does not exist")


def bad_value(kind: str, text: str) -> Refused:
    """The value does not have the column's type."""
    return Refused(400, "22P02", f'invalid input syntax for type {kind}: "{text}"')


def no_operator(kind: str, operator: str) -> Refused:
    """The type does not have this comparison."""
    return Refused(404, "42883", f"operator does not exist: {kind} {operator} unknown")
