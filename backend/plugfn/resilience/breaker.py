"""A circuit breaker: when the other side keeps failing, it is left in peace for a while.

closed      calls pass; `failures` in a row open it
open        nobody calls for `open_seconds`
half open   then one caller probes; its success closes the breaker, its failure opens it again
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Breaker:
    """One breaker under one `name`. `probe_seconds`: after this long a probe that said nothing is taken for lost."""

    name: str
    failures: int = 5
    open_seconds: float = 60.0
    probe_seconds: float = 60.0
