"""The product's settings, but the URLs lead to the benchmark's peers."""

from core.settings import *  # noqa: F403

ROOT_URLCONF = "bench_peers"
