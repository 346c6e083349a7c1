"""What a call sends: serializers that refuse a name that they do not know, and read nothing else."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

Sent = TypeVar("Sent", bound="Input")


class Input(serializers.Serializer[Any]):
    """A body or a query. An unknown name is an error: a filter with a slip of the pen must not return everything."""

    def to_internal_value(self, data: Any) -> Any:
        """The values. Raises ValidationError with the unknown names."""
        if isinstance(data, Mapping) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            raise serializers.ValidationError({name[:80]: [_("This field is unknown.")] for name in unknown[:20]})
        if isinstance(data, QueryDict) and (twice := [name for name in data if len(data.getlist(name)) > 1]):
            raise serializers.ValidationError({name[:80]: [_("This field may be sent only once.")] for name in twice})
        if isinstance(data, QueryDict) and (empty := [name for name in data if not data[name]]):
            raise serializers.ValidationError({name[:80]: [_("This field may not be empty.")] for name in empty})
        return super().to_internal_value(data)


class PageQuery(Input):
    """The query of every list."""

    limit = serializers.IntegerField(
        min_value=1, max_value=200, default=50, required=False, help_text="How many rows a page has at most."
    )
    cursor = serializers.CharField(
        max_length=400,
        required=False,
        help_text="`next_cursor` of the page before. It says where to go on, and nothing about who may read.",
    )


def read_body(request: Request, kind: type[Input]) -> dict[str, Any]:
    """The body of a call, checked. Raises ValidationError."""
    return _checked(kind(data=request.data))


def read_query(request: Request, kind: type[Input]) -> dict[str, Any]:
    """The query of a call, checked. Raises ValidationError."""
    return _checked(kind(data=request.query_params))


def _checked(sent: Input) -> dict[str, Any]:
    sent.is_valid(raise_exception=True)
    values: dict[str, Any] = sent.validated_data
    return values
