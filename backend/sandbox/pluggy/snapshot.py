"""Stores the bank in a file (`--state`), so that its items are there after a restart."""

import asyncio
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from . import machine
from .ledger import row_of
from .model import Account, Data, Item
from .users import scenario
from .wire import Doc
from .world import World

EVERY = 5.0
MANY_ROWS = 50_000
NOT_STORED = {"connector", "scenario", "data", "task", "alarm", "answer", "fresh"}
SETS = {"used_codes", "collected"}


def save(world: World, path: Path) -> None:
    """Write everything but keys, faults, counts and events: the whole file or nothing, readable by its owner only."""
    doc = {
        "counter": world.counter,
        "webhooks": world.webhooks,
        "rules": world.rules,
        "health": {key: connector["health"] for key, connector in world.connectors.items()},
        "items": [_item(item) for item in world.items.values()],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(doc, file, ensure_ascii=False)
    new.replace(path)


def _item(item: Item) -> Doc:
    fields = {f.name: getattr(item, f.name) for f in dataclasses.fields(Item) if f.name not in NOT_STORED}
    fields |= {name: sorted(fields[name]) for name in SETS}
    data = {f.name: getattr(item.data, f.name) for f in dataclasses.fields(Data) if f.name != "accounts"}
    accounts = [_account(account) for account in item.data.accounts.values()]
    return {"connectorId": item.connector["id"], "kept": fields, "data": data, "accounts": accounts}


def _account(account: Account) -> Doc:
    rows = [row.body.decode() for row in account.ledger.rows.values()]
    return {"doc": account.doc, "bills": account.bills, "statements": account.statements, "rows": rows}


def load(world: World, path: Path) -> None:
    """Load what `save` wrote. A missing file changes nothing. ValueError for any other file."""
    if not path.exists():
        return
    try:
        doc = json.loads(path.read_text(encoding="utf-8"))
        world.counter, world.webhooks, world.rules = doc["counter"], doc["webhooks"], doc["rules"]
        for key, health in doc["health"].items():
            world.connectors[int(key)]["health"] = health
        world.items = {item.id: item for item in (_load_item(world, one) for one in doc["items"])}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a state file of this version: {error!r}") from None


def _load_item(world: World, one: Doc) -> Item:
    fields: dict[str, Any] = one["kept"] | {name: set(one["kept"][name]) for name in SETS}
    item = Item(connector=world.connectors[one["connectorId"]], scenario=scenario(fields["parameters"]), **fields)
    item.data = Data(**one["data"], accounts={a["doc"]["id"]: _load_account(a) for a in one["accounts"]})
    return item


def _load_account(one: Doc) -> Account:
    account = Account(one["doc"], bills=one["bills"], statements=one["statements"])
    account.ledger.add(row_of(json.loads(body)) for body in one["rows"])
    return account


def resume(world: World) -> None:
    """Continue after `load`: restart the executions that were under way and schedule automatic syncs."""
    for item in world.items.values():
        if item.running:
            machine.start(world, item, item.cause)
        else:
            machine.schedule(world, item)


async def keep(world: World, path: Path) -> None:
    """Save every few seconds after a change. Big banks are saved only at the end."""
    seen = -1
    while True:
        await asyncio.sleep(EVERY)
        happened = sum(world.requests.counts.values()) + len(world.dispatcher.events)
        rows = sum(len(account.ledger) for _, account in world.accounts())
        if happened != seen and rows <= MANY_ROWS:
            save(world, path)
            seen = happened
