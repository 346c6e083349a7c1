"""The institutions that can be connected: sandbox connectors, one that is not, and their health."""

from . import clock
from .seeded import uid
from .wire import Doc

STARTED = "2024-02-05T12:00:00.000Z"
PRODUCTS = [
    "ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS", "PAYMENT_DATA", "INVESTMENTS", "INVESTMENTS_TRANSACTIONS",
    "IDENTITY", "LOANS",
]  # fmt: skip
INVESTMENT_PRODUCTS = ["INVESTMENTS", "INVESTMENTS_TRANSACTIONS", "IDENTITY"]
OAUTH = 600
PERSONAL = "PERSONAL_BANK"
MEU_PLUGGY = 200


def credential(name: str, label: str, kind: str = "text", **more: object) -> Doc:
    """One field of the login form. `optional` is always there, because the generated Python SDK requires it."""
    return {"name": name, "label": label, "type": kind, "placeholder": "", "optional": False, **more}


def _user(label: str = "Usuário") -> Doc:
    return credential("user", label, validation="^.{2,60}$", validationMessage="De 2 a 60 caracteres")


def _password() -> Doc:
    return credential("password", "Senha", "password", validation="^.{6,20}$", validationMessage="De 6 a 20 caracteres")


def _token() -> Doc:
    return credential(
        "token", "Código do aplicativo", "number", mfa=True, assistiveText="Seis números",
        validation="^[0-9]{6}$", validationMessage="O código tem 6 números",
    )  # fmt: skip


def _cooperative() -> Doc:
    choices = [
        ("3041", "Cooperativa Serra Azul"),
        ("3175", "Cooperativa Vale do Sol"),
        ("3290", "Cooperativa Litoral"),
    ]
    options = [{"value": value, "label": label} for value, label in choices]
    return credential("cooperative", "Cooperativa", "select", options=options)


def _cpf() -> Doc:
    return credential(
        "cpf", "CPF", "text", placeholder="000.000.000-00",
        validation="^\\d{3}\\.?\\d{3}\\.?\\d{3}-?\\d{2}$", validationMessage="O CPF deve ser válido",
    )  # fmt: skip


def _connector(key: int, name: str, credentials: list[Doc], kind: str = PERSONAL, **more: object) -> Doc:
    return {
        "id": key, "name": name, "institutionUrl": "https://banco.exemplo.com.br", "imageUrl":
        f"https://cdn.exemplo.com.br/connectors/{key}.svg", "primaryColor": "1F6FEB", "type": kind, "country": "BR",
        "credentials": credentials, "hasMFA": any(c.get("mfa") for c in credentials), "products": PRODUCTS,
        "productCoverage": [], "oauth": False, "oauthUrl": None,
        "resetPasswordUrl": "https://banco.exemplo.com.br/nova-senha", "health": {"status": "ONLINE", "stage": None},
        "isOpenFinance": False, "isSandbox": True, "supportsPaymentInitiation": False,
        "supportsScheduledPayments": False, "supportsSmartTransfers": False, "supportsBoletoManagement": False,
        "supportsAutomaticPix": False, "createdAt": STARTED, "updatedAt": STARTED, **more,
    }  # fmt: skip


def catalogue() -> dict[int, Doc]:
    """All connectors by id, as new documents."""
    return {doc["id"]: doc for doc in [*_personal(), *_business(), *_investment(), *_special()]}


def _personal() -> list[Doc]:
    return [
        _connector(0, "Pluggy Bank Classic", [_user(), _password()]),
        _connector(2, "Pluggy Bank", [_user(), _password()]),
        _connector(4, "Pluggy Bank MFA 1 step", [_user(), _password(), _token()]),
        _connector(5, "Pluggy Bank MFA 2 steps", [_user(), _password()], hasMFA=True),
        _connector(9, "Pluggy Bank MFA 1 and 2 steps", [_user(), _password(), _token()]),
        _connector(12, "Pluggy Cooperative", [_cooperative(), _user(), _password()]),
        _connector(13, "Pluggy Cooperative with account", [_cooperative(), _user("Conta"), _password()]),
    ]


def _business() -> list[Doc]:
    certificate = credential("certificate", "Certificado digital (PEM)", validation="^.{10,}$")
    return [
        _connector(8, "Pluggy Business Bank", [_user(), _password()], "BUSINESS_BANK"),
        _connector(10, "Pluggy Business Bank MFA 2 steps", [_user(), _password()], "BUSINESS_BANK", hasMFA=True),
        _connector(11, "Pluggy Business Bank with certificate", [_user(), _password(), certificate], "BUSINESS_BANK"),
    ]


def _investment() -> list[Doc]:
    only: Doc = {"kind": "INVESTMENT", "products": INVESTMENT_PRODUCTS}
    return [
        _connector(16, "Pluggy Broker", [_user(), _password()], **only),
        _connector(17, "Pluggy Broker MFA 1 step", [_user(), _password(), _token()], **only),
        _connector(18, "Pluggy Broker MFA 2 steps", [_user(), _password()], **only, hasMFA=True),
    ]


def _special() -> list[Doc]:
    finance: Doc = {
        "oauth": True,
        "isOpenFinance": True,
        "supportsPaymentInitiation": True,
        "supportsSmartTransfers": True,
    }
    return [
        _connector(19, "Pluggy Bank QR", [_user(), _password()], hasMFA=True),
        _connector(20, "Pluggy Acquirer", [_user(), _password()], "PAYMENT_ACCOUNT"),
        _connector(500, "Pluggy Test Bank", [_user(), _password()]),
        _connector(MEU_PLUGGY, "MeuPluggy", [_user(), _password()], "OTHER", isSandbox=False),
        _connector(201, "Banco Horizonte", [_user(), _password()], isSandbox=False),
        _connector(OAUTH, "MockBank Open Finance", [_cpf()], **finance),
        _connector(601, "Banco Horizonte Open Finance", [_cpf()], **finance, isSandbox=False),
    ]


TWO_STEP = {5, 9, 10, 18}
QR = 19


def to_json(doc: Doc, health_details: bool = False) -> Doc:
    """The connector as the API shows it. `health.details` only on request."""
    health = dict(doc["health"])
    health.setdefault("incidents", [])
    if health_details:
        rate = {"ONLINE": 0.97, "UNSTABLE": 0.55}.get(health["status"], 0.0)
        health["details"] = {"connectionRateLast6Hours": rate, "connectionsLast6Hours": 214}
    return {**doc, "health": health}


def set_health(doc: Doc, status: str, title: str = "") -> None:
    """Change the health; a status other than ONLINE opens an incident, ONLINE closes all."""
    moment = clock.iso(clock.now())
    incidents = [] if status == "ONLINE" else [_incident(doc, status, title, moment)]
    doc["health"] = {"status": status, "stage": None, "incidents": incidents}
    doc["updatedAt"] = moment


def _incident(doc: Doc, status: str, title: str, moment: str) -> Doc:
    down = status == "OFFLINE"
    return {
        "id": uid("incident", doc["id"], moment),
        "title": title or f"{doc['name']}: {'fora do ar' if down else 'instável'}",
        "description": None,
        "type": "CONNECTOR_UNAVAILABLE" if down else "CONNECTOR_DEGRADED",
        "product": "dados",
        "kind": "INCIDENT",
        "severity": "MAJOR_OUTAGE" if down else "DEGRADED",
        "state": "INVESTIGATING",
        "startedAt": moment,
        "updatedAt": None,
        "url": "https://status.exemplo.com.br",
    }
