"""Each kind, task, metric, column and file that a document names exists."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from celery import current_app
from django.conf import settings

from apps.events.kinds import is_handled
from core.documents import BACKEND, ROOT, document, documents, sources
from lib import rotation
from plugfn.docs.markdown import Page

HOSTS = {
    "api.pluggy.ai",
    "cdn.pluggy.ai",
    "connect.pluggy.ai",
    "docs.pluggy.ai",
    "github.com",
    "keepachangelog.com",
    "semver.org",
    "localhost",
    "127.0.0.1",
    "ponte.example.com",
}
EMITTED = re.compile(
    r"""(?:\b(?:announce|emit|domain_event|Announcement)\(\s*|^KIND = )"([a-z_]+(?:\.[a-z_]+)?)\"""", re.MULTILINE
)
SOURCES = list(sources())

every_document = pytest.mark.parametrize("page", documents(), ids=lambda page: page.name)


def emitted() -> set[str]:
    return {kind for source in SOURCES for kind in EMITTED.findall(source)}


@every_document
def test_every_link_leads_somewhere(page: Page):
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        assert target.exists(), link
        if parts.fragment:
            assert parts.fragment in Page(target, ROOT).anchors, link


@every_document
def test_no_page_names_a_folder_of_a_users_machine_or_an_unknown_host(page: Page):
    assert str(ROOT) not in page.text
    assert not re.search(r"(?<![\w.*])/(home|root|tmp|work|workspace|mnt|Users|private)/", page.text)
    hosts = {urlsplit(url).hostname for url in re.findall(r"(?:https?|wss?)://[^\s)`\"'>]+", page.text)}
    assert hosts - {None} <= HOSTS


@every_document
def test_every_file_that_a_page_names_exists(page: Page):
    for span in page.spans:
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+\.(py|json|toml|sql|md|service|conf)", span) and span[0] != "/":
            assert any((folder / span).exists() for folder in (ROOT, BACKEND)), span


@every_document
def test_every_task_that_a_page_names_exists(page: Page):
    for span in page.spans:
        if re.fullmatch(r"process_[a-z_]+|(events|banking)\.[a-z_]+", span):
            assert span in current_app.tasks, span


@every_document
def test_every_kind_that_a_page_names_exists(page: Page):
    for span in page.spans:
        if re.fullmatch(r"(item|transactions|connector)/[a-z_]+", span):
            assert is_handled(span), span
        if re.fullmatch(r"(item|connection|transactions|balance|consent|connector)\.[a-z_]+", span):
            assert span in emitted() or is_handled(span), span


def test_the_table_of_pluggys_kinds_is_the_setting():
    rows = [[cell.strip("`") for cell in row[:3]] for row in document("docs/events.md").table("Kind", "Task", "Queue")]
    assert {kind: (task, queue) for kind, task, queue in rows} == {
        kind: handler for kind, handler in settings.EVENT_TASKS.items() if "/" in kind
    }


def test_the_table_of_our_kinds_is_what_the_code_emits():
    rows = list(document("docs/events.md").table("Kind", "Mailbox", "Says"))
    assert {row[0].strip("`") for row in rows} == emitted()
    for kind, *_, handler in rows:
        assert bool(handler) == is_handled(kind.strip("`"))


def test_the_table_of_sealed_columns_is_that_of_the_models():
    rows = list(document("docs/architecture.md").table("Model", "Sealed columns"))
    documented = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows}
    assert documented == {model._meta.label: set(rotation.sealed_columns(model)) for model in rotation.sealed_models()}
    indexed = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in rows}
    for model in rotation.sealed_models():
        names = {field.attname for field in model._meta.concrete_fields}
        assert indexed[model._meta.label] == {name for name in names if name.endswith("_index")}


def test_the_documented_metrics_are_those_of_the_code():
    cells = [row[0] for row in document("docs/operations.md").table("Metric", "Kind")]
    documented = {name.removesuffix("_total") for cell in cells for name in re.findall(r"ponte_[a-z_]+", cell)}
    defined = {name for source in SOURCES for name in re.findall(r'"(ponte_[a-z_]+)"', source)}
    roles = set(re.findall(r"ponte_[a-z]+", (ROOT / "ops" / "sql" / "roles.sql").read_text()))
    assert documented == defined - roles


@every_document
def test_every_metric_that_a_page_names_exists(page: Page):
    defined = {name for source in SOURCES for name in re.findall(r'"(ponte_[a-z_]+)"', source)}
    for name in re.findall(r"(?<!/)\bponte_[a-z_]+", " ".join(page.spans)):
        if name not in {"ponte_app", "ponte_owner"}:
            assert {name, re.sub("_(total|bucket|count|sum)$", "", name)} & defined, name


def test_the_listed_checks_are_those_of_the_code():
    documented = {row[0].strip("`") for row in document("docs/configuration.md").table("Id", "Means")}
    defined = {check for source in SOURCES for check in re.findall(r'id="([a-z.]+\.[EW]\d{3})"', source)}
    assert documented == defined | {"ponte.E001", "ponte.E002", "ponte.E003"}  # core.checks builds these ids


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs" / "adr"
    pages = {path.name for path in folder.glob("[0-9]*.md")}
    assert set(document("docs/adr/README.md").links) == pages
    assert [path[:4] for path in sorted(pages)] == [f"{number:04}" for number in range(1, len(pages) + 1)]


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        local = [urlsplit(link).path for link in Page(page, ROOT).links if not urlsplit(link).scheme]
        waiting += [_page(page.parent / path) for path in local if path]
    assert {page.path for page in documents()} - reached == set()


def _page(path: Path) -> Path:
    path = path.resolve()
    return path / "README.md" if path.is_dir() else path
