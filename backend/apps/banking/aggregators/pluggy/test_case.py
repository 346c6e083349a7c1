"""Pluggy's case for the contract's tests: an item at the emulator."""

import json

from apps.banking.aggregators.conftest import Case
from apps.banking.aggregators.pluggy.definition import PLUGGY
from apps.clients.factories import MembershipFactory


def make_case(request) -> Case:
    bank = request.getfixturevalue("bank")
    item = bank.connect(MembershipFactory())
    webhook = json.dumps(bank.events(item)[0]).encode()
    headers = PLUGGY.application().deliveries().headers(webhook)
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return Case(PLUGGY, item, "", webhook, environ)
