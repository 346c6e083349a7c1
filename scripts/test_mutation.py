"""`scripts/mutate` breaks code where its operators say, and puts it into a running process."""

import sys
from collections import Counter
from types import ModuleType

import pytest
from cosmic_ray.mutating import mutate_code

from ponte_mutation.equivalent import Equivalent, equivalents, reason_for
from ponte_mutation.mutants import Mutant, mutants_of
from ponte_mutation.operators import OURS
from ponte_mutation.sql import broken
from ponte_mutation.targets import TARGETS
from ponte_mutation.transplant import transplant
from ponte_mutation.warm import BACKEND

EXAMPLES = [(operator, example) for operator in OURS for example in operator.examples()]


@pytest.mark.parametrize(("operator", "example"), EXAMPLES)
def test_an_operator_does_what_its_examples_say(operator, example):
    mutated = mutate_code(example.pre_mutation_code, operator(), example.occurrence)
    assert (mutated or example.pre_mutation_code) == example.post_mutation_code


CLAIM = """
    SELECT id FROM a WHERE b = 1 AND (c = 2 OR d IS NULL)
    ORDER BY id, e LIMIT 1 FOR UPDATE SKIP LOCKED
"""


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("b = 1 AND", "TRUE AND"),
        ("AND (c = 2 OR d IS NULL)", "AND TRUE"),
        ("OR d IS NULL", "OR FALSE"),
        ("IS NULL", "IS NOT NULL"),
        ("ORDER BY id, e ", ""),
        ("LIMIT 1 ", ""),
        ("FOR UPDATE SKIP LOCKED", ""),
        (" SKIP LOCKED", ""),
    ],
)
def test_each_part_of_a_statement_is_broken_once(was, becomes):
    assert CLAIM.replace(was, becomes) in broken(CLAIM)


def test_each_column_of_a_set_list_is_left_out_once():
    whole = "UPDATE a SET b = 1, c = coalesce(d, 2),\n    e = now() WHERE f = 3"
    lost = [text for text in broken(whole) if "WHERE f = 3" in text and text.count(" = ") == 3]
    assert [[name in text for name in ("b = 1", "c = coalesce(d, 2)", "e = now()")] for text in lost] == [
        [False, True, True],
        [True, False, True],
        [True, True, False],
    ]


def test_a_list_of_one_column_is_kept():
    assert not any("SET WHERE" in " ".join(text.split()) for text in broken("UPDATE a SET b = 1 WHERE c = 2"))


@pytest.mark.parametrize("target", TARGETS.values())
def test_the_modules_and_tests_of_each_target_exist(target):
    assert all((BACKEND / name).is_file() for name in target)
    assert all((BACKEND / test).is_file() for tests in target.values() for test in tests)


def test_every_mutant_of_a_module_is_python_and_differs_from_it():
    mutants = list(mutants_of(BACKEND / "apps/events/purge.py"))
    for mutant in mutants:
        compile(mutant.source, "mutant", "exec")
        assert mutant.source != mutant.original
        assert mutant.original.splitlines()[mutant.line - 1] != mutant.source.splitlines()[mutant.line - 1]
    kinds = Counter(mutant.operator for mutant in mutants)
    assert kinds["BreakSql"] >= 5
    assert kinds["DropContext"] == 1


SOURCE = """
from functools import lru_cache
SIZE = 1
class Shape:
    width = 2
    def area(self): return self.width * SIZE
    @property
    def name(self): return "a"
    @classmethod
    def make(cls): return cls()
@lru_cache
def cached(): return SIZE
def plain(more=1): return more
"""


@pytest.fixture
def module():
    """A module that another one has imported from."""
    made = ModuleType("made_for_a_test")
    made.__file__ = "made_for_a_test.py"
    exec(SOURCE, vars(made))
    other = ModuleType("imports_from_made")
    vars(other).update({name: getattr(made, name) for name in ("SIZE", "plain", "Shape")})
    sys.modules.update({"made_for_a_test": made, "imports_from_made": other})
    yield made
    del sys.modules["made_for_a_test"], sys.modules["imports_from_made"]


@pytest.mark.parametrize(
    ("was", "becomes", "result"),
    [
        (
            "SIZE = 1",
            "SIZE = 3",
            lambda made, held: held["plain"]() == 1 and sys.modules["imports_from_made"].SIZE == 3,
        ),
        ("SIZE = 1", "SIZE = 3", lambda made, held: made.cached() == 3),
        ("return more", "return -more", lambda made, held: held["plain"]() == -1),
        ("more=1", "more=5", lambda made, held: held["plain"]() == 5),
        ("width = 2", "width = 7", lambda made, held: held["shape"].area() == 7),
        ("* SIZE", "+ SIZE", lambda made, held: held["shape"].area() == 3),
        ('return "a"', 'return "b"', lambda made, held: held["shape"].name == "b"),
        ("return cls()", "return None", lambda made, held: held["Shape"].make() is None),
        ("return SIZE", "return -SIZE", lambda made, held: made.cached() == -1),
    ],
)
def test_a_mutant_reaches_whoever_holds_the_code(module, was, becomes, result):
    held = {"plain": module.plain, "Shape": module.Shape, "shape": module.Shape()}
    module.cached()
    assert not result(module, held)
    transplant(module, SOURCE.replace(was, becomes))
    assert result(module, held)


def test_the_unchanged_source_changes_nothing(module):
    shape = module.Shape()
    transplant(module, SOURCE)
    assert isinstance(shape, module.Shape)
    assert (shape.area(), shape.name, module.cached(), module.plain()) == (2, "a", 1, 1)


def test_an_equivalent_mutant_is_known_by_its_file_and_its_lines():
    mutant = Mutant(BACKEND / "a.py", "", "x = 1\ny = 2\n", "x = 1\ny = 3\n")
    known = [Equivalent("a.py", "y = 2", "y = 3", "nobody reads y")]
    assert reason_for(mutant, "a.py", known) == "nobody reads y"
    assert reason_for(mutant, "b.py", known) == ""


def test_each_listed_equivalent_has_a_reason_and_its_line_is_still_in_the_file():
    for entry in equivalents():
        assert len(entry.reason) > 20
        assert entry.was in " ".join((BACKEND / entry.file).read_text().split())
        assert entry.becomes != entry.was
