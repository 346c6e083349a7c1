"""The queries of banking's lists."""

from rest_framework import serializers

from apps.api.inputs import PageQuery

# What an id of ours can be.
_BIGGEST = 2**63 - 1


class Reference(serializers.IntegerField):
    """The id of a row in a query."""

    def __init__(self, help_text: str) -> None:
        super().__init__(min_value=1, max_value=_BIGGEST, required=False, help_text=help_text)


class OfConnection(PageQuery):
    """A list that may be of one connection."""

    connection = Reference("Only rows of this connection.")


class OfAccount(PageQuery):
    """A list that may be of one account."""

    account = Reference("Only rows of this account.")


class OfAccountInPeriod(OfAccount):
    """The same, between two days."""

    date_from = serializers.DateField(required=False, help_text="The first day.")
    date_to = serializers.DateField(required=False, help_text="The last day, which is included.")
