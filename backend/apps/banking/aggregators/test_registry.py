"""Every aggregator in the registry is complete: definition, application, codes, examples, documentation."""

from pathlib import Path

import pytest

from apps.banking.aggregators.contract import Aggregator, Source, UnknownApplication
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from core.documents import ROOT
from lib.errors import PonteError

TOY = "apps.banking.aggregators.toy.definition.TOY"


@pytest.fixture(params=[*AGGREGATORS, "toy"])
def definition(request, monkeypatch) -> Aggregator:
    monkeypatch.setitem(AGGREGATORS, "toy", TOY)
    return aggregator(request.param)


def test_the_registry_uses_the_name_of_the_definition(definition):
    assert aggregator(definition.name) is definition
    assert definition.label


@pytest.mark.django_db
def test_an_application_is_made_from_the_settings_and_opens_items(definition):
    assert isinstance(definition.application().open("item", before_call=lambda: None), Source)
    with pytest.raises(UnknownApplication):
        definition.application("another's")


def test_its_codes_are_unique_and_each_has_its_captured_example(definition):
    codes = [(row.where, row.code) for row in definition.codes]
    assert len(codes) == len(set(codes)) > 0
    for where, code in codes:
        assert (Path(definition.fixtures) / where / f"{code}.json").is_file()
    for row in definition.codes:
        assert row.reason
        assert (row.error is None) or issubclass(row.error, PonteError)


def test_each_code_is_documented(definition):
    text = (ROOT / definition.documentation).read_text()
    missing = [row.code for row in definition.codes if f"`{row.code}`" not in text]
    assert missing == []


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        aggregator("unknown")
