"""The operating-system account a server runs under: PostgreSQL refuses root, so root lends it another one."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from embedded.errors import EmbeddedError

CANDIDATES = ("postgres", "pgserver", "ponte-embedded")
# The caller's environment may hold PGHOST, PGOPTIONS, a broken LANG…: the server's programs get none of it.
CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """A user id with its group; `lent` when it is not the one we run as (we are root then)."""

    uid: int
    gid: int
    lent: bool

    @property
    def name(self) -> str:
        return pwd.getpwuid(self.uid).pw_name

    def run(
        self,
        command: Sequence[str | Path],
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, from /, in a clean environment; the caller judges its exit code."""
        return subprocess.run(
            [str(part) for part in command],
            **self._identity(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )

    def spawn(self, command: Sequence[str | Path], output: IO[str]) -> subprocess.Popen[bytes]:
        """Run a program in the background, in a session of its own: Ctrl-C in the terminal is for us."""
        return subprocess.Popen(
            [str(part) for part in command],
            **self._identity(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def _identity(self) -> dict[str, Any]:
        lent = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.lent else {}
        return {"env": CLEAN_ENVIRONMENT, "cwd": "/", "umask": 0o077, **lent}

    def can_reach(self, path: Path) -> bool:
        """May this account enter the folder or run the program? The kernel is asked: ACLs count."""
        return not self.lent or self.run(["test", "-x", path]).returncode == 0

    def own(self, folder: Path) -> Path:
        """Make `folder` (its parent exists) and give it, with all that is in it, to this account alone."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.lent and folder.stat().st_uid != self.uid:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)
        folder.chmod(0o700)
        return folder


def ourselves() -> Account:
    """The account of this process."""
    return Account(os.geteuid(), os.getegid(), lent=False)


def server_account(home: Path) -> Account:
    """Who runs the server with its files in `home`: ourselves; for root their owner or a system account."""
    if os.geteuid() != 0:
        return ourselves()
    entry = _owner(home) or _existing() or _created()
    return Account(entry.pw_uid, entry.pw_gid, lent=True)


def _owner(home: Path) -> pwd.struct_passwd | None:
    if not home.exists() or home.stat().st_uid == 0:
        return None
    try:
        return pwd.getpwuid(home.stat().st_uid)
    except KeyError:
        return None  # the account is gone (another container image): the folder is given to the next one


def _existing() -> pwd.struct_passwd | None:
    for name in CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _created() -> pwd.struct_passwd:
    name = CANDIDATES[-1]
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise EmbeddedError(f"PostgreSQL refuses root and useradd is missing: create a system user {name}")
    made = subprocess.run(
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise EmbeddedError(f"the system user {name} could not be made: {made.stderr.strip()}")
    return pwd.getpwnam(name)
