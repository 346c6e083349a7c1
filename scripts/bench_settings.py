"""The product's settings with the benchmark's peers for its URLs."""

from core.settings import *  # noqa: F403

ROOT_URLCONF = "bench_peers"
