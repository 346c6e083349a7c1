"""`scripts/container`: builds the image, starts compose.yaml with it, checks what runs, and removes all of it.

It needs Podman and docker-compose; without them it says so and exits with 0. It makes the images below Ponte's of
Debian's packages, because not every machine reaches an image registry. --official pulls the official images instead.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from embedded.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
MADE = ROOT / ".local" / "container"
# Packages by image. The first is what the Dockerfile asks of its base.
PACKAGES = {"base": "ca-certificates,python3,python3-venv", "stores": "ca-certificates,postgresql,redis-server"}
PROGRAMS = {"podman": "podman", "docker-compose": "docker-compose"}
RUNNING = ("web", "worker", "beat", "database", "valkey")
READY_SECONDS = 240


class Skipped(Exception):
    """This machine cannot run containers. The message says why."""


class Failed(Exception):
    """A check found something wrong."""


@dataclass(frozen=True)
class Trial:
    """`work`: a folder for this run alone. `environment`: that of podman and docker-compose."""

    work: Path
    environment: dict[str, str]
    port: int

    def run(self, *command: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout, whatever it returns. Raises TimeoutExpired."""
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=seconds
        )

    def output(self, *command: str) -> str:
        """The output of a command that must succeed."""
        done = self.run(*command)
        if done.returncode:
            raise Failed(f"{' '.join(command[:4])} … failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
        return done.stdout.strip()

    def inside(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the container of a service, whatever it returns."""
        return self.run("docker-compose", "exec", "-T", service, *command)

    def containers(self) -> dict[str, dict[str, Any]]:
        """What Podman knows of each container of this run, by the name of its service."""
        ids = self.output("podman", "ps", "--all", "--quiet", "--filter", f"label={self.label}").split()
        found = json.loads(self.output("podman", "inspect", *ids)) if ids else []
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in found}

    @property
    def label(self) -> str:
        return f"com.docker.compose.project={self.environment['COMPOSE_PROJECT_NAME']}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/container", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--official", action="store_true", help="pull the official images instead of making images")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="ponte-container-") as folder:
            trial = prepare(Path(folder))
            with podman_service(trial):
                images(trial, official=options.official)
                build(trial)
                try_out(trial)
    except Skipped as reason:
        print(f"container: skipped: {reason}")
    except (Failed, subprocess.TimeoutExpired) as reason:
        print(f"container: {reason}", file=sys.stderr)
        return 1
    return 0


def prepare(work: Path) -> Trial:
    """The environment of the run. Raises Skipped."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing:
        raise Skipped(f"this machine has no {' and no '.join(missing)} (Debian: apt install podman docker-compose)")
    (work / "containers.conf").write_text(engine_settings())
    port = free_port()
    names = {
        "CONTAINERS_CONF": work / "containers.conf",
        "DOCKER_HOST": f"unix://{work / 'podman.sock'}",
        "COMPOSE_PROJECT_NAME": f"pontetrial{os.getpid()}",
        "PONTE_ENV": work / "env",
        "PONTE_PORT": port,
        "PONTE_IMAGE": "localhost/ponte-trial",
    }
    return Trial(work, {**os.environ, **{name: str(value) for name, value in names.items()}}, port)


def engine_settings() -> str:
    """Podman's settings for machines that are containers or virtual machines themselves.

    Podman raises the limits of a container above our own, which needs a capability that root may not have. crun does
    not start where old and new control groups are mixed; runc does.
    """
    limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    highest = {name: min(4096, resource.getrlimit(number)[1]) for name, number in limits.items()}
    ulimits = [f"{name}={value}:{value}" for name, value in highest.items() if value > 0]
    mixed = Path("/sys/fs/cgroup/unified").exists() and shutil.which("runc")
    return f"[containers]\ndefault_ulimits = {json.dumps(ulimits)}\n" + (
        '[engine]\nruntime = "runc"\n' if mixed else ""
    )


@contextmanager
def podman_service(trial: Trial) -> Iterator[None]:
    """Podman behind the socket that docker-compose calls."""
    with (trial.work / "podman.log").open("w") as log:
        address = trial.environment["DOCKER_HOST"]
        service = subprocess.Popen(
            ["podman", "system", "service", "--time=0", address], env=trial.environment, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            service.terminate()
            service.wait(20)


def images(trial: Trial, *, official: bool) -> None:
    """Choose the images that Ponte's image and compose.yaml begin with, and see that a container starts at all."""
    if official:
        return
    if not shutil.which("mmdebstrap"):
        raise Skipped(
            "this machine has no mmdebstrap, which makes the base images (apt install mmdebstrap, or --official)"
        )
    for name, packages in PACKAGES.items():
        image, archive = f"localhost/ponte-trial-{name}", MADE / f"{name}.tar"
        if trial.run("podman", "image", "exists", image).returncode:
            say(f"making {image} of Debian's packages")
            MADE.mkdir(parents=True, exist_ok=True)
            command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "bookworm", str(archive)]
            if trial.run(*command).returncode:
                raise Skipped("Debian's packages cannot be downloaded")
            trial.output("podman", "import", "--quiet", str(archive), image)
            archive.unlink()
    started = trial.run("podman", "run", "--rm", "localhost/ponte-trial-base", "true")
    if started.returncode:
        raise Skipped(f"podman cannot start a container here: {started.stderr.strip()}")
    stores = "localhost/ponte-trial-databases"
    base = "--build-arg=BASE=localhost/ponte-trial-stores"
    trial.output("podman", "build", "--quiet", base, f"--tag={stores}", "scripts/container_stores")
    trial.environment.update(PONTE_BASE="localhost/ponte-trial-base", POSTGRESQL_IMAGE=stores, VALKEY_IMAGE=stores)


def build(trial: Trial) -> None:
    """Build Ponte's image, with this machine's pip settings and certificates, of which nothing stays in the image."""
    own = [Path("/etc/pip.conf"), Path("/etc/ssl/certs/ca-certificates.crt")]
    volumes = [f"--volume={path}:{path}:ro" for path in own if path.exists()]
    base = trial.environment.get("PONTE_BASE")
    arguments = [f"--build-arg=BASE={base}"] if base else []
    begun = time.monotonic()
    trial.output("podman", "build", *arguments, *volumes, "--tag=localhost/ponte-trial", ".")
    sizes = {name: megabytes(trial, name) for name in filter(None, ["localhost/ponte-trial", base])}
    say(f"built in {time.monotonic() - begun:.0f} s; " + ", ".join(f"{name} {size} MB" for name, size in sizes.items()))


def megabytes(trial: Trial, image: str) -> int:
    return round(int(trial.output("podman", "image", "inspect", "--format={{.Size}}", image)) / 1e6)


def try_out(trial: Trial) -> None:
    """Start everything, check it, stop it, and start it once more over the same data."""
    settings(trial)
    try:
        with health_checks(trial):
            up(trial)
            for check in CHECKS:
                check(trial)
                say(f"ok: {(check.__doc__ or '').partition('.')[0]}")
            stops(trial)
            up(trial)
            still_there(trial, "`down` and `up`")
            memory(trial)
            backup_and_restore(trial)
            still_there(trial, "a backup and its restoration")
    except Failed:
        print(trial.run("docker-compose", "logs", "--no-color", "--tail=30").stdout, file=sys.stderr)
        raise
    finally:
        trial.run("docker-compose", "down", "--volumes")


def settings(trial: Trial) -> None:
    """The secrets of a new installation. No call leaves this machine: the API's name does not exist."""
    trial.output("ops/container/new-settings", "ponte.example.com", str(trial.work / "env"))
    file = trial.work / "env" / "ponte.env"
    text = file.read_text().replace("PLUGGY_CLIENT_ID=", "PLUGGY_CLIENT_ID=00000000-0000-4000-8000-000000000000")
    text = text.replace("PLUGGY_CLIENT_SECRET=", "PLUGGY_CLIENT_SECRET=a-secret-of-this-trial")
    file.write_text(f"{text}PLUGGY_API_URL=https://pluggy.invalid\n")


@contextmanager
def health_checks(trial: Trial) -> Iterator[None]:
    """Podman leaves the timing of health checks to systemd. Where that does not run, this thread does it."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(1):
            ids = trial.run("podman", "ps", "--quiet", "--filter", f"label={trial.label}").stdout.split()
            for container in ids:
                trial.run("podman", "healthcheck", "run", container)

    thread = threading.Thread(target=run)
    if not Path("/run/systemd/system").exists():
        thread.start()
    try:
        yield
    finally:
        over.set()
        if thread.is_alive():
            thread.join()


def up(trial: Trial) -> None:
    begun = time.monotonic()
    trial.output("docker-compose", "up", "--detach", "--no-build")
    wait_for(lambda: health(trial) == "healthy", "/health says healthy")
    wait_for(lambda: unhealthy(trial) == [], "every container is healthy")
    say(f"`up` to healthy: {time.monotonic() - begun:.0f} s")


def health(trial: Trial) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{trial.port}/health", timeout=5) as answer:
            return str(json.load(answer)["status"])
    except (URLError, ConnectionError, TimeoutError, ValueError):
        return "no answer"


def unhealthy(trial: Trial) -> list[str]:
    """The services whose health check has not passed."""
    states = {name: each["State"].get("Health", {}).get("Status") for name, each in trial.containers().items()}
    return [name for name in ("web", "worker", "database", "valkey") if states.get(name) != "healthy"]


def no_root_no_writing(trial: Trial) -> None:
    """No process is root, has a capability or can write to its file system."""
    for name in RUNNING:
        status = trial.inside(name, "cat", "/proc/1/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        if "0" in fields["Uid"].split() or int(fields["CapEff"], 16) or fields["NoNewPrivs"] != "1":
            raise Failed(f"{name} has more rights than it needs: {fields['Uid']}, {fields['CapEff']}")
        if not trial.inside(name, "touch", "/written", "/opt/written").returncode:
            raise Failed(f"{name} can write to its file system")


def no_build_tools(trial: Trial) -> None:
    """The image has no compiler and no pip."""
    for tool in ("cc", "gcc", "make", "pip", "pip3", "git"):
        if not trial.inside("web", "sh", "-c", f"command -v {tool}").returncode:
            raise Failed(f"the image has {tool}")


def only_the_migration_is_the_owner(trial: Trial) -> None:
    """The processes know no owner's and no administrator's password, and their role cannot create tables."""
    for name in ("web", "worker", "beat"):
        names = {line.partition("=")[0] for line in trial.inside(name, "env").stdout.splitlines()}
        if "DATABASE_URL" not in names or names & {"DATABASE_OWNER_URL", "PONTE_OWNER_PASSWORD", "POSTGRES_PASSWORD"}:
            raise Failed(f"{name} has the wrong secrets")
    code = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).execute('CREATE TABLE public.mine ()')"
    if "permission denied" not in trial.inside("web", "python", "-c", code).stderr:
        raise Failed("the application's role can create tables")


def a_webhook_is_stored_and_worked_on(trial: Trial) -> None:
    """A webhook is answered 200, and the worker takes it."""
    command = ["python", "backend/manage.py", "test_webhook", "--url", "http://127.0.0.1:8000"]
    done = trial.inside("web", *command)
    if done.returncode:
        raise Failed(f"test_webhook: {done.stdout}{done.stderr}")
    wait_for(lambda: int(database(trial, "SELECT max(attempts) FROM events_event")) > 0, "the worker tries the event")


def the_settings_pass(trial: Trial) -> None:
    """`check --deploy` finds nothing wrong with the new settings."""
    done = trial.inside("web", "python", "backend/manage.py", "check", "--deploy", "--fail-level", "WARNING")
    if done.returncode:
        raise Failed(done.stderr)


CHECKS: list[Callable[[Trial], None]] = [
    no_root_no_writing,
    no_build_tools,
    only_the_migration_is_the_owner,
    a_webhook_is_stored_and_worked_on,
    the_settings_pass,
]


def stops(trial: Trial) -> None:
    """Everything ends when it is asked to: none is killed."""
    begun = time.monotonic()
    trial.output("docker-compose", "stop")
    codes = {name: trial.containers()[name]["State"]["ExitCode"] for name in RUNNING}
    if any(codes.values()):
        raise Failed(f"exit codes after `stop`: {codes}")
    say(f"ok: `stop` ends every process by itself, in {time.monotonic() - begun:.0f} s")
    trial.output("docker-compose", "down")


def still_there(trial: Trial, after: str) -> None:
    if database(trial, "SELECT count(*) FROM events_event") != "1":
        raise Failed(f"the event is not there after {after}")
    say(f"ok: the data is there after {after}")


def memory(trial: Trial) -> None:
    names = {each["Id"][:12]: name for name, each in trial.containers().items() if name in RUNNING}
    used = trial.output("podman", "stats", "--no-stream", "--format={{.ID}} {{.MemUsage}}", *names)
    say("memory: " + ", ".join(f"{names[line[:12]]} {line[13:].partition(' /')[0]}" for line in used.splitlines()))


def backup_and_restore(trial: Trial) -> None:
    """The commands of docs/deploy.md, over a volume that is deleted between them."""
    file = trial.work / "ponte.dump"
    postgresql = "docker-compose exec -T database"
    trial.output("sh", "-c", f"{postgresql} pg_dump --username=postgres --format=custom ponte > {file}")
    trial.output("docker-compose", "down", "--volumes")
    trial.output("docker-compose", "up", "--detach", "roles")
    wait_for(lambda: trial.containers()["roles"]["State"]["Status"] == "exited", "the roles are created")
    trial.output("sh", "-c", f"{postgresql} pg_restore --username=postgres --dbname=ponte < {file}")
    trial.output("docker-compose", "up", "--detach", "migrate")
    wait_for(lambda: trial.containers()["migrate"]["State"]["Status"] == "exited", "the migrations ran")
    if trial.containers()["migrate"]["State"]["ExitCode"]:
        raise Failed("the migrations failed over a restored database")


def database(trial: Trial, query: str) -> str:
    """The one value of a query, asked as the administrator."""
    done = trial.inside("database", "psql", "-U", "postgres", "-d", "ponte", "-Atc", query)
    return done.stdout.strip()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"not within {READY_SECONDS} s: {what}")
        time.sleep(0.5)


def say(text: str) -> None:
    print(f"container: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
