"""The owner's identity, the consent, and the resources that it covers."""

from datetime import datetime

from .clock import at_day, iso
from .people import Person, cnpj, dotted_cnpj, person
from .seeded import rng, uid
from .wire import Doc

PERMISSIONS = [
    "REGISTRATION_ALL", "ACCOUNTS_ALL", "CREDIT_CARDS_ALL", "CREDIT_OPERATIONS_ALL", "INVESTMENTS_ALL", "EXCHANGES_ALL",
]  # fmt: skip


def identity(item_id: str, owner: Person, seed: str, stamp: str) -> Doc:
    """The identity of a natural person."""
    dice = rng(owner.cpf, "identity")
    born = datetime(dice.randint(1955, 2003), dice.randint(1, 12), dice.randint(1, 28))
    return {
        "id": uid(item_id, "identity"), "itemId": item_id, "fullName": owner.name, "socialName": None,
        "companyName": None, "document": owner.tax_number, "documentType": "CPF", "taxNumber": owner.tax_number,
        "birthDate": at_day(born.date()), "jobTitle": owner.job, "establishmentCode": None, "establishmentName": None,
        "investorProfile": "Moderate", "sex": "OTHER", "maritalStatus": {"code": "MARRIED", "additionalInfo": ""},
        "nationality": {"hasBrazilianNationality": True, "otherNationalities": []},
        "phoneNumbers": [_phone(owner)], "emails": [{"type": "Personal", "value": owner.email}],
        "addresses": [_address(owner)],
        "relations": [{"type": "Mother", "name": person(seed, owner.cpf, "mother").name, "document": None}],
        "otherDocuments": [{"type": "RG", "typeAdditionalInfo": None, "number": f"{dice.randint(10**7, 10**8)}",
                            "checkDigit": "1", "additionalInfo": None, "expirationDate": None}],
        "passport": None, "qualifications": _qualifications(owner, stamp), "financialRelationships": None,
        "incorporationDate": None, "parties": None, "businessOtherDocuments": None, "companiesCnpj": None,
        "createdAt": stamp, "updatedAt": stamp,
    }  # fmt: skip


def _phone(owner: Person) -> Doc:
    return {
        "type": "Personal", "value": f"+55 11 {owner.phone[:5]}-{owner.phone[5:]}", "countryCallingCode": "55",
        "areaCode": "11", "extension": None, "additionalInfo": None,
    }  # fmt: skip


def _address(owner: Person) -> Doc:
    city, state, town, district, code = owner.place
    line = f"{owner.street}, {owner.number}"
    return {
        "fullAddress": f"{line}, {district}, {city} - {state}", "primaryAddress": line, "city": city, "state": state,
        "postalCode": f"{code}-000", "country": "Brasil", "countryCode": "BRA", "type": "Personal",
        "additionalInfo": None, "district": district, "ibgeTownCode": town, "geographicCoordinates": None,
    }  # fmt: skip


def _qualifications(owner: Person, stamp: str) -> Doc:
    return {
        "companyCnpj": dotted_cnpj(cnpj(rng("employer"))),
        "occupationCode": "OUTRO", "occupationDescription": owner.job,
        "informedIncome": {"frequency": "MENSAL", "amount": 8450.0, "date": stamp},
        "informedPatrimony": {"amount": 182000.0, "year": 2025, "date": stamp},
        "economicActivities": [], "informedRevenue": None,
    }  # fmt: skip


def consent(item_id: str, products: list[str], number: int, since: datetime, until: datetime) -> Doc:
    """The consent behind an item."""
    return {
        "id": uid(item_id, "consent", number), "itemId": item_id, "products": products,
        "openFinancePermissionsGranted": PERMISSIONS, "createdAt": iso(since), "expiresAt": iso(until),
        "revokedAt": None,
    }  # fmt: skip


def resources(item_id: str) -> list[Doc]:
    """The resources that the consent covers. Only Open Finance items have them."""
    kinds = ["ACCOUNT", "ACCOUNT", "CREDIT_CARD_ACCOUNT", "LOAN", "BANK_FIXED_INCOME", "FUND"]
    return [
        {"resourceId": uid(item_id, "resource", n), "type": kind, "status": "AVAILABLE"} for n, kind in enumerate(kinds)
    ]
