"""The folder of counters: each server has its own, and the next server removes those of killed servers."""

import os
import time
from pathlib import Path

import pytest

from apps.reliability import counters
from apps.reliability.counters import new_name


@pytest.fixture
def shm(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(counters, "MEMORY", tmp_path)
    return tmp_path


def aged(folder: Path) -> Path:
    old = time.time() - counters.YOUNG_SECONDS - 5
    os.utime(folder, (old, old))
    return folder


def test_each_name_is_new_and_no_folder_is_created(shm):
    first, second = new_name(), new_name()
    assert first.parent == second.parent == shm
    assert first != second
    assert not list(shm.iterdir())


def test_the_folder_of_a_killed_server_is_removed_but_not_that_of_a_running_one(shm):
    killed, running, new = new_name(), new_name(), new_name()
    os.close(counters.begin(killed, empty=True))
    lock = counters.begin(running, empty=True)
    (killed / "counter_1.db").write_bytes(b"x")
    aged(killed), aged(running)
    os.close(counters.begin(new, empty=True))
    assert {folder.name for folder in shm.iterdir()} == {running.name, new.name}
    os.close(lock)


def test_a_young_folder_is_not_removed(shm):
    young = new_name()
    young.mkdir()
    os.close(counters.begin(new_name(), empty=True))
    assert young.exists()


def test_a_link_with_our_prefix_is_not_followed(shm, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").write_text("text")
    (shm / f"{counters.PREFIX}link").symlink_to(elsewhere)
    os.utime(shm / f"{counters.PREFIX}link", (0, 0), follow_symlinks=False)
    os.close(counters.begin(new_name(), empty=True))
    assert (elsewhere / "file").exists()


def test_a_server_that_takes_over_keeps_the_counters_and_locks_the_folder_too(shm):
    folder = new_name()
    first = counters.begin(folder, empty=True)
    (folder / "counter_1.db").write_bytes(b"x")
    second = counters.begin(folder, empty=False)
    os.close(first)
    assert (folder / "counter_1.db").exists()
    aged(folder)
    os.close(counters.begin(new_name(), empty=True))
    assert folder.exists()
    os.close(second)


def test_a_configured_folder_loses_only_its_counters_and_is_not_removed(shm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("configured")
    (folder / "counter_1.db").write_bytes(b"x")
    (folder / "other.txt").write_text("text")
    os.close(counters.begin(folder, empty=True))
    counters.end(folder)
    assert (folder / "other.txt").exists()
    assert not (folder / "counter_1.db").exists()
