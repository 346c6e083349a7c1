"""The folder of counters: one a server, none left behind by those that were killed."""

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


def test_each_name_is_another_and_nothing_is_made_by_it(shm):
    first, second = new_name(), new_name()
    assert first.parent == second.parent == shm
    assert first != second
    assert not list(shm.iterdir())


def test_what_a_killed_server_left_is_cleared_away_and_what_a_living_one_holds_is_not(shm):
    killed, living, mine = new_name(), new_name(), new_name()
    os.close(counters.begin(killed, afresh=True))
    held = counters.begin(living, afresh=True)
    (killed / "counter_1.db").write_bytes(b"x")
    aged(killed), aged(living)
    os.close(counters.begin(mine, afresh=True))
    assert {folder.name for folder in shm.iterdir()} == {living.name, mine.name}
    os.close(held)


def test_a_folder_that_is_just_being_made_is_left_alone(shm):
    young = new_name()
    young.mkdir()
    os.close(counters.begin(new_name(), afresh=True))
    assert young.exists()


def test_a_link_that_bears_our_name_is_not_followed(shm, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").write_text("kept")
    (shm / f"{counters.OURS}link").symlink_to(elsewhere)
    os.utime(shm / f"{counters.OURS}link", (0, 0), follow_symlinks=False)
    os.close(counters.begin(new_name(), afresh=True))
    assert (elsewhere / "kept").exists()


def test_a_server_that_takes_over_keeps_the_counts_and_holds_the_folder_too(shm):
    folder = new_name()
    first = counters.begin(folder, afresh=True)
    (folder / "counter_1.db").write_bytes(b"x")
    second = counters.begin(folder, afresh=False)
    os.close(first)
    assert (folder / "counter_1.db").exists()
    aged(folder)
    os.close(counters.begin(new_name(), afresh=True))
    assert folder.exists()
    os.close(second)


def test_a_folder_that_was_given_is_emptied_of_counters_alone_and_never_removed(shm, tmp_path_factory):
    given = tmp_path_factory.mktemp("given")
    (given / "counter_1.db").write_bytes(b"x")
    (given / "somebodys.txt").write_text("kept")
    os.close(counters.begin(given, afresh=True))
    counters.end(given)
    assert (given / "somebodys.txt").exists()
    assert not (given / "counter_1.db").exists()
