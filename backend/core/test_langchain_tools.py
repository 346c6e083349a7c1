"""LangChain gets the same tools, bound to one person in one client."""

import json

import pytest

from apps.agents.models import Call
from apps.banking import factories as f
from apps.clients.factories import MembershipFactory
from core.langchain_tools import tools_for

pytestmark = pytest.mark.django_db


def test_a_tool_of_langchain_reads_the_clients_rows_and_is_in_the_log():
    member = MembershipFactory()
    account = f.AccountFactory(connection__member=member)
    f.AccountFactory()
    tools = {tool.name: tool for tool in tools_for(member, name="my agent")}
    answer = json.loads(tools["list_accounts"].invoke({"limit": 5}))
    assert [row["id"] for row in answer["accounts"]] == [account.pk]
    assert "refresh_connection" not in tools
    assert "refresh_connection" in {tool.name for tool in tools_for(member, ["read", "sync"])}
    wrong = json.loads(tools["list_accounts"].invoke({"limit": 500}))
    assert wrong["error"]["code"] == "INVALID_INPUT"
    assert list(Call.objects.order_by("pk").values_list("name", "outcome")) == [
        ("my agent", ""),
        ("my agent", "INVALID_INPUT"),
    ]
