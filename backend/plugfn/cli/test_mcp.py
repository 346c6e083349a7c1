"""`plugfn mcp` as an agent starts it: a process that speaks MCP on standard input and output."""

import json

import pytest
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client

from plugfn.cli.test_connecting import COMMAND

MAILBOX = {"host": "127.0.0.1", "port": 2525, "security": "none", "from_email": "loja@example.com"}


@pytest.fixture
def connected(run):
    made = run("connect", "email_smtp", "--user", "ana", "--credentials", "-", given=json.dumps(MAILBOX))
    assert made.returncode == 0, made.stderr


@pytest.mark.usefixtures("connected")
async def test_an_agent_lists_and_calls_its_users_tools(folder, environment):
    asked = StdioServerParameters(
        command=COMMAND[0], args=[*COMMAND[1:], "mcp", "--user", "ana"], env=environment, cwd=folder
    )
    async with stdio_client(asked) as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
        await session.initialize()
        (tool,) = (await session.list_tools()).tools
        assert tool.name == "email_smtp_messages_send"
        answer = await session.call_tool(tool.name, {"nothing": 1})
        assert answer.is_error
        assert json.loads(answer.content[0].text)["error"]["next"] == "fix_call"
