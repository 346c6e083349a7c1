"""/api/integrations/database/: connect a client's Supabase or PostgreSQL, test it, and read chosen tables."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.fields import Anything, Number, StrictBoolean, StrictInteger, StrictText, Words, YesNo
from apps.api.inputs import read_body
from apps.api.schema import TAG_INTEGRATIONS, described
from apps.api.views import answer
from apps.integrations.api.base import IntegrationView
from apps.integrations.api.configuring import ConfiguringView, warnings_of
from apps.integrations.api.errors import disabled
from apps.integrations.api.inputs import Which, given, name_field
from apps.integrations.api.shapes import connected_answer
from apps.integrations.api.trying import TryingView, success_answer
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for

SUPABASE, POSTGRES = "database_supabase", "database_postgres"
PROVIDERS = (SUPABASE, POSTGRES)
MOST_ROWS = 1000
QUERY_SECONDS = 20.0
# The contract's names of PlugFn's fields.
_CREDENTIALS = {"url": "supabase_url", "key": "supabase_key", "dbname": "database"}
_OF_BOTH = ("allowed_tables", "max_rows")
_OWN = {
    SUPABASE: ("supabase_url", "supabase_key"),
    POSTGRES: ("host", "port", "database", "user", "password", "sslmode", "root_certificate"),
}
_NEEDED = {SUPABASE: ("supabase_url", "supabase_key"), POSTGRES: ("host", "database", "user", "password")}


class DatabaseCredentials(Which):
    """A Supabase project (`supabase_url`, `supabase_key`), or the host and the role of a PostgreSQL."""

    supabase_url = StrictText(required=False, max_length=300, help_text="The project's address.")
    supabase_key = StrictText(required=False, max_length=2000, help_text="A key; best one that may only read.")
    host = StrictText(required=False, max_length=253, help_text="PostgreSQL: the server.")
    port = StrictInteger(required=False, min_value=1024, max_value=65535, help_text="PostgreSQL: 5432 by default.")
    database = StrictText(required=False, max_length=63, help_text="PostgreSQL: the database's name.")
    user = StrictText(required=False, max_length=63, help_text="PostgreSQL: a role that may only read.")
    password = StrictText(required=False, max_length=1000, help_text="PostgreSQL: its password.")
    sslmode = serializers.ChoiceField(
        ["verify-full", "require", "disable"], required=False, help_text="PostgreSQL: `verify-full` by default."
    )
    root_certificate = StrictText(required=False, max_length=60_000, help_text="PostgreSQL: a private authority, PEM.")
    read_only = StrictBoolean(  # type: ignore[assignment]  # a field of the contract
        required=False, help_text="Only `true`: Ponte writes to no database of a client."
    )
    allowed_tables = serializers.ListField(
        child=StrictText(max_length=130), min_length=1, max_length=50, help_text="The only tables that may be read."
    )
    max_rows = StrictInteger(required=False, min_value=1, max_value=MOST_ROWS, help_text="Rows of one answer: 100.")
    name = name_field()

    def validate_read_only(self, value: bool) -> bool:
        """Refuse writing, which nothing here can do."""
        if not value:
            raise serializers.ValidationError(_("Ponte only reads. Leave it out, or send true."))
        return value

    def validate(self, attrs: Any) -> Any:
        """Tell the two kinds apart by their fields."""
        kinds = [kind for kind in PROVIDERS if any(name in attrs for name in _OWN[kind])]
        if len(kinds) != 1:
            raise serializers.ValidationError(_("Send the fields of a Supabase project, or those of a PostgreSQL."))
        if missing := [name for name in _NEEDED[kinds[0]] if name not in attrs]:
            raise serializers.ValidationError({name: [_("This field is required.")] for name in missing})
        return {**attrs, "provider": kinds[0]}


class DatabaseQuery(Which):
    """What to read of one table, as data: nobody writes SQL."""

    table = StrictText(max_length=130, help_text="One of the allowed tables.")
    columns = serializers.ListField(
        child=StrictText(max_length=63), required=False, max_length=100, help_text="Which columns; else all."
    )
    filters = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        max_length=20,
        help_text='Such as `{"column": "total", "op": "gte", "value": 10}`; all must hold. `any` and `all` group them.',
    )
    order = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        max_length=10,
        help_text='Such as `{"column": "id", "desc": true}`.',
    )
    limit = StrictInteger(required=False, min_value=1, max_value=MOST_ROWS, help_text="The most rows.")
    offset = StrictInteger(required=False, min_value=0, max_value=1_000_000, help_text="Rows to skip.")
    count = StrictBoolean(required=False, help_text="Count all matching rows as well.")


class ConfigureView(ConfiguringView):
    """Connect."""

    names = _CREDENTIALS

    @described(
        "Connect a database",
        connected_answer(),
        tag=TAG_INTEGRATIONS,
        body=DatabaseCredentials,
        errors=(404, 409, 502, 503),
    )
    def post(self, request: Request) -> Response:
        """Asks the database whether it can be read, and stores the credentials. `warnings` says what is unsafe."""
        sent = read_body(request, DatabaseCredentials)
        provider = sent["provider"]
        present = self.at_most_one(sent.get("integration"), provider)
        theirs = {ours: name for name, ours in _CREDENTIALS.items()}
        values = {theirs.get(name, name): value for name, value in given(sent, *_OWN[provider], *_OF_BOTH).items()}
        return self.configure(provider, values, name=sent.get("name", ""), present=present)


class TestView(TryingView):
    """Test."""

    names = _CREDENTIALS

    @described(
        "Test a database",
        success_answer(
            "DatabaseTestedAnswer",
            tables_found=Words("The allowed tables that exist and can be read."),
            warnings=Words("What is unsafe about it, in words."),
        ),
        tag=TAG_INTEGRATIONS,
        body=Which,
        errors=(404, 409, 502, 503),
    )
    def post(self, request: Request) -> Response:
        """Asks the database what it is, which of the allowed tables it has, and what its user may do."""
        integration = self.only(read_body(request, Which).get("integration"), *PROVIDERS)
        told = self.tested(integration)
        tables = [table.name for table in _run(integration, "tables.list", {}).tables]
        return answer(**told, tables_found=tables, warnings=warnings_of(integration))


class QueryView(IntegrationView):
    """Read."""

    http_method_names = ["post"]

    @described(
        "Read a table",
        inline_serializer(
            "DatabaseRowsAnswer",
            {
                "success": serializers.BooleanField(help_text="Always true."),
                "columns": Words("The columns, in order."),
                "rows": serializers.ListField(child=Anything("A row."), help_text="The rows, in order."),
                "truncated": YesNo("Whether there are more rows than the limits allow."),
                "count": Number("How many rows match in all; null unless it was asked for.", null=True),
            },
        ),
        tag=TAG_INTEGRATIONS,
        body=DatabaseQuery,
        errors=(404, 409, 502, 503),
    )
    def post(self, request: Request) -> Response:
        """Reads rows of an allowed table; any other is 403. Exact decimals are text."""
        sent = read_body(request, DatabaseQuery)
        integration = self.only(sent.pop("integration", None), *PROVIDERS)
        if integration.paused_at is not None:
            raise disabled()
        rows = _run(integration, "query.run", sent)
        return answer(columns=rows.columns, rows=rows.rows, truncated=rows.truncated, count=rows.count)


def _run(integration: Integration, action: str, params: dict[str, Any]) -> Any:
    """The result of an action. Raises PlugFnError."""
    with acting_for(integration.client_id):
        return plug().run(
            f"{integration.provider}.{action}",
            user_id=str(integration.client_id),
            connection_id=integration.pk.hex,
            params=params,
            timeout=QUERY_SECONDS,
        )
