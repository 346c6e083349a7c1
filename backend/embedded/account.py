"""The operating-system account of a server. PostgreSQL refuses root, so root runs it under another account."""

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
# The server's programs must not see the caller's PGHOST, PGOPTIONS or broken LANG.
CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """A user id with its group. `borrowed`: it is not the account that we run as, so we are root."""

    uid: int
    gid: int
    borrowed: bool

    @property
    def name(self) -> str:
        return pwd.getpwuid(self.uid).pw_name

    def run(
        self,
        command: Sequence[str | Path],
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, from /, in a clean environment; the caller checks its exit code."""
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
        """Run a program in the background, in its own session, so that Ctrl-C in the terminal does not reach it."""
        return subprocess.Popen(
            [str(part) for part in command],
            **self._identity(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def _identity(self) -> dict[str, Any]:
        borrowed = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.borrowed else {}
        return {"env": CLEAN_ENVIRONMENT, "cwd": "/", "umask": 0o077, **borrowed}

    def can_reach(self, path: Path) -> bool:
        """Whether this account may enter the folder or run the program. We ask the kernel, because of ACLs."""
        return not self.borrowed or self.run(["test", "-x", path]).returncode == 0

    def own(self, folder: Path) -> Path:
        """Create `folder` (its parent exists) and give it with its contents to this account alone."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.borrowed and folder.stat().st_uid != self.uid:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)
        folder.chmod(0o700)
        return folder


def ourselves() -> Account:
    """The account of this process."""
    return Account(os.geteuid(), os.getegid(), borrowed=False)


def server_account(home: Path) -> Account:
    """The account for the server whose files are in `home`: ours. For root: the files' owner, or a system account."""
    if os.geteuid() != 0:
        return ourselves()
    entry = _owner(home) or _existing() or _created()
    return Account(entry.pw_uid, entry.pw_gid, borrowed=True)


def _owner(home: Path) -> pwd.struct_passwd | None:
    if not home.exists() or home.stat().st_uid == 0:
        return None
    try:
        return pwd.getpwuid(home.stat().st_uid)
    except KeyError:
        return None  # the account no longer exists (another container image): the next account gets the folder


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
        raise EmbeddedError(f"PostgreSQL refuses root and useradd is missing: create a system user called {name}")
    made = subprocess.run(
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise EmbeddedError(f"could not create the system user {name}: {made.stderr.strip()}")
    return pwd.getpwnam(name)
