"""Say what a transaction is, by the bank's words for it. docs/bills.md has the rules in plain words.

The rules see one row at a time, and run for every row that a sync reads, so they look at codes first and at words last.
Pluggy's categories are numbers whose first digits name their parents: 04 is a transfer between own accounts.
"""

import re
from typing import Any

from apps.banking.cards.instalments import read_instalment
from apps.banking.cards.words import plain
from apps.banking.models import Kind

Row = dict[str, Any]

SALARY, CREDIT_TAKEN, INVESTED, EARNINGS, OWN, TRANSFERRED, CARD_PAID = "01", "02", "03", "0306", "04", "05", "0510"
FEES = ("16", "1503")
CASHBACK = "0809"

# The operations of Open Finance, on cards and on accounts.
BILL_PAID = frozenset({"PAGAMENTO_FATURA"})
GIVEN_BACK = frozenset({"ESTORNO", "CASHBACK"})
CHARGED = frozenset({"TARIFA", "PACOTE_TARIFA_SERVICOS", "TARIFA_SERVICOS_AVULSOS", "ENCARGOS_JUROS_CHEQUE_ESPECIAL"})
LENT = frozenset({"OPERACOES_CREDITO_CONTRATADAS_CARTAO", "OPERACAO_CREDITO"})
REDEEMED = frozenset({"RESGATE_APLIC_FINANCEIRA"})
EARNED = frozenset({"RENDIMENTO_APLIC_FINANCEIRA", "FOLHA_PAGAMENTO", "PORTABILIDADE_SALARIO"})
MOVED = frozenset({"PIX", "TED", "DOC", "TEV", "TRANSFERENCIA_MESMA_INSTITUICAO"})

_PAYMENT = re.compile(r"\b(?:pagamento|pagto|pgto|pag|pago|debito automatico|deb aut)\b")
_BACK = re.compile(r"\b(?:estorno|estornad[oa]|devolucao|devolvid[oa]|reembolso|cashback)\b")
_MOVE = re.compile(r"\b(?:pix|ted|doc|tev|transf|transferencia)\b")
# Plain comparisons where they are enough: a search by pattern costs more than all others together.
_BILLS = ("fatura", " cartao", " cartoes")
_INVESTMENTS = ("aplicacao", "resgate", "aplic ", "aplic.", "resg ", "resg.")


def complete(row: Row, *, is_card: bool) -> None:
    """Fill the columns of a new row that are Ponte's: its kind, and the instalment that only the text names."""
    row["kind"] = str(card_kind(row) if is_card else bank_kind(row))
    if is_card and not row.get("total_installments") and (found := read_instalment(row.get("description", ""))):
        row["installment_number"], row["total_installments"] = found.number, found.total


def card_kind(row: Row) -> Kind:
    """The kind of a row of a card. A credit is a refund, if nothing says that it is a payment."""
    operation, category = row.get("operation_type", ""), row.get("category_id", "")
    if row.get("other_credits_type") or operation in LENT:
        return Kind.CREDIT
    if row["amount"] <= 0:
        is_fee = row.get("fee_type") or operation in CHARGED or category.startswith(FEES)
        return Kind.FEE if is_fee else Kind.EXPENSE
    words = plain(row.get("description", ""))
    if operation in GIVEN_BACK or _BACK.search(words):
        return Kind.REFUND
    # PAGAMENTO is also the operation of a purchase, which is a debit.
    is_payment = operation in BILL_PAID or operation == "PAGAMENTO" or category.startswith(CARD_PAID)
    return Kind.BILL_PAYMENT if is_payment or _PAYMENT.search(words) else Kind.REFUND


def bank_kind(row: Row) -> Kind:
    """The kind of a row of a bank account."""
    operation, category, amount = row.get("operation_type", ""), row.get("category_id", ""), row["amount"]
    if by_code := _code_kind(operation, category, amount > 0):
        return by_code
    return _words_kind(row, operation, category, plain(row.get("description", "")))


def _code_kind(operation: str, category: str, is_credit: bool) -> Kind | None:
    """The kind by the bank's codes, which say the same of money that comes in and of money that goes out."""
    if category.startswith(OWN):
        return Kind.OWN_TRANSFER
    if operation in REDEEMED or (category.startswith(INVESTED) and not category.startswith(EARNINGS)):
        return Kind.INVESTMENT
    return _code_of_credit(operation, category) if is_credit else _code_of_debit(operation, category)


def _code_of_credit(operation: str, category: str) -> Kind | None:
    if operation in EARNED or category.startswith((EARNINGS, SALARY)):
        return Kind.INCOME
    if operation in LENT or category.startswith(CREDIT_TAKEN):
        return Kind.CREDIT
    is_refund = operation in GIVEN_BACK | BILL_PAID | CHARGED or category.startswith((CASHBACK, CARD_PAID, *FEES))
    return Kind.REFUND if is_refund else None


def _code_of_debit(operation: str, category: str) -> Kind | None:
    if operation in BILL_PAID or category.startswith(CARD_PAID):
        return Kind.BILL_PAYMENT
    return Kind.FEE if operation in CHARGED or category.startswith(FEES) else None


def _words_kind(row: Row, operation: str, category: str, words: str) -> Kind:
    is_credit = row["amount"] > 0
    if not is_credit and any(word in words for word in _BILLS) and _PAYMENT.search(words):
        return Kind.BILL_PAYMENT
    if words.startswith(_INVESTMENTS):
        return Kind.INVESTMENT
    if is_credit and _BACK.search(words):
        return Kind.REFUND
    if operation in MOVED or row.get("payment_method") in MOVED or category.startswith(TRANSFERRED):
        is_slip = row.get("payment_method") == "BOLETO" or operation == "BOLETO"
        return Kind.EXPENSE if is_slip and not is_credit else Kind.TRANSFER
    if _MOVE.search(words):
        return Kind.TRANSFER
    return Kind.INCOME if is_credit else Kind.EXPENSE
