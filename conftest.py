"""Makes every run of the tests interruptible and independent of the machine's speed, and begins it with the longest."""

import gc
import signal

import hypothesis
import pytest

# Each of these takes many seconds. If they came last, one process would run them while the others have nothing to do.
LONGEST = ("backend/browser/", "backend/core/test_api_live.py", "scripts/ponte_demo/")

# Scripts start background processes with SIGINT ignored, and so do some CI runners. The processes that tests start and
# interrupt would inherit that. A shell cannot undo it, but Python can.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Collecting makes many objects that all stay. pytest_collection_finish switches it on again.
gc.disable()

# An example that takes long on a busy machine is no failure.
hypothesis.settings.register_profile("ponte", deadline=None)
hypothesis.settings.load_profile("ponte")


@pytest.hookimpl(trylast=True)  # pytest-django sorts them too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    # Modules and tests stay until the end. The garbage collector would look at all of them again each time.
    gc.freeze()
    # Fewer collections than usual: a tenth of the processor time of all tests.
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def _turn(item: pytest.Item) -> int:
    turns = (turn for turn, path in enumerate(LONGEST) if item.nodeid.startswith(path))
    return next(turns, len(LONGEST))
