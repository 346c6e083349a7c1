"""The case that the contract's tests need from each aggregator: an item with data, and a webhook about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apps.banking.aggregators.contract import Aggregator, Application, Source


@dataclass
class Case:
    """Made by `make_case(request)` in the file `test_case.py` of an aggregator's folder.

    `environ` has the headers that prove the webhook, by their WSGI names.
    """

    definition: Aggregator
    item_id: str
    credential: str
    webhook: bytes
    environ: Mapping[str, str]

    @property
    def application(self) -> Application:
        return self.definition.application()

    def open(self, item_id: str = "", **hooks: Callable[[], None]) -> Source:
        return self.application.open(item_id or self.item_id, credential=self.credential, **hooks)
