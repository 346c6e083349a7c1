"""People and companies generated from the seed: names, valid tax numbers, addresses, phones."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .seeded import rng

GIVEN = (
    "Aurora", "Benedito", "Cecília", "Davi", "Elisa", "Fausto", "Giovana", "Heitor", "Iara", "Joaquim", "Lívia",
    "Murilo", "Noemi", "Otávio", "Priscila", "Raul", "Sofia", "Tomás", "Valentina", "Zélia", "Caetano", "Dandara",
)  # fmt: skip
FAMILY = (
    "Albuquerque", "Barreto", "Cavalcanti", "Duarte", "Esteves", "Figueiredo", "Gouveia", "Holanda", "Junqueira",
    "Lacerda", "Magalhães", "Nóbrega", "Pacheco", "Queiroz", "Rezende", "Siqueira", "Teles", "Vasconcelos", "Xavier",
)  # fmt: skip
STREETS = (
    "Rua das Jabuticabeiras",
    "Avenida do Engenho",
    "Rua Barão do Café",
    "Travessa dos Ipês",
    "Alameda Mirante",
)
PLACES = (
    ("São Paulo", "SP", "3550308", "Vila Clementina", "04038"), ("Curitiba", "PR", "4106902", "Água Verde", "80620"),
    ("Recife", "PE", "2611606", "Boa Vista", "50060"), ("Belo Horizonte", "MG", "3106200", "Funcionários", "30130"),
)  # fmt: skip
ACCENTS = str.maketrans("áàâãéêíóôõúçÁÂÃÉÍÓÔÕÚÇ", "aaaaeeiooouc" + "AAAEIOOOUC")
JOBS = ("Engenheira de software", "Professor", "Arquiteta", "Enfermeiro", "Analista contábil")


@dataclass(frozen=True)
class Person:
    """A person who owns accounts or is the other party of a payment."""

    name: str
    cpf: str
    email: str
    phone: str
    job: str
    street: str
    number: int
    place: tuple[str, str, str, str, str]

    @property
    def tax_number(self) -> str:
        """The CPF with its dots and dash."""
        return dotted_cpf(self.cpf)


def person(*path: object) -> Person:
    """The person at this path of the seed. The same path gives the same person."""
    dice = rng("person", *path)
    first, middle, last = dice.choice(GIVEN), dice.choice(FAMILY), dice.choice(FAMILY)
    mail = f"{plain(first)}.{plain(last)}{dice.randint(1, 99)}@exemplo.com.br".lower()
    phone = f"9{dice.randint(10**7, 10**8 - 1)}"
    return Person(
        f"{first} {middle} {last}", cpf(dice), mail, phone, dice.choice(JOBS),
        dice.choice(STREETS), dice.randint(10, 2400), dice.choice(PLACES),
    )  # fmt: skip


def plain(text: str) -> str:
    """The text without Portuguese accents."""
    return text.translate(ACCENTS)


def cpf(dice: Random) -> str:
    """11 digits with valid check digits."""
    digits = [dice.randint(0, 9) for _ in range(9)]
    for _ in range(2):
        digits.append(_check(digits, range(len(digits) + 1, 1, -1)))
    return "".join(map(str, digits))


def cnpj(dice: Random) -> str:
    """14 digits with valid check digits, of a head office (0001)."""
    digits = [dice.randint(0, 9) for _ in range(8)] + [0, 0, 0, 1]
    weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    digits.append(_check(digits, weights))
    digits.append(_check(digits, [6, *weights]))
    return "".join(map(str, digits))


def _check(digits: Sequence[int], weights: Sequence[int] | range) -> int:
    rest = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def valid_cnpj(text: str) -> bool:
    """Whether these 14 digits have the right check digits."""
    if len(text) != 14 or not text.isdigit():
        return False
    digits = list(map(int, text))
    weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    return digits[12] == _check(digits[:12], weights) and digits[13] == _check(digits[:13], [6, *weights])


def dotted_cpf(text: str) -> str:
    """000.000.000-00"""
    return f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"


def dotted_cnpj(text: str) -> str:
    """00.000.000/0000-00"""
    return f"{text[:2]}.{text[2:5]}.{text[5:8]}/{text[8:12]}-{text[12:]}"
