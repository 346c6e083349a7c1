"""docs/agents.md names the tools, scopes, limits and codes of the code."""

import re

from apps.agents.call import LONGEST_STATEMENT
from apps.agents.oauth import registration
from apps.agents.oauth.credentials import BEGINNINGS
from apps.agents.oauth.scopes import OFFERED
from apps.agents.oauth.tokens import MOST_VALID
from apps.agents.personal_data import CALLS_STAY
from apps.banking.connect.refresh import ASKED, Outcome
from apps.banking.tools import TOOLS as BANKING
from apps.banking.tools.arguments import MOST, USUAL
from apps.integrations.tools import TOOLS as INTEGRATIONS
from core.documents import document, sources
from core.mcp import http, pool

PAGE = document("docs/agents.md")
TOOLS = (*BANKING, *INTEGRATIONS)


def test_the_table_of_tools_is_that_of_the_code():
    rows = [(row[0].strip("`"), row[1].strip("`")) for row in PAGE.table("Tool", "Scope", "What it answers")]
    assert rows == [(tool.name, str(tool.scope)) for tool in TOOLS]
    assert [tool.name for tool in TOOLS if not tool.reads_only] == [
        "refresh_connection",
        "send_whatsapp_message",
        "send_email",
    ]
    assert not any(tool.destructive for tool in TOOLS)


def test_every_tool_and_argument_has_words_for_a_model():
    for tool in TOOLS:
        assert len(tool.description) > 40, tool.name
        assert tool.schema["additionalProperties"] is False
        for name, shape in tool.schema["properties"].items():
            assert shape.get("description"), (tool.name, name)


def test_the_table_of_scopes_is_what_applications_can_ask_for():
    assert [row[0].strip("`") for row in PAGE.table("Scope", "Allows an agent")] == [str(scope) for scope in OFFERED]


def test_the_codes_of_the_page_exist():
    codes = {code for row in PAGE.table("Code", "Means") for code in re.findall(r"`([A-Z_]+)`", row[0])}
    outcomes = {str(outcome).upper() for outcome in set(Outcome) - ASKED}
    assert outcomes <= codes
    text = "".join(sources())
    assert not [code for code in codes - outcomes if f'"{code}"' not in text]


def test_the_limits_of_the_page_are_those_of_the_code():
    rows = dict(PAGE.table("Limit", "Is"))
    limits = {
        "rows of one answer": (MOST, USUAL),
        "body of a request": (http.LIMIT // 1024,),
        "calls at work in one web process": (pool.THREADS, pool.MOST - pool.THREADS),
        "one call": (pool.SECONDS, LONGEST_STATEMENT // 1000),
        "registrations of applications in an hour": (registration.PER_ADDRESS, registration.PER_SERVER),
        "connected applications of a person": (MOST_VALID,),
    }
    for name, numbers in limits.items():
        assert [int(each) for each in re.findall(r"\d+", rows[name].replace(",", ""))][: len(numbers)] == list(numbers)
    assert f"for {CALLS_STAY.days} days" in PAGE.text
    assert all(f"`{beginning}`" in PAGE.text for beginning in BEGINNINGS.values())
