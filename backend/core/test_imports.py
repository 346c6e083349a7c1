"""Ponte's processes import nothing that is not installed in production, and lib imports parts of plugfn alone."""

import subprocess
import sys
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[1]

# Not installed in production.
OF_DEVELOPMENT = "aiohttp aiosqlite alembic fastapi flask langchain_core sqlalchemy typer".split()
# What only plugfn's clients of vendors, and the server of agents, need.
OF_CALLS = "anyio authlib babel httpcore2 httpx2 mcp pydantic".split()

BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ImportError(name + " is not for this process")

sys.meta_path.insert(0, Blocker())
"""

LIB = """
import lib.circuit, lib.crypto, lib.ratelimit, plugfn.net.retry_after, plugfn.resilience.retry
"""

WEB = """
import core.asgi, core.urls
"""

WORKER = """
import core.celery
core.celery.app.loader.import_default_modules()
core.celery.app.finalize()
"""

NO_REDIS = """
sys.modules["redis"] = None
import plugfn, plugfn.crypto, plugfn.errors, plugfn.net.retry_after
import plugfn.resilience.breaker, plugfn.resilience.budget, plugfn.resilience.retry
assert plugfn.KeyRing.from_keys(plugfn.new_key())
"""


@pytest.mark.parametrize(
    ("process", "others"),
    [(LIB, OF_CALLS), (WEB, []), (WORKER, []), (NO_REDIS, OF_CALLS)],
    ids=["lib", "web", "worker", "no redis"],
)
def test_a_process_starts_with_only_its_own_dependencies(process, others):
    command = [sys.executable, "-c", BLOCKED.format(names=[*OF_DEVELOPMENT, *others]) + process]
    done = subprocess.run(command, cwd=BACKEND, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
