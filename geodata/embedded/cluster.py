"""The cluster: made, started, shared between processes, stopped."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from geodata.embedded import binaries, initial, keeper, secrets, tuning
from geodata.store.errors import CannotStart

START_S = 120.0  # a start after a crash replays the log first
NO_PID = 2**30  # beyond every kernel's largest pid
RETRY = ("pre-existing shared memory block", "could not bind", "Address already in use", "lock file")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running server: its postmaster's pid, its socket's folder, its port on loopback."""

    pid: int
    folder: str
    port: int


@dataclass(slots=True)
class Lease:
    """The right to use a running cluster. The last lease that is closed stops the server."""

    cluster: Cluster
    endpoint: Endpoint
    fd: int
    started: bool

    def close(self) -> None:
        """Gives the cluster back; waits for the shutdown when nobody else uses it."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            self.cluster.release(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Cluster:
    """PostgreSQL in ``data/pg``. ``options`` are further server settings (tests turn fsync off).

    Run by root, the server runs as the user ``postgres`` (else ``nobody``), who owns ``data/pg`` and ``data/run``.
    """

    data: Path
    options: Mapping[str, str] = field(default_factory=dict)
    shutdown: signal.Signals = signal.SIGINT  # PostgreSQL's fast shutdown

    @property
    def folder(self) -> Path:
        return self.data / "pg"

    @property
    def stay(self) -> Path:
        """While this file is there, the server outlives its users (``vonglau db start``)."""
        return self.data / "stay"

    def start(self) -> Lease:
        """A lease on the running cluster; makes and starts it when needed.

        Raises NoPostgres, DataFolderNewer, DataFolderOlder, FolderUnreachable, CannotStart.
        """
        initial.make_folders(self.data)
        with self._mutex():
            fd = self._share()
            try:
                endpoint = self.running()
                if endpoint is not None:
                    return Lease(self, endpoint, fd, started=False)
                return Lease(self, self._launch(), fd, started=True)
            except BaseException:
                os.close(fd)
                raise

    def running(self) -> Endpoint | None:
        """The server of this very data folder, or None. Another program under a reused pid does not count."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().split("\n")
            found = Endpoint(int(lines[0]), lines[4], int(lines[3]))
        except (OSError, ValueError, IndexError):
            return None
        return found if _serves(found.pid, self.folder) else None

    def stop(self) -> bool:
        """Fast shutdown whoever uses it; False when it was not running."""
        if not self.data.exists():
            return False
        with self._mutex():
            self.stay.unlink(missing_ok=True)
            return self._shutdown()

    def release(self, fd: int) -> None:
        """Gives back a lease's lock; called by Lease.close."""
        with self._mutex():
            with suppress(BlockingIOError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not self.stay.exists():
                    self._shutdown()
            os.close(fd)

    def dsn(self, endpoint: Endpoint, user: str, database: str = "postgres") -> str:
        """Libpq connection string over the private socket. Holds a password: never log it."""
        password = secrets.load(self.data / "secrets.json")[user]
        return make_conninfo(
            host=endpoint.folder, port=endpoint.port, user=user, password=password, dbname=database, connect_timeout=10
        )

    def _launch(self) -> Endpoint:
        found = binaries.find(major=initial.major_of(self.folder))
        user = initial.server_user()
        initial.initialise(self.folder, found, user, secrets.load(self.data / "secrets.json")[secrets.ADMIN])
        reason = ""
        for _ in range(10):
            self._disarm_stale_pid()
            log = self.data / "start.log"
            keeper_pid = self._spawn(found, user, log)
            outcome = self._wait_ready(keeper_pid, log)
            if isinstance(outcome, Endpoint):
                self._set_roles(outcome)
                return outcome
            reason = outcome
            if not any(sign in reason for sign in RETRY):
                break
            time.sleep(0.5)  # orphans of a killed server still hold its memory, or the port was just taken
        raise CannotStart(path=self.folder, reason=reason)

    def _spawn(self, found: binaries.Binaries, user: str, log: Path) -> int:
        """Starts the keeper with the server; the keeper's pid."""
        chosen = {
            **tuning.settings(tuning.memory_mib(), os.cpu_count() or 1),
            "unix_socket_directories": str(initial.socket_folder(self.data, user)),
            "port": str(_port(self.data / "port")),
            **self.options,
        }
        arguments = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        command = [found.path("postgres"), "-D", str(self.folder), *arguments]
        with log.open("wb") as out:
            answer = subprocess.run(  # noqa: S603 (paths that we found and values that we made)
                [sys.executable, "-I", "-S", keeper.__file__, str(self._users), str(self.stay), user, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=out,
                cwd="/",
                check=True,
                start_new_session=True,  # Ctrl-C in the terminal reaches us, who then stop it cleanly
            )
        return int(answer.stdout)

    def _wait_ready(self, keeper_pid: int, log: Path) -> Endpoint | str:
        deadline = time.monotonic() + START_S
        reason = "it does not answer"
        while time.monotonic() < deadline:
            endpoint = self.running()
            if endpoint is not None:
                try:
                    psycopg.connect(self.dsn(endpoint, secrets.ADMIN)).close()
                except psycopg.OperationalError as error:
                    reason = " ".join(str(error).split())
                else:
                    return endpoint
            if not _alive(keeper_pid):
                return self._last_words(log)
            time.sleep(0.05)
        os.kill(keeper_pid, signal.SIGTERM)
        return reason

    def _last_words(self, log: Path) -> str:
        """The server's own reason, from its first output or its log."""
        logs = sorted((self.folder / "log").glob("*.log"), key=lambda p: p.stat().st_mtime)
        for path in (log, *logs[-1:]):
            lines = path.read_text(errors="replace").splitlines()
            found = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
            if found:
                return found[-1]
        return "see " + str(log)

    def _set_roles(self, endpoint: Endpoint) -> None:
        from geodata.migrate import make_roles

        with psycopg.connect(self.dsn(endpoint, secrets.ADMIN)) as connection:
            make_roles(connection, secrets.load(self.data / "secrets.json"))

    def _disarm_stale_pid(self) -> None:
        """PostgreSQL refuses to start while the pid of its pid file lives, though it be another program by now.

        Only the number is replaced: the file names the memory by which orphans of a killed server are found.
        """
        path = self.folder / "postmaster.pid"
        try:
            pid, rest = path.read_text().split("\n", 1)
            os.kill(int(pid), 0)
        except (OSError, ValueError):
            return
        if not _serves(int(pid), self.folder):
            path.write_text(f"{NO_PID}\n{rest}")

    def _shutdown(self) -> bool:
        endpoint = self.running()
        if endpoint is None:
            return False
        os.kill(endpoint.pid, self.shutdown)
        deadline = time.monotonic() + START_S
        while _serves(endpoint.pid, self.folder):
            if time.monotonic() > deadline:
                raise CannotStart(path=self.folder, reason=f"process {endpoint.pid} does not end")
            time.sleep(0.02)
        return True

    @property
    def _users(self) -> Path:
        return self.data / "users.lock"

    def _share(self) -> int:
        """A shared lock; waits while the keeper, holding it alone, shuts an unused server down."""
        fd = os.open(self._users, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(fd, fcntl.LOCK_SH)
        return fd

    @contextmanager
    def _mutex(self) -> Iterator[None]:
        """One process at a time starts or stops this cluster."""
        fd = os.open(self.data / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)


def _serves(pid: int, folder: Path) -> bool:
    """Whether the process is alive and is a postmaster of this folder, which is its working directory."""
    try:
        return _alive(pid) and (sys.platform != "linux" or Path(f"/proc/{pid}/cwd").readlink() == folder.resolve())
    except OSError:
        return False


def _alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
        return sys.platform != "linux" or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _port(memory: Path) -> int:
    """The port of the last start while it is free, so that connection strings outlive a restart; else a free one."""
    with suppress(OSError, ValueError):
        last = int(memory.read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", last))
            return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    memory.write_text(str(port))
    return port
