"""Banking rows for tests. A child row takes its client from its parent, as the database requires."""

import os
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import factory
from django.db.models import Model
from factory.django import DjangoModelFactory

from apps.banking import models
from apps.banking.models.base import VendorRow
from apps.clients.factories import ClientFactory, MembershipFactory

Row = TypeVar("Row", bound=VendorRow)

# The tables that a sync fills at Pluggy's emulator.
PRODUCT_TABLES: list[type[Model]] = [
    models.Account,
    models.Transaction,
    models.CreditCardBill,
    models.Investment,
    models.Loan,
    models.Identity,
    models.BalanceSnapshot,
]

NEW_ID: Any = factory.LazyFunction(lambda: str(uuid.uuid4()))


class VendorRowFactory(DjangoModelFactory[Row]):
    class Meta:
        abstract = True

    vendor_id = NEW_ID
    digest = factory.LazyFunction(lambda: os.urandom(16))


class ConnectorFactory(VendorRowFactory[models.Connector]):
    class Meta:
        model = models.Connector

    vendor_id = factory.Sequence(lambda n: str(1000 + n))
    name = factory.Sequence(lambda n: f"Bank {n}")
    country = "BR"
    health_status = "ONLINE"


class CategoryFactory(VendorRowFactory[models.Category]):
    class Meta:
        model = models.Category

    vendor_id = factory.Sequence(lambda n: f"{n:08d}")
    description = factory.Sequence(lambda n: f"Category {n}")


class ConnectionFactory(DjangoModelFactory[models.Connection]):
    class Meta:
        model = models.Connection

    member = factory.SubFactory(MembershipFactory)
    client = factory.SelfAttribute("member.client")
    vendor_id = NEW_ID
    state = models.Connection.State.ACTIVE
    status = "UPDATED"
    execution_status = "SUCCESS"


class OfConnectionFactory(VendorRowFactory[Row]):
    class Meta:
        abstract = True

    connection = factory.SubFactory(ConnectionFactory)
    client = factory.SelfAttribute("connection.client")


class OfAccountFactory(VendorRowFactory[Row]):
    class Meta:
        abstract = True

    account = factory.SubFactory("apps.banking.factories.AccountFactory")
    client = factory.SelfAttribute("account.client")


class AccountFactory(OfConnectionFactory[models.Account]):
    class Meta:
        model = models.Account

    type = "BANK"
    subtype = "CHECKING_ACCOUNT"
    name = "Conta Corrente"
    balance = Decimal("100.00")
    currency_code = "BRL"


class ConsentFactory(OfConnectionFactory[models.Consent]):
    class Meta:
        model = models.Consent

    products = ["ACCOUNTS", "TRANSACTIONS"]
    expires_at = factory.LazyFunction(lambda: datetime.now(UTC) + timedelta(days=365))


class IdentityFactory(OfConnectionFactory[models.Identity]):
    class Meta:
        model = models.Identity


class LoanFactory(OfConnectionFactory[models.Loan]):
    class Meta:
        model = models.Loan

    product_name = "Crédito pessoal"
    kind = "LOAN"


class InvestmentFactory(OfConnectionFactory[models.Investment]):
    class Meta:
        model = models.Investment

    type = "FIXED_INCOME"
    name = "CDB"


class InvestmentTransactionFactory(VendorRowFactory[models.InvestmentTransaction]):
    class Meta:
        model = models.InvestmentTransaction

    investment = factory.SubFactory(InvestmentFactory)
    client = factory.SelfAttribute("investment.client")
    type = "BUY"


class CreditCardBillFactory(OfAccountFactory[models.CreditCardBill]):
    class Meta:
        model = models.CreditCardBill

    due_date = date(2026, 11, 10)
    total_amount = Decimal("250.00")


class TransactionFactory(OfAccountFactory[models.Transaction]):
    class Meta:
        model = models.Transaction

    date = date(2026, 11, 1)
    description = factory.Sequence(lambda n: f"Compra {n}")
    amount = Decimal("-10.00")
    currency_code = "BRL"
    type = "DEBIT"
    status = "POSTED"


class TransferPairFactory(DjangoModelFactory[models.TransferPair]):
    class Meta:
        model = models.TransferPair

    outgoing = factory.SubFactory(TransactionFactory)
    client = factory.SelfAttribute("outgoing.client")
    incoming = factory.SubFactory(
        TransactionFactory,
        account__connection=factory.SelfAttribute("...outgoing.account.connection"),
        amount=Decimal("10.00"),
        type="CREDIT",
    )
    kind = "own_transfer"


class BalanceSnapshotFactory(DjangoModelFactory[models.BalanceSnapshot]):
    class Meta:
        model = models.BalanceSnapshot

    account = factory.SubFactory(AccountFactory)
    client = factory.SelfAttribute("account.client")
    date = date(2026, 11, 1)
    balance = Decimal("100.00")
    currency_code = "BRL"


class MarkFactory(DjangoModelFactory[models.Mark]):
    class Meta:
        model = models.Mark

    connection = factory.SubFactory(ConnectionFactory)
    client = factory.SelfAttribute("connection.client")
    text = "2026-11-01T00:00:00+00:00"


class SyncRunFactory(DjangoModelFactory[models.SyncRun]):
    class Meta:
        model = models.SyncRun

    connection = factory.SubFactory(ConnectionFactory)
    client = factory.SelfAttribute("connection.client")
    cause = "item/updated"


class ClientApplicationFactory(DjangoModelFactory[models.ClientApplication]):
    class Meta:
        model = models.ClientApplication

    client = factory.SubFactory(ClientFactory)
    label = "our own"
    tested_at = datetime(2026, 11, 1, tzinfo=UTC)

    @classmethod
    def _create(cls, model_class: type[models.ClientApplication], *_: Any, **columns: Any) -> models.ClientApplication:
        row = model_class(**columns)
        row.key, row.secret = "a client id", "a client secret"
        row.save()
        return row
