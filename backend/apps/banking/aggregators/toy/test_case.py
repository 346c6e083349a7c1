"""The toy's case for the contract's tests: a link with one wallet and two movements."""

from decimal import Decimal

from apps.banking.aggregators.conftest import Case
from apps.banking.aggregators.toy.definition import TOY
from apps.banking.aggregators.toy.vendor import Link


def make_case(request) -> Case:
    link = Link("ana", "t", {"w1": Decimal(5)}, [("w1", "m1", Decimal(-1)), ("w1", "m2", Decimal(-2))])
    request.getfixturevalue("monkeypatch").setitem(TOY.application().bank.links, "l1", link)
    return Case(TOY, "l1", "t", b'{"topic": "MOVED", "link": "l1"}', {"HTTP_X_TOY_KEY": "first-key"})
