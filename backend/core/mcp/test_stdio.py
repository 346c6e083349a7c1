"""An official MCP client uses the tools over standard input and output."""

import json
import sys

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from apps.agents.models import Call
from apps.api.tokens import make_token
from apps.clients.factories import MembershipFactory
from conftest import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_official_client_lists_and_calls_the_tools_over_stdio(own, process_environment):
    parameters = StdioServerParameters(
        command=sys.executable,
        args=[str(BACKEND / "manage.py"), "mcp"],
        env={**process_environment, "PONTE_TOKEN": own.token},
    )
    async with Client(stdio_client(parameters)) as client:
        listed = (await client.list_tools()).tools
        answer = await client.call_tool("list_categories", {})
        print(listed, answer)


@pytest.fixture
def own():
    class Own: pass
    member = MembershipFactory()
    own = Own()
    own.token = make_token(member, "a program", ["read"], days=1)[1]
    return own
