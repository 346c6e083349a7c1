"""The guide to creating a provider, followed step by step."""

import os
import re
import subprocess
import sys
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[2]
GUIDE = Path(__file__).with_name("creating-providers.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = {
    "plugfn": [sys.executable, "-c", "from plugfn.cli import main; main()"],
    "pytest": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"],
    "rm": ["rm"],
}


def _run(line: str, folder: Path) -> str:
    import shlex

    program, *arguments = shlex.split(line)
    environment = {**os.environ, "PYTHONPATH": f"{BACKEND}{os.pathsep}{folder}"}
    done = subprocess.run(
        [*COMMANDS[program], *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def _write(text: str, folder: Path) -> None:
    first, _, rest = text.partition("\n")
    (folder / first.removeprefix("# ")).write_text(rest)


def test_the_guide_makes_a_provider_that_works(tmp_path):
    output = ""
    for kind, text in BLOCK.findall(GUIDE.read_text()):
        if kind == "console":
            for line in text.strip().splitlines():
                output = _run(line, tmp_path)
        else:
            _write(text, tmp_path)
    assert "5 passed" in output
