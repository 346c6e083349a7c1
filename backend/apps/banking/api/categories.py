"""GET /api/categories/: the tree of categories, which is the same for all clients."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Text
from apps.api.inputs import PageQuery
from apps.api.schema import described, page_of
from apps.api.views import ListView
from apps.banking.models import Category
from lib.keyset import Keyset


class CategorySerializer(serializers.Serializer[Any]):
    """A kind of transaction."""

    id = Text("The id, as transactions have it in `category.id`.", source="vendor_id")
    name = Text("Its name in English.", source="description")
    name_translated = Text("Its name in Portuguese.", source="description_translated")
    parent_id = Text("The category above it; empty at the top.")


class CategoriesView(ListView):
    """The list."""

    name, shape, order = "categories", CategorySerializer, Keyset(("id",))

    def find(self, query: dict[str, Any]) -> QuerySet[Category]:
        """All that the aggregator still has."""
        return Category.objects.live()

    @described("Categories", page_of("categories", CategorySerializer), query=PageQuery)
    def get(self, request: Request, **path: Any) -> Response:
        """All categories, about 130, in a fixed order."""
        return super().get(request)
