"""Why a verb of connecting refuses. The messages are for developers; `advice.py` has the sentences for people."""

from lib.errors import ErrorType, Permanent, Throttled


class NotYours(Permanent):
    """The item does not exist, or belongs to somebody else. The two look the same, so that no search finds items."""

    default_type = ErrorType.ITEM_ERROR

    def __init__(self) -> None:
        super().__init__("this member has no such item", code="NOT_YOURS")


class Disconnecting(Permanent):
    """The person has asked to disconnect this bank."""

    default_type = ErrorType.ITEM_ERROR

    def __init__(self) -> None:
        super().__init__("the connection is being disconnected", code="DISCONNECTING")


class NothingAsked(Permanent):
    """The bank does not wait for a value, or no longer."""

    default_type = ErrorType.AUTHENTICATION_ERROR

    def __init__(self) -> None:
        super().__init__("the bank does not wait for a value", code="NOTHING_ASKED")


class InUse(Permanent):
    """Connections still need these credentials. `connections` says how many."""

    def __init__(self, connections: int) -> None:
        super().__init__(f"{connections} connections use these credentials", code="IN_USE")
        self.connections = connections


class TooOften(Throttled):
    """One person's clicks ask the aggregator too often. Other reasons to wait are not the person's doing."""
