"""GET /api/schema/ and /api/docs/: the description of the API for programs, and for people."""

from functools import cache
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.http import HttpResponse
from django.utils import translation
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from apps.api.inputs import Input, read_query
from apps.api.views import OpenView

# The content security policy of the Swagger page. Its scripts are files of this server; its library writes styles into
# the page and has icons as data.
POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF, "'unsafe-inline'"],
    "img-src": [SELF, "data:"],
    "connect-src": [SELF],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}


RENDERERS: dict[str, Any] = {"yaml": OpenApiYamlRenderer, "json": OpenApiJsonRenderer}


class SchemaQuery(Input):
    """In which form."""

    format = serializers.ChoiceField(list(RENDERERS), default="yaml", required=False)


class SchemaView(OpenView):
    """The schema, in YAML or with `?format=json` in JSON. It holds no data, so everybody may read it.

    The view of drf-spectacular makes it anew for each call, and keeps a catalogue for each `lang` that a call names.
    """

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The schema."""
        form = read_query(request, SchemaQuery)["format"]
        headers = {"Content-Disposition": f'inline; filename="Ponte.{form}"'}
        return HttpResponse(_schema(form), content_type=RENDERERS[form].media_type, headers=headers)


@cache
def _schema(form: str) -> bytes:
    with translation.override("en"):
        schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    content: bytes = RENDERERS[form]().render(schema, renderer_context={})
    return content


@method_decorator(csp_replace(POLICY), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """The Swagger page, with files of the installed package alone."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    content_negotiation_class = DefaultContentNegotiation
    url_name = "api:schema"
    title = "Ponte"
