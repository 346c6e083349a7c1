"""The commands. Most of them work with a PlugFn configured by plugfn.toml."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.exceptions import TyperException

from plugfn.calls.results import json_of
from plugfn.cli import connecting, listing, writing
from plugfn.cli.config import DEFAULT, plug_from
from plugfn.cli.doorkeeper import Doorkeeper
from plugfn.cli.output import STATUS, document, fail, out, revocation, table
from plugfn.cli.reading import params_from
from plugfn.crypto import new_key
from plugfn.errors import ConfigurationError, Next, PlugFnError
from plugfn.extras import part
from plugfn.plug import PlugFn
from plugfn.providers import BUILT_IN
from plugfn.tools.toolbox import toolbox
from plugfn.web.core import shown

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Connect your users' accounts at other services, and run actions on them.",
)

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.", envvar="PLUGFN_CONFIG")]
User = Annotated[
    str, typer.Option("--user", "-u", help="The id of the user who owns the connections.", envvar="PLUGFN_USER")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
ProviderName = Annotated[str, typer.Argument(help=f"One of: {', '.join(BUILT_IN)}.", show_default=False)]


def _run(path: Path, as_json: bool, work: Callable[[PlugFn], Awaitable[T]], wanted: Collection[str] | None = None) -> T:
    """Open, work, close. On an error, print what to do next and exit. `wanted`: the providers that the work needs."""

    async def together() -> T:
        async with plug_from(path, wanted) as plug:
            return await work(plug)

    try:
        return asyncio.run(together())
    except (PlugFnError, ConfigurationError) as error:
        fail(error, as_json)


@app.command()
def init(path: Annotated[Path, typer.Argument(help="The file to write.")] = DEFAULT) -> None:
    """Write a settings file, and create an encryption key for it."""
    try:
        writing.write_config(path)
    except ConfigurationError as error:
        fail(error, as_json=False)
    out.print(f"Wrote {path}. It reads the encryption key from the environment: run the next line in your shell.")
    out.print("Store the key safely: without it, stored data cannot be read.\n")
    typer.echo(f"export PLUGFN_ENCRYPTION_KEY={new_key()}")


@app.command("new-key")
def make_key() -> None:
    """Create an encryption key (AES-256, base64)."""
    typer.echo(new_key())


@app.command()
def providers(
    name: Annotated[str | None, typer.Argument(help="Show everything about this provider.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """List the providers, or show the actions, events and credentials of one."""
    try:
        found = listing.described(name)
    except (PlugFnError, ConfigurationError) as error:
        fail(error, as_json)
    if as_json:
        document(found)
    elif name is None:
        listing.show_all(found)
    else:
        listing.show_one(found[0])


@app.command()
def connect(
    provider: ProviderName,
    user: User,
    config: Config = DEFAULT,
    label: Annotated[str, typer.Option(help="A name for the connection.")] = "",
    credentials: Annotated[
        str, typer.Option(help="JSON, @file, or - for standard input. Without it, you are asked for each credential.")
    ] = "",
    browser: Annotated[bool, typer.Option(help="Open the vendor's page in a browser.")] = True,
    wait: Annotated[int, typer.Option(help="Seconds to wait while you are at the vendor's page.")] = 300,
    as_json: Json = False,
) -> None:
    """Connect an account: at the vendor's page, or with credentials that you type in."""

    async def work(plug: PlugFn) -> dict[str, Any]:
        way = connecting.Way(user, label, credentials, browser, wait)
        return shown(await connecting.connect(plug, provider, way))

    made = _run(config, as_json, work, [provider])
    if as_json:
        document({"connection": made})
    else:
        account = f" as {made['label']}" if made["label"] else ""
        out.print(f"Connected {made['provider']}{account}. Connection id: {made['id']}", markup=False)


@app.command()
def connections(user: User, config: Config = DEFAULT, as_json: Json = False) -> None:
    """List a user's connections."""

    async def work(plug: PlugFn) -> list[dict[str, Any]]:
        return [shown(connection) for connection in await plug.connections.list(user)]

    found = _run(config, as_json, work, [])
    if as_json:
        document({"connections": found})
        return
    columns = ("id", "provider", "label", "status")
    table(
        columns,
        [[str(row[name]) for name in columns] for row in found],
        "No connections yet. Add one: plugfn connect …",
    )


