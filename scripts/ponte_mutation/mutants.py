"""The mutants of a module: Cosmic Ray's operators that fit, and our own."""

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

from ponte_mutation.operators import OURS

# Not all: of twelve arithmetic operators in place of each, one is enough; and where types are written as `int | None`,
# replacing `|` breaks the import, which proves nothing.
_OPERATORS = (
    "AddNot ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr ReplaceOrWithAnd ReplaceBreakWithContinue "
    "ReplaceContinueWithBreak NumberReplacer ZeroIterationForLoop ReplaceUnaryOperator_Delete_Not "
    "ReplaceUnaryOperator_Delete_USub ReplaceBinaryOperator_Add_Sub ReplaceBinaryOperator_Sub_Add "
    "ReplaceBinaryOperator_Mul_Div ReplaceBinaryOperator_Div_Mul ReplaceComparisonOperator_Eq_NotEq "
    "ReplaceComparisonOperator_NotEq_Eq ReplaceComparisonOperator_Is_IsNot ReplaceComparisonOperator_IsNot_Is "
    "ReplaceComparisonOperator_Lt_LtE ReplaceComparisonOperator_LtE_Lt ReplaceComparisonOperator_Gt_GtE "
    "ReplaceComparisonOperator_GtE_Gt"
).split()
_POSITIONS = re.compile(r"(?:^|[(,])\s*/,")
_NAMED_NUMBER = re.compile(r"_?[A-Z][A-Z0-9_]* = ")


@dataclass(frozen=True)
class Mutant:
    """One way in which one module is broken."""

    module: Path
    operator: str
    original: str
    source: str

    @cached_property
    def change(self) -> tuple[str, str]:
        """The lines that differ: (was, becomes), without outer space."""
        lines = list(difflib.ndiff(self.original.splitlines(), self.source.splitlines()))
        return _joined(lines, "- "), _joined(lines, "+ ")

    @property
    def line(self) -> int:
        """The number of the first line that differs."""
        pairs = zip(self.original.splitlines(), self.source.splitlines(), strict=False)
        return next((number for number, (one, other) in enumerate(pairs, 1) if one != other), 0)


def _joined(lines: list[str], sign: str) -> str:
    return " ".join(" ".join(line[2:] for line in lines if line.startswith(sign)).split())


def mutants_of(module: Path) -> Iterator[Mutant]:
    """All mutants of a module, in the order of their lines."""
    original = module.read_text()
    operators: list[Operator] = [get_operator(f"core/{name}")() for name in _OPERATORS] + [kind() for kind in OURS]
    found: dict[str, Mutant] = {}
    for operator in operators:
        for occurrence in range(_places(original, operator)):
            source = mutate_code(original, operator, occurrence)
            mutant = Mutant(module, type(operator).__name__, original, source or original)
            if mutant.source != original and not _is_style(mutant) and _is_python(mutant.source):
                found.setdefault(source, mutant)
    yield from sorted(found.values(), key=lambda mutant: mutant.line)


def _places(source: str, operator: Operator) -> int:
    return sum(1 for node in ast_nodes(get_ast(source)) for _ in operator.mutation_positions(node))


def _is_python(source: str) -> bool:
    # Cosmic Ray's AddNot does not see that `not a := b` needs brackets.
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _is_style(mutant: Mutant) -> bool:
    """Whether the mutant changes a decorator's argument, a number that has a name, or how others call or import."""
    line = mutant.original.splitlines()[mutant.line - 1].lstrip() if mutant.line else ""
    if mutant.operator == "NumberReplacer" and _NAMED_NUMBER.match(line):
        return True
    return line.startswith(("@", "__all__")) or _POSITIONS.search(mutant.change[1]) is not None
