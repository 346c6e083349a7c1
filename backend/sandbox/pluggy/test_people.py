"""Generated people and companies have tax numbers with valid check digits."""

import random

from .people import cnpj, cpf, dotted_cpf, person, plain, valid_cnpj


def test_company_numbers_have_valid_check_digits():
    assert all(valid_cnpj(cnpj(random.Random(n))) for n in range(200))
    assert not valid_cnpj("11222333000182")
    assert valid_cnpj("11222333000181")


def test_personal_numbers_have_valid_check_digits():
    def digit(known):
        rest = sum(int(d) * w for d, w in zip(known, range(len(known) + 1, 1, -1), strict=True)) % 11
        return "0" if rest < 2 else str(11 - rest)

    for number in (cpf(random.Random(n)) for n in range(200)):
        assert number[9] == digit(number[:9])
        assert number[10] == digit(number[:10])


def test_the_same_path_is_the_same_person():
    assert person("1", "user-ok") == person("1", "user-ok")
    assert person("1", "user-ok") != person("2", "user-ok")


def test_accents_and_dots_are_written_as_banks_do():
    assert plain("Cecília Gonçalves") == "Cecilia Goncalves"
    assert dotted_cpf("12345678909") == "123.456.789-09"
