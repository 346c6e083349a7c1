"""A payment of a bill is no expense, a refund is no payment, and a transfer between own accounts is neither."""

from decimal import Decimal

import pytest

from apps.banking.cards.kinds import complete
from apps.banking.models import Kind


def kind(is_card: bool, amount: str, **columns) -> str:
    row = {"amount": Decimal(amount), "description": "", "operation_type": "", "category_id": "", **columns}
    complete(row, is_card=is_card)
    return row["kind"]


@pytest.mark.parametrize(
    ("amount", "columns", "expected"),
    [
        ("-10", {}, Kind.EXPENSE),
        ("-10", {"operation_type": "PAGAMENTO"}, Kind.EXPENSE),
        ("-10", {"description": "PAGAMENTO FACIL LOJA"}, Kind.EXPENSE),
        ("-10", {"fee_type": "ANNUAL_FEE"}, Kind.FEE),
        ("-10", {"operation_type": "TARIFA"}, Kind.FEE),
        ("-10", {"category_id": "16030000"}, Kind.FEE),
        ("-10", {"category_id": "15030000"}, Kind.FEE),
        ("-10", {"other_credits_type": "BILL_INSTALLMENT"}, Kind.CREDIT),
        ("10", {"operation_type": "OPERACOES_CREDITO_CONTRATADAS_CARTAO"}, Kind.CREDIT),
        ("10", {"operation_type": "PAGAMENTO_FATURA"}, Kind.BILL_PAYMENT),
        ("10", {"operation_type": "PAGAMENTO"}, Kind.BILL_PAYMENT),
        ("10", {"category_id": "05100000"}, Kind.BILL_PAYMENT),
        ("10", {"description": "PAGAMENTO RECEBIDO - OBRIGADO"}, Kind.BILL_PAYMENT),
        ("10", {"description": "Pgto. boleto"}, Kind.BILL_PAYMENT),
        ("10", {"description": "DEB AUT BANCO"}, Kind.BILL_PAYMENT),
        ("10", {"operation_type": "ESTORNO", "description": "PAGAMENTO"}, Kind.REFUND),
        ("10", {"description": "Estorno de pagamento"}, Kind.REFUND),
        ("10", {"operation_type": "CASHBACK"}, Kind.REFUND),
        ("10", {"description": "LOJA DO POVO"}, Kind.REFUND),
        ("10", {"category_id": "08040000"}, Kind.REFUND),
    ],
)
def test_the_kind_of_a_cards_row(amount, columns, expected):
    assert kind(True, amount, **columns) == expected


@pytest.mark.parametrize(
    ("amount", "columns", "expected"),
    [
        ("-10", {}, Kind.EXPENSE),
        ("10", {}, Kind.INCOME),
        ("-10", {"category_id": "04020000", "payment_method": "PIX"}, Kind.OWN_TRANSFER),
        ("10", {"category_id": "04000000"}, Kind.OWN_TRANSFER),
        ("-10", {"category_id": "05100000"}, Kind.BILL_PAYMENT),
        ("10", {"category_id": "05100000"}, Kind.REFUND),
        ("-10", {"operation_type": "PAGAMENTO_FATURA"}, Kind.BILL_PAYMENT),
        ("-10", {"description": "PAGTO FATURA CARTÃO"}, Kind.BILL_PAYMENT),
        ("-10", {"description": "Pagamento de fatura"}, Kind.BILL_PAYMENT),
        ("-10", {"description": "COMPRA CARTAO DEBITO LOJA"}, Kind.EXPENSE),
        ("-10", {"description": "FATURA ENERGIA"}, Kind.EXPENSE),
        ("-10", {"category_id": "16010000"}, Kind.FEE),
        ("10", {"category_id": "16010000"}, Kind.REFUND),
        ("-10", {"operation_type": "TARIFA_SERVICOS_AVULSOS"}, Kind.FEE),
        ("10", {"operation_type": "FOLHA_PAGAMENTO", "payment_method": "TED"}, Kind.INCOME),
        ("10", {"category_id": "01010000", "payment_method": "PIX"}, Kind.INCOME),
        ("10", {"category_id": "03060000"}, Kind.INCOME),
        ("10", {"operation_type": "RENDIMENTO_APLIC_FINANCEIRA"}, Kind.INCOME),
        ("-10", {"category_id": "03020000"}, Kind.INVESTMENT),
        ("10", {"operation_type": "RESGATE_APLIC_FINANCEIRA"}, Kind.INVESTMENT),
        ("-10", {"description": "Aplicação RDB"}, Kind.INVESTMENT),
        ("10", {"category_id": "02020000"}, Kind.CREDIT),
        ("-10", {"category_id": "02020000"}, Kind.EXPENSE),
        ("10", {"category_id": "08090000"}, Kind.REFUND),
        ("10", {"description": "Pix devolvido por Fulano", "payment_method": "PIX"}, Kind.REFUND),
        ("-10", {"payment_method": "PIX"}, Kind.TRANSFER),
        ("10", {"operation_type": "TED"}, Kind.TRANSFER),
        ("-10", {"description": "TRANSFERÊNCIA ENVIADA"}, Kind.TRANSFER),
        ("-10", {"category_id": "05010000", "payment_method": "BOLETO"}, Kind.EXPENSE),
        ("-10", {"category_id": "17020002", "payment_method": "BOLETO"}, Kind.EXPENSE),
    ],
)
def test_the_kind_of_an_accounts_row(amount, columns, expected):
    assert kind(False, amount, **columns) == expected


@pytest.mark.parametrize("is_card", [True, False])
def test_a_row_with_few_columns_has_a_kind(is_card):
    row = {"amount": Decimal(-1)}
    complete(row, is_card=is_card)
    assert row["kind"] == Kind.EXPENSE


def test_an_instalment_is_read_from_a_cards_text_only_where_the_bank_gives_none():
    rows = [{"amount": Decimal(-1), "description": "LOJA PARC 2/6", "total_installments": n} for n in (None, 1, 3)]
    account = dict(rows[0])
    for row in rows:
        complete(row, is_card=True)
    complete(account, is_card=False)
    assert [row.get("installment_number") for row in rows] == [2, None, None]
    assert [row["total_installments"] for row in rows] == [6, 1, 3]
    assert account["total_installments"] is None