@app.command("test")
def try_connection(
    connection: Annotated[str, typer.Argument(help="The connection's id.")],
    user: User,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Ask the vendor whether a connection works."""

    async def work(plug: PlugFn) -> str:
        return await plug.executor.test(await plug.connections.get(connection, user))

    label = _run(config, as_json, work)
    document({"label": label}) if as_json else out.print(f"The connection works. Account: {label}", markup=False)


@app.command()
def disconnect(
    connection: Annotated[str, typer.Argument(help="The connection's id.")],
    user: User,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Delete a connection, and revoke its access at the vendor if the vendor supports that."""

    async def work(plug: PlugFn) -> str:
        return await plug.connections.disconnect(connection, user)

    outcome = _run(config, as_json, work)
    document({"disconnected": connection}) if as_json else out.print(f"Disconnected. {revocation(outcome)}")


@app.command()
def call(
    action: Annotated[str, typer.Argument(help='For example "github.issues.create".')],
    user: User,
    params: Annotated[str, typer.Option("--params", "-p", help="JSON, @file, or - for standard input.")] = "{}",
    connection: Annotated[str | None, typer.Option(help="The connection's id, if the user has several.")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="A second call with this key within a day prints the first result.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds for the whole call, retries included.")] = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Run an action and print its result."""

    async def work(plug: PlugFn) -> Any:
        with out.status(f"{action} …") if out.is_terminal and not as_json else out.capture():
            result = await plug.run(
                action,
                user_id=user,
                params=params_from(params),
                connection_id=connection,
                idempotency_key=idempotency_key,
                timeout=timeout,
            )
        return json.loads(json_of(result))

    document(_run(config, as_json, work, [action.partition(".")[0]]))


@app.command()
def logs(
    user: User,
    config: Config = DEFAULT,
    limit: Annotated[int, typer.Option(help="The most attempts to list.", min=1)] = 20,
    as_json: Json = False,
) -> None:
    """List the newest attempts of a user's calls."""

    async def work(plug: PlugFn) -> list[dict[str, Any]]:
        return listing.attempts(await plug.store.logs(user_id=user, limit=limit))

    found = _run(config, as_json, work, [])
    if as_json:
        document({"logs": found})
        return
    columns = ("started_at", "action", "attempt", "outcome", "code", "milliseconds")
    table(columns, [[str(row[name]) for name in columns] for row in found], "No calls yet.")


@app.command()
def serve(
    config: Config = DEFAULT,
    user: Annotated[str, typer.Option(help="Treat every caller as this user: for one person on one machine.")] = "",
    token_env: Annotated[
        str, typer.Option(help="The environment variable with the bearer token that callers must send.")
    ] = "",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="The port to listen on (default: the port of base_url).")] = None,
) -> None:
    """Serve the web routes: OAuth callbacks, connections, actions, webhooks."""
    try:
        door = Doorkeeper.chosen(user, token_env, host)
        part("plugfn.cli.serving:serve", "cli")(config, door, host, port)
    except ConfigurationError as error:
        fail(error, as_json=False)


@app.command()
def mcp(
    user: User,
    actions: Annotated[
        list[str] | None,
        typer.Option("--action", help="Serve this action instead of the default tools. Repeat the option for several."),
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Serve a user's agent tools over the Model Context Protocol, on standard input and output."""

    async def work(plug: PlugFn) -> None:
        serve_stdio = part("plugfn.tools.mcp:serve_stdio", "mcp")
        await serve_stdio(await toolbox(plug, user_id=user, actions=actions or None))

    _run(config, False, work, [action.partition(".")[0] for action in actions] if actions else None)


@app.command("new-provider")
def new_provider(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and _.")],
    folder: Annotated[Path, typer.Option(help="Where to create the provider's folder.")] = Path(),
    label: Annotated[str, typer.Option(help="The vendor's name as people write it.")] = "",
) -> None:
    """Create the folder of a new provider: a working example with tests, for you to change."""
    try:
        made = writing.write_provider(name, folder, label)
    except ConfigurationError as error:
        fail(error, as_json=False)
    for path in made:
        typer.echo(path)


@app.command()
def types(
    output: Annotated[
        Path | None, typer.Option(help="The file to write (default: standard output).", show_default=False)
    ] = None,
) -> None:
    """Generate the types of the built-in providers for type checkers (generated_types.py)."""
    if output is None:
        typer.echo(writing.built_in_types(), nl=False)
        return
    try:
        writing.write_types(output)
    except ConfigurationError as error:
        fail(error, as_json=False)


def main() -> None:
    """The entry point of `plugfn`."""
    if "--json" not in sys.argv:
        app()
    try:
        status = app(standalone_mode=False)
    except TyperException as error:
        document({"error": {"error": "UsageError", "code": "usage", "next": "fix_call", "message": str(error)}})
        sys.exit(STATUS[Next.FIX_CALL])
    sys.exit(status if isinstance(status, int) else 0)
