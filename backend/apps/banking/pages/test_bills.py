"""What people see of a card's bills, and how they correct what a transaction counts as."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.banking.cards.bills import bills_of
from apps.banking.cards.cycles import State, add_months
from apps.banking.cards.lines import today_in_brazil
from apps.banking.cards.pairs import pair_movements
from apps.banking.factories import AccountFactory, CreditCardBillFactory, TransactionFactory
from apps.banking.models import Kind, Transaction, TransferPair
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(connection):
    made = AccountFactory(connection=connection, type="CREDIT", subtype="CREDIT_CARD", name="Cartão Horizonte")
    today = today_in_brazil()
    for months, total in ((-2, "50.00"), (-1, "100.00")):
        closes = add_months(today, months) + timedelta(10)
        bill = CreditCardBillFactory(
            account=made,
            vendor_id=f"bill{months}",
            closing_date=closes,
            due_date=closes + timedelta(7),
            total_amount=Decimal(total),
        )
        if months == -1:
            TransactionFactory(account=made, amount=Decimal(-100), date=closes - timedelta(3), bill_id=bill.vendor_id)
    return made


def row(account, amount: str, days: int = 0, kind: str = Kind.EXPENSE, **columns) -> Transaction:
    value = Decimal(amount)
    given = {"type": "DEBIT" if value < 0 else "CREDIT", "kind": kind, **columns}
    return TransactionFactory(account=account, amount=value, date=today_in_brazil() + timedelta(days), **given)


def key_of(card, state: State) -> str:
    return next(bill.key for bill in bills_of(card) if bill.cycle.state is state)


def text_of(person, name: str, *arguments, **query) -> str:
    answer = person.get(reverse(f"banking:{name}", args=arguments), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_list_has_the_open_bill_as_an_estimate_and_closed_bills(person, card):
    row(card, "-30", installment_number=1, total_installments=3, description="LOJA 1/3")
    said = text_of(person, "bills", card.pk)
    assert said.count("R$30.00") == 4
    assert said.count("estimate</span>") == 1
    assert "R$100.00" in said
    assert "R$50.00" in said


def test_a_closed_bill_shows_its_proof(person, card):
    said = text_of(person, "bill", card.pk, key_of(card, State.CLOSED))
    assert "The bill adds up" in said
    assert "The bank&#x27;s total" in said
    assert "Difference" in said
    assert "by Ponte" not in said
    Transaction.objects.update(bill_id="")
    assert "by Ponte&#x27;s rule" in text_of(person, "bill", card.pk, key_of(card, State.CLOSED))


def test_a_bill_that_does_not_add_up_says_so(person, card):
    Transaction.objects.update(amount=Decimal(-93))
    said = text_of(person, "bill", card.pk, key_of(card, State.CLOSED))
    assert "The bill does not add up" in said
    assert "Not explained" in said
    assert "R$7.00" in said
    row(card, "-1", bill_id="bill-1", currency_code="USD")
    assert "1 purchase abroad" in text_of(person, "bill", card.pk, key_of(card, State.CLOSED))


def test_the_open_bill_shows_what_its_estimate_is_made_of(person, card):
    row(card, "-30", description="PADARIA")
    row(card, "40", kind=Kind.BILL_PAYMENT, description="PAGAMENTO")
    row(card, "-7", status="PENDING", description="PEDAGIO")
    said = text_of(person, "bill", card.pk, key_of(card, State.OPEN))
    assert "R$37.00" in said
    assert "payment, not counted" in said
    assert "pending" in said
    assert "Proof" not in said
    assert "by Ponte" not in said


def test_the_lines_of_a_bill_are_paged(person, card):
    for n in range(60):
        row(card, "-1", description=f"COMPRA {n}")
    key = key_of(card, State.OPEN)
    said = text_of(person, "bill", card.pk, key)
    after = said.partition('href="?after=')[2].partition('"')[0]
    assert said.count("COMPRA") == 50
    assert text_of(person, "bill", card.pk, key, after=after).count("COMPRA") == 10
    assert person.get(reverse("banking:bill", args=[card.pk, key]), {"after": "x"}).status_code == 404


def test_instalments_show_their_progress_and_what_is_left(person, card):
    row(card, "-40", -30, installment_number=1, total_installments=3, description="LOJA 1/3", bill_id="bill-1")
    row(card, "-40", 0, installment_number=2, total_installments=3, description="LOJA 2/3")
    row(card, "-9", -30, installment_number=2, total_installments=2, description="VELHA 2/2", bill_id="bill-1")
    said = text_of(person, "instalments", card.pk)
    assert "1/3" in said
    assert "R$80.00" in said
    assert "VELHA" in said.partition("Ended")[2]


def test_instalments_from_before_the_banks_history_count_as_done(person, card):
    row(card, "-40", 0, installment_number=2, total_installments=3, description="LOJA 2/3")
    assert '<span class="tag">1/3' in text_of(person, "instalments", card.pk)


def test_the_months_that_come_are_shown_for_all_cards(person, card, connection):
    other = AccountFactory(connection=connection, type="CREDIT", name="Outro")
    dollars = AccountFactory(connection=connection, type="CREDIT", name="Dolares", currency_code="USD")
    for each in (card, other):
        row(each, "-30")
    row(dollars, "-8", currency_code="USD")
    said = text_of(person, "coming")
    assert "Cartão Horizonte" in said
    assert "Outro" in said
    assert "US$ 8.00" in said


def test_without_a_card_the_page_says_what_to_do(person):
    assert "No card is connected" in text_of(person, "coming")


def test_a_pair_is_shown_and_can_be_denied_and_allowed_again(person, card, account):
    out, into = row(account, "-40", kind=Kind.BILL_PAYMENT), row(card, "40", kind=Kind.BILL_PAYMENT)
    pair_movements(card.client_id)
    said = text_of(person, "transfer", out.pk)
    assert into.description in said
    assert "It is no part of your spending" in said
    address = reverse("banking:transfer", args=[out.pk])
    assert person.post(address, {"act": "none"}).status_code == 302
    assert not TransferPair.objects.exists()
    assert "It is part of your spending" in text_of(person, "transfer", out.pk)
    for each in (out, into):
        person.post(reverse("banking:transfer", args=[each.pk]), {"act": "rules"})
    assert TransferPair.objects.get().by_person is False


def test_a_person_pairs_two_rows_and_undoes_it(person, card, account):
    out, into = row(account, "-40"), row(card, "40", 5, Kind.REFUND)
    assert into.description in text_of(person, "transfer", out.pk)
    address = reverse("banking:transfer", args=[out.pk])
    person.post(address, {"act": "pair", "other": into.pk})
    assert TransferPair.objects.get().by_person is True
    assert "Undo" in text_of(person, "transfer", out.pk)
    person.post(address, {"act": "rules"})
    assert not TransferPair.objects.exists()


def test_a_person_says_what_a_row_is(person, account):
    out = row(account, "-40", kind=Kind.TRANSFER)
    address = reverse("banking:transfer", args=[out.pk])
    person.post(address, {"act": "kind", "kind": Kind.INVESTMENT})
    out.refresh_from_db()
    assert out.user_kind == Kind.INVESTMENT
    assert "as you said" in text_of(person, "transfer", out.pk)
    for wrong in ({"act": "kind", "kind": "x"}, {"act": "kind"}, {"act": "x"}, {}, {"act": "none"}):
        assert person.post(address, wrong).status_code == 422
    assert person.post(address, {"act": "pair", "other": out.pk}).status_code == 422
    assert person.post(address, {"act": "pair"}).status_code == 404


def test_an_instalment_shows_its_series(person, card):
    one = row(card, "-40", installment_number=2, total_installments=4, description="LOJA 2/4")
    said = text_of(person, "transfer", one.pk)
    assert all(f"{n}/4" in said for n in (2, 3, 4))
    assert said.count("expected on the bill of") == 2


def test_another_clients_card_and_rows_are_not_found(person, card, account):
    stranger = row(AccountFactory(type="CREDIT"), "-1")
    own = row(account, "-1")
    addresses = [
        reverse("banking:bills", args=[stranger.account_id]),
        reverse("banking:bill", args=[stranger.account_id, key_of(stranger.account, State.OPEN)]),
        reverse("banking:instalments", args=[stranger.account_id]),
        reverse("banking:transfer", args=[stranger.pk]),
        reverse("banking:bills", args=[account.pk]),
        reverse("banking:bill", args=[card.pk, "2001-01"]),
    ]
    assert {person.get(address).status_code for address in addresses} == {404}
    address = reverse("banking:transfer", args=[own.pk])
    assert person.post(address, {"act": "pair", "other": stranger.pk}).status_code == 404
    assert person.post(reverse("banking:transfer", args=[stranger.pk]), {"act": "rules"}).status_code == 404


def test_a_viewer_looks_and_changes_nothing(client, card, account):
    out = row(account, "-40")
    client.force_login(MembershipFactory(client=card.client, role="viewer").user)
    address = reverse("banking:transfer", args=[out.pk])
    answer = client.get(address)
    assert answer.status_code == 200
    assert b'name="act"' not in answer.content
    assert client.post(address, {"act": "kind", "kind": Kind.REFUND}).status_code == 403
    out.refresh_from_db()
    assert out.user_kind == ""


def test_who_is_not_signed_in_sees_no_bill(client, card):
    assert client.get(reverse("banking:bills", args=[card.pk])).status_code == 302


def test_the_queries_of_a_page_do_not_grow_with_its_rows(person, card, account, django_assert_max_num_queries):
    pages = [
        reverse("banking:bills", args=[card.pk]),
        reverse("banking:bill", args=[card.pk, key_of(card, State.OPEN)]),
        reverse("banking:instalments", args=[card.pk]),
        reverse("banking:coming"),
        reverse("banking:transfer", args=[row(account, "-5").pk]),
    ]
    for rows in (1, 30):
        for n in range(rows):
            row(card, "-5", installment_number=1, total_installments=3, description=f"LOJA {n}")
            row(card, "5", kind=Kind.REFUND)
        for page in pages:
            with django_assert_max_num_queries(11):
                assert person.get(page).status_code == 200


def test_the_pages_are_in_portuguese(person, card):
    person.defaults["HTTP_ACCEPT_LANGUAGE"] = "pt-BR"
    said = text_of(person, "bill", card.pk, key_of(card, State.CLOSED))
    assert "A fatura fecha" in said
    assert "Soma dos lançamentos" in said
    assert "Diferença" in said
