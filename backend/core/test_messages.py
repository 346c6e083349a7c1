"""Every text that people see is translated into Portuguese, and the compiled files hold what the others say."""

import gettext
import io
import warnings
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.contrib import admin
from django.db.models import BinaryField
from django.utils.translation import override
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import translation

from apps.clients.browse import BrowseAdmin

BACKEND = Path(__file__).resolve().parents[1]
SHELL = [BACKEND / name for name in ("core", "lib", "templates")]
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "gettext_noop": None, "ngettext_lazy": (1, 2)}
KEYWORDS |= {"pgettext_lazy": ((1, "c"), 2), "npgettext_lazy": ((1, "c"), 2, 3)}
APPS = sorted(path.parent for path in (BACKEND / "apps").glob("*/__init__.py"))


def sources(folders):
    files = [file for folder in folders for file in folder.rglob("*")]
    return [
        file
        for file in files
        if file.suffix in (".py", ".html", ".txt")
        and not file.name.startswith(("test_", "conftest"))
        and "migrations" not in file.parts
    ]


def texts_of(file):
    """The (context, text) pairs in a source file that are marked for translation."""
    source = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        source = templatize(source, origin=str(file))
    code = io.BytesIO(source.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(extract("python", code, keywords=KEYWORDS, options={"encoding": "utf-8"}))
    for _, message, _, context in found:
        yield context, message[0] if isinstance(message, tuple) else message


def catalog(folder):
    file = folder / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"
    return read_po(io.BytesIO(file.read_bytes())) if file.exists() else None


PLACES = [(BACKEND, SHELL), *[(app, [app]) for app in APPS]]


def strings_of(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


@pytest.mark.parametrize(("folder", "searched"), PLACES, ids=lambda value: getattr(value, "name", ""))
def test_every_marked_text_is_translated(folder, searched):
    marked = {text for file in sources(searched) for text in texts_of(file) if text[1]}
    known = catalog(folder)
    missing = []
    for context, text in sorted(marked, key=str):
        message = known.get(text, context) if known is not None else None
        if message is None or message.fuzzy or not all(strings_of(message)):
            missing.append(text)
    assert missing == [], "run scripts/messages, and translate these"


@pytest.mark.parametrize("folder", [BACKEND, *APPS], ids=lambda folder: folder.name)
def test_the_compiled_file_says_what_the_readable_one_says(folder):
    known = catalog(folder)
    if known is None:
        return
    with (folder / "locale" / "pt_BR" / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in known:
        if not message.id:
            continue
        if isinstance(message.id, tuple):
            said = (compiled.ngettext(*message.id, 1), compiled.ngettext(*message.id, 2))
        elif message.context:
            said = compiled.pgettext(message.context, message.id)
        else:
            said = compiled.gettext(message.id)
        assert said == message.string


@pytest.mark.parametrize("folder", [BACKEND, *APPS], ids=lambda folder: folder.name)
def test_a_translation_has_the_placeholders_of_its_text(folder):
    for message in catalog(folder) or ():
        if message.id:
            assert [str(error) for error in message.check()] == []


def test_a_text_has_one_translation_in_all_apps():
    # Django merges the catalogues, so that the text of one app would be shown on the pages of another.
    found = {}
    for folder in [BACKEND, *APPS]:
        for message in catalog(folder) or ():
            if message.id:
                found.setdefault((message.context, str(message.id)), set()).add(str(message.string))
    assert {key: texts for key, texts in found.items() if len(texts) > 1} == {}, "give one of them a context (pgettext)"


def test_every_column_of_an_admin_page_has_a_name_in_portuguese():
    """Django makes the names of columns from the code. Those alone that stand in a catalogue are translated."""
    known = translation("pt-br")
    fields = {
        field
        for model, page in admin.site._registry.items()
        if isinstance(page, BrowseAdmin)
        for field in model._meta.concrete_fields
        if not isinstance(field, BinaryField) and field.name in shown(page) and not hasattr(page, field.name)
    }
    with override("en"):
        names = {str(field.verbose_name) for field in fields}
    assert len(names) > 100
    assert sorted(name for name in names if not stands_in(known, name)) == ["ID"]


def shown(page):
    """The columns of its list and of its detail page, which shows all of them if it does not say which."""
    details = [name for _, names in page.sections for name in names]
    return {*page.list_display, *(details or [field.name for field in page.model._meta.concrete_fields])}


def stands_in(catalogue, text):
    try:
        return bool(catalogue._catalog[text])
    except KeyError:
        return False
