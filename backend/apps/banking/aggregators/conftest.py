"""The case that the contract's tests need from each aggregator: an item with data, and a webhook about it."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.banking.aggregators.contract import Aggregator, Application, Source


@dataclass
class Case:
    """The function `make_case(request)` in `test_case.py` of an aggregator's folder returns it."""

    definition: Aggregator
    item_id: str
    credential: str
    webhook: bytes

    @property
    def application(self) -> Application:
        return self.definition.application()

    def open(self, item_id: str = "", **hooks: Callable[[], None]) -> Source:
        return self.application.open(item_id or self.item_id, credential=self.credential, **hooks)
