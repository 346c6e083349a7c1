"""Both implementations of the breaker go through the same states, and let one probe through at a time."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from plugfn.resilience.breaker import ENTER, FAIL, Breaker, Circuit

BREAKER = Breaker("host", failures=3, open_seconds=4, probe_seconds=2)
# The probe time is longer than the open time: a failed probe must not be waited for.
SLOW = Breaker("slow host", failures=2, open_seconds=2, probe_seconds=8)
FAILED_PROBE = ["fail", "fail", "wait 2", "enter", "fail", "enter", "wait 2", "enter"]
MOVES = st.lists(
    st.sampled_from(["enter", "enter", "fail", "fail", "succeed", "wait 1", "wait 2", "wait 4"]), max_size=50
)


class InMemory:
    """The breaker in memory, as MemoryShared uses it."""

    def __init__(self, breaker=BREAKER):
        self.breaker, self.circuit = breaker, None

    def enter(self, now):
        return self.circuit.enter(self.breaker, now) if self.circuit else 0.0

    def fail(self, now):
        self.circuit = self.circuit or Circuit()
        return self.circuit.fail(self.breaker, now)

    def succeed(self):
        self.circuit = None


class InScripts:
    """The breaker's scripts, as RedisShared uses them."""

    def __init__(self, by_given_clock, key, breaker):
        self.breaker = breaker
        self._enter, self._fail, self._client = by_given_clock(ENTER), by_given_clock(FAIL), by_given_clock.client
        self._key = key

    def enter(self, now):
        return max(0, self._enter([self._key], self.breaker.enter_arguments, round(now * 1_000_000))) / 1000

    def fail(self, now):
        return bool(self._fail([self._key], self.breaker.fail_arguments, round(now * 1_000_000)))

    def succeed(self):
        self._client.delete(self._key)


def play(breaker, moves):
    """Its answers, step by step."""
    now, answers = 1000.0, []
    for move in moves:
        if move.startswith("wait"):
            now += float(move.split()[1])
        elif move == "succeed":
            breaker.succeed()
        else:
            answers.append(getattr(breaker, move)(now))
    return answers


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(breaker=st.sampled_from([BREAKER, SLOW]), moves=MOVES)
@example(breaker=SLOW, moves=FAILED_PROBE)
def test_memory_and_scripts_always_agree(by_given_clock, new_key, breaker, moves):
    scripts = InScripts(by_given_clock, new_key(), breaker)
    assert play(InMemory(breaker), moves) == play(scripts, moves)
    scripts.succeed()


def test_a_failed_probe_is_not_waited_for():
    assert play(InMemory(SLOW), FAILED_PROBE) == [False, True, 0.0, True, 2.0, 0.0]


def test_a_breaker_opens_probes_and_closes():
    opened = ["fail", "fail", "enter", "fail", "enter"]
    assert play(InMemory(), opened) == [False, False, 0.0, True, 4.0]
    half_open = [*opened, "wait 4", "enter", "enter", "wait 1", "enter"]
    assert play(InMemory(), half_open)[5:] == [0.0, 2.0, 1.0]
    assert play(InMemory(), [*half_open, "fail", "enter"])[8:] == [True, 4.0]
    assert play(InMemory(), [*half_open, "succeed", "enter", "enter", "fail", "fail"])[8:] == [0.0, 0.0, False, False]
    assert play(InMemory(), [*half_open, "wait 1", "enter", "enter"])[8:] == [0.0, 2.0]


def test_waiting_callers_are_spread_over_a_tenth_of_the_time():
    waits = [BREAKER.later(1) for _ in range(50)]
    assert all(1 <= wait <= 1.4 for wait in waits)
    assert len(set(waits)) > 40
