"""/api/identities/: who a person is at their banks. It needs a scope of its own, and shows the ends of numbers only."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import trail
from apps.api.fields import Number, Text
from apps.api.schema import described, one_of, page_of
from apps.api.scopes import Scope
from apps.api.views import ApiView, ListView, answer, one
from apps.banking.api.filters import OfConnection
from apps.banking.models import Identity
from lib.keyset import Keyset


class Masked(Text):
    """Sealed text of which only the last letters are shown."""

    def to_representation(self, value: Any) -> str:
        """Stars, and at most the last three letters."""
        text = str(value)
        shown = text[-3:] if len(text) > 6 else ""
        return "*" * (len(text) - len(shown)) + shown


class IdentitySerializer(serializers.Serializer[Any]):
    """A person as one bank knows them, masked."""

    id = Number("The id of the row.")
    connection_id = Number("The connection.")
    document_type = Text("Such as `CPF` or `CNPJ`.")
    investor_profile = Text("The bank's word for it.")
    full_name = Masked("The name.")
    company_name = Masked("The name of the company.")
    document = Masked("The number of the document.")
    tax_number = Masked("The CPF or CNPJ.")


class IdentitiesView(ListView):
    """The list."""

    name, shape, order, query, reads = (
        "identities",
        IdentitySerializer,
        Keyset(("-id",)),
        OfConnection,
        Scope.IDENTITY,
    )

    def find(self, query: dict[str, Any]) -> QuerySet[Identity]:
        """Those of the client's connections."""
        rows = self.rows(Identity.objects.live())
        return rows.filter(connection_id=query["connection"]) if "connection" in query else rows

    @described("Identities, masked", page_of("identities", IdentitySerializer), query=OfConnection)
    def get(self, request: Request, **path: Any) -> Response:
        """Needs the scope `identity`. Numbers and names are masked; one at a time they can be read in full."""
        return super().get(request)


class WholeIdentitySerializer(serializers.Serializer[Any]):
    """A person as one bank knows them, in full."""

    id = Number("The id of the row.")
    connection_id = Number("The connection.")
    document_type = Text("Such as `CPF` or `CNPJ`.")
    investor_profile = Text("The bank's word for it.")
    full_name = Text("The name.")
    company_name = Text("The name of the company.")
    document = Text("The number of the document.")
    tax_number = Text("The CPF or CNPJ.")
    birth_date = Text("The day of birth, as the bank writes it.")
    job_title = Text("The profession.")
    emails = serializers.ListField(child=serializers.JSONField(), read_only=True, help_text="As the bank has them.")
    phone_numbers = serializers.ListField(
        child=serializers.JSONField(), read_only=True, help_text="As the bank has them."
    )
    addresses = serializers.ListField(child=serializers.JSONField(), read_only=True, help_text="As the bank has them.")


class IdentityView(ApiView):
    """One identity, in full."""

    reads = Scope.IDENTITY

    @described("An identity in full", one_of("identity", WholeIdentitySerializer))
    def get(self, request: Request, identity_id: int) -> Response:
        """Needs the scope `identity`, and leaves a line in the audit each time."""
        row = one(self.rows(Identity.objects.live()), identity_id)
        trail.changed(self.access, "identity.reveal", row)
        return answer(identity=WholeIdentitySerializer(row).data)
