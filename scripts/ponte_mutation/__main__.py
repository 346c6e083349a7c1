"""Break the modules of a target in many small ways, and print what no test noticed.

scripts/mutate events
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ponte_mutation.equivalent import equivalents, reason_for
from ponte_mutation.mutants import Mutant, mutants_of
from ponte_mutation.targets import TARGETS
from ponte_mutation.warm import BACKEND, Warm

# A run of all tests may take this many times as long as it took with unbroken code, but never less than 30 seconds.
PATIENCE = 5
SHORTEST_LIMIT = 30.0


@dataclass
class Tally:
    """The mutants of one module."""

    killed: int = 0
    equivalent: int = 0
    survivors: list[Mutant] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of killed mutants among those that a test can notice."""
        noticeable = self.killed + len(self.survivors)
        return self.killed / noticeable if noticeable else 1.0


class Run:
    """One run over the mutants of a target."""

    def __init__(self, target: dict[str, tuple[str, ...]], options: argparse.Namespace) -> None:
        self.options, self.known = options, equivalents()
        self.tests = {name: tests for name, tests in target.items() if options.module in name}
        self.mutants = {name: self._chosen(list(mutants_of(BACKEND / name))) for name in self.tests}
        self.tallies = {name: Tally() for name in self.tests}

    def _chosen(self, mutants: list[Mutant]) -> list[Mutant]:
        most = self.options.sample
        return mutants if not most or len(mutants) <= most else random.Random(0).sample(mutants, most)

    def work(self, warm: Warm) -> None:
        """Try each mutant."""
        began = time.monotonic()
        self._check_unbroken(warm)
        limit = max(SHORTEST_LIMIT, PATIENCE * (time.monotonic() - began))
        for name, mutants in self.mutants.items():
            warm.choose([str(BACKEND / test) for test in self.tests[name]])
            for mutant in mutants:
                self._try(warm, name, mutant, limit)
            self._print_module(name)
        warm.choose([])
        # The order of the tests has changed meanwhile. If one fails now, it has killed mutants for a wrong reason.
        self._check_unbroken(warm)

    def _check_unbroken(self, warm: Warm) -> None:
        """The tests must pass on modules that were put in place as mutants are, but without a change."""
        sources = {name: (BACKEND / name).read_text() for name in self.mutants}
        unbroken = [Mutant(BACKEND / name, "", source, source) for name, source in sources.items()]
        outcome = warm.run(unbroken, 600)
        if outcome.killer:
            raise SystemExit(f"the tests fail without a mutant: {outcome.killer}\n{outcome.why}")
        warm.seconds = outcome.seconds

    def _try(self, warm: Warm, name: str, mutant: Mutant, limit: float) -> None:
        tally = self.tallies[name]
        if reason_for(mutant, name, self.known):
            tally.equivalent += 1
            return
        killer = warm.run([mutant], limit).killer
        if killer:
            tally.killed += 1
            if self.options.verbose:
                self._print(f"killed    {name}:{mutant.line} {mutant.change} by {killer}")
        else:
            tally.survivors.append(mutant)
            was, becomes = mutant.change
            self._print(f"SURVIVED  {name}:{mutant.line} {mutant.operator}\n  was     {was}\n  becomes {becomes}")

    def _print_module(self, name: str) -> None:
        tally = self.tallies[name]
        numbers = f"{tally.killed} killed, {len(tally.survivors)} survived, {tally.equivalent} equivalent"
        self._print(f"{name}: {numbers}, {tally.share:.0%}")

    def _print(self, line: str) -> None:
        print(line, file=self.options.output, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Returns 0 if at least `--least` per cent of each target's mutants were killed."""
    parser = argparse.ArgumentParser(prog="mutate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=TARGETS, metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--module", default="", help="only the modules whose path contains this text")
    parser.add_argument("--sample", type=int, default=0, help="at most this many mutants of each module, at random")
    parser.add_argument("--least", type=float, default=0, help="fail if a smaller percentage was killed")
    parser.add_argument("--verbose", action="store_true", help="name the test that killed each mutant")
    options = parser.parse_args(arguments)
    return run(options)


def run(options: argparse.Namespace) -> int:
    """Run one target in this process."""
    options.output = sys.stdout
    mutating = Run(TARGETS[options.target], options)
    tests = sorted({str(BACKEND / test) for tests in mutating.tests.values() for test in tests})
    quiet = ("-q", "--no-header", "--no-summary", "--capture=no", "--durations=0", "-p", "no:cacheprovider")
    code = pytest.main([*tests, *quiet], plugins=[Warm(mutating.work)])
    if code != 0:
        return int(code)
    killed = sum(tally.killed for tally in mutating.tallies.values())
    survived = sum(len(tally.survivors) for tally in mutating.tallies.values())
    share = 100 * killed / max(1, killed + survived)
    print(f"{options.target}: {killed} killed, {survived} survived, {share:.1f} %")
    return int(share < options.least)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
