"""Calls about an item's data: accounts, transactions, bills, investments, loans, identity, consents."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from apps.banking.aggregators.pluggy.client import endpoints as at
from apps.banking.aggregators.pluggy.client.api import Api
from apps.banking.aggregators.pluggy.client.endpoints import Endpoint
from apps.banking.aggregators.pluggy.client.item_calls import checked_object
from apps.banking.aggregators.pluggy.client.pages import PAGE_SIZE, Doc, Docs, cursored, numbered

# Pluggy accepts 500. Webhooks contain 400, and some proxies refuse a URL with 500 ids.
IDS_PER_CALL = 400


class ProductCalls:
    """Part of PluggyClient. Lists are iterators of pages; rows are objects as Pluggy sends them."""

    _api: Api

    def accounts(self, item_id: str, *, type: str | None = None) -> Iterator[Docs]:
        """The item's Accounts; `type` is BANK or CREDIT."""
        filters = {"itemId": item_id} | ({"type": type} if type else {})
        return self._pages(at.ACCOUNT_LIST, params=filters)

    def account(self, account_id: str) -> Doc:
        """The Account. Raises Gone."""
        return checked_object(self._api.call(at.ACCOUNT, account_id))

    def balance(self, account_id: str, *, connector_id: int | None = None) -> Doc:
        """The live balance at the bank: slow, and few calls a month. With `connector_id`, uses the bank's breaker."""
        return checked_object(self._api.call(at.BALANCE, account_id, connector_id=connector_id), "balance")

    def statements(self, account_id: str) -> Iterator[Docs]:
        """The account's statements. Each `url` is valid for 30 minutes."""
        return self._pages(at.STATEMENT_LIST, account_id)

    def transactions(
        self,
        account_id: str,
        *,
        date_from: date | datetime | None = None,
        date_to: date | datetime | None = None,
        created_at_from: datetime | None = None,
    ) -> Iterator[Docs]:
        """The account's Transactions, 500 a page: filtered by their own date (inclusive) or by when Pluggy stored them.

        Use one of the two filters (ValueError). `created_at_from` leaves out rows that were only updated.
        """
        if created_at_from and (date_from or date_to):
            raise ValueError("created_at_from cannot be combined with date_from or date_to")
        moments = {"dateFrom": date_from, "dateTo": date_to, "createdAtFrom": created_at_from}
        filters = {name: moment_text(moment) for name, moment in moments.items() if moment}
        return self._cursored(at.TRANSACTION_LIST, {"accountId": account_id} | filters)

    def transactions_by_id(self, account_id: str, ids: Sequence[str]) -> Iterator[Docs]:
        """The account's Transactions with these ids that still exist. Each call asks for at most 400 ids."""
        for start in range(0, len(ids), IDS_PER_CALL):
            chunk = ",".join(ids[start : start + IDS_PER_CALL])
            yield from self._cursored(at.TRANSACTION_LIST, {"accountId": account_id, "ids": chunk}, start > 0)

    def transaction(self, transaction_id: str) -> Doc:
        """The Transaction. Raises Gone."""
        return checked_object(self._api.call(at.TRANSACTION, transaction_id))

    def set_category(self, transaction_id: str, category_id: str) -> Doc:
        """Override the category at Pluggy permanently. Returns the changed Transaction."""
        return checked_object(self._api.call(at.TRANSACTION_UPDATE, transaction_id, json={"categoryId": category_id}))

    def bills(self, account_id: str) -> Iterator[Docs]:
        """A card account's Bills."""
        return self._pages(at.BILL_LIST, params={"accountId": account_id})

    def bill(self, bill_id: str) -> Doc:
        """The Bill. Raises Gone."""
        return checked_object(self._api.call(at.BILL, bill_id))

    def investments(self, item_id: str) -> Iterator[Docs]:
        """The item's Investments."""
        return self._pages(at.INVESTMENT_LIST, params={"itemId": item_id})

    def investment(self, investment_id: str) -> Doc:
        """The Investment. Raises Gone."""
        return checked_object(self._api.call(at.INVESTMENT, investment_id))

    def investment_transactions(self, investment_id: str) -> Iterator[Docs]:
        """The investment's InvestmentTransactions."""
        return self._pages(at.INVESTMENT_TRANSACTION_LIST, investment_id)

    def loans(self, item_id: str) -> Iterator[Docs]:
        """The item's Loans."""
        return self._pages(at.LOAN_LIST, params={"itemId": item_id})

    def loan(self, loan_id: str) -> Doc:
        """The Loan. Raises Gone."""
        return checked_object(self._api.call(at.LOAN, loan_id))

    def identity(self, item_id: str) -> Doc:
        """The item's one Identity. Raises Gone if the bank delivered none."""
        return checked_object(self._api.call(at.IDENTITY, params={"itemId": item_id}))

    def consents(self, item_id: str) -> Iterator[Docs]:
        """The item's Consents."""
        return self._pages(at.CONSENT_LIST, params={"itemId": item_id})

    def consent(self, consent_id: str) -> Doc:
        """The Consent. Raises Gone."""
        return checked_object(self._api.call(at.CONSENT, consent_id))

    def _pages(self, endpoint: Endpoint, *ids: str, params: Mapping[str, str] | None = None) -> Iterator[Docs]:
        def fetch(number: int) -> object:
            # Pluggy's documents disagree on the default size, so the call always names it.
            query = {**(params or {}), "page": str(number), "pageSize": str(PAGE_SIZE)}
            return self._api.call(endpoint, *ids, params=query, patient=number > 1)

        return numbered(fetch)

    def _cursored(self, endpoint: Endpoint, filters: Mapping[str, str], patient: bool = False) -> Iterator[Docs]:
        def fetch(after: str | None) -> object:
            params = {**filters, "after": after} if after else filters
            return self._api.call(endpoint, params=params, patient=patient or after is not None)

        return cursored(fetch)


def moment_text(moment: date | datetime) -> str:
    """A day, or a moment in UTC with milliseconds, as Pluggy writes them. Raises ValueError without a time zone."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is None:
        raise ValueError("the moment has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
