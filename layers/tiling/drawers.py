"""Drawing tiles beside the web server, so that its event loop keeps the interpreter to itself.

A thread that draws has a process of its own (``layers.tiling.worker``), started with its first tile. When none can be
started, or it dies twice over the same tile, the thread draws by itself: slower pages, but a map.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from layers.tiling.worker import Imported, tile

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "layers.tiling.worker")
END_S = 2.0
PATIENCE_S = 300.0
"""For one picture: many times what the dearest one took on a busy machine (the first of ten million rows)."""


class Died(Exception):
    """the drawing process ended over a tile"""


class Hung(Exception):
    """the drawing process gave no picture in time, and was ended"""


class Worker:
    """One drawing process; used by one thread at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        """Raises OSError when the program cannot be started."""
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(  # noqa: S603 -- our own module, run by our own interpreter
            [*command, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.proved = False  # whether it has ever answered

    def ask(self, request: Any, patience_s: float = PATIENCE_S) -> tuple[bytes, bool]:
        """As ``layers.tiling.worker.answer``. Raises Died when the process is gone, Hung when it was ended because it
        did not answer, RuntimeError when it failed.
        """
        over = threading.Event()

        def enough() -> None:
            over.set()
            self.process.kill()

        guard = threading.Timer(patience_s, enough)
        guard.daemon = True
        guard.start()
        try:
            return self._answer(request)
        except Died:
            if over.is_set():
                raise Hung from None
            raise
        finally:
            guard.cancel()

    def _answer(self, request: Any) -> tuple[bytes, bool]:
        requests, answers = self._pipes()
        try:
            requests.write(json.dumps(request).encode() + b"\n")
            requests.flush()
            word, _, length = answers.readline().decode().partition(" ")
            content = answers.read(int(length or 0))
        except (OSError, ValueError) as error:
            raise Died from error
        if not length or len(content) != int(length):
            raise Died
        self.proved = True
        if word == "error":
            raise RuntimeError(content.decode())
        return content, word == "ok"

    def end(self) -> None:
        """Kill first: a thread that still reads then meets the end of its pipe."""
        self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(END_S)
        for pipe in self._pipes():
            with contextlib.suppress(OSError):
                pipe.close()

    def _pipes(self) -> tuple[BinaryIO, BinaryIO]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        return self.process.stdin, self.process.stdout  # type: ignore[return-value]  # opened in binary mode


def told(request: Any) -> str:
    """A request in the words of the log: the place of its tile, and nothing of the store."""
    if isinstance(request, list):
        return "/".join(str(part) for part in request[:3])
    place = request.get("request") or {}
    return "/".join(str(place.get(part, "")) for part in ("layer", "z", "x", "y"))


class Drawers:
    """The drawing processes of a service, one a thread that calls ``tile``; thread-safe."""

    def __init__(self, city: str | None, command: Sequence[str] = COMMAND, *, patience_s: float = PATIENCE_S) -> None:
        self._city = city
        self._command, self._patience_s = command, patience_s
        self._own = threading.local()
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._alone = self._closed = False

    @property
    def pids(self) -> Sequence[int]:
        with self._lock:
            return sorted(worker.process.pid for worker in self._workers)

    def tile(self, z: int, x: int, y: int, style: str, imported: Imported | None = None) -> tuple[bytes, bool]:
        """The PNG of a basemap tile, and whether it has the imported streets. Raises RuntimeError when it cannot be
        drawn.
        """
        city = self._city
        return self._asked([z, x, y, style, city, imported], lambda: tile(z, x, y, style, city, imported))

    def density(self, dsn: str, request: Mapping[str, Any], alone: Callable[[], bytes]) -> bytes:
        """The PNG of a density tile, its rows read by the process from that store; ``alone`` draws it here when no
        process can. Raises RuntimeError when it cannot be drawn.
        """
        return self._asked({"dsn": dsn, "request": dict(request)}, lambda: (alone(), True))[0]

    def prepare(self, alone: Callable[[], None]) -> None:
        """Have the calling thread's process ready for densities: what it needs is compiled."""

        def here() -> tuple[bytes, bool]:
            alone()
            return b"", True

        self._asked({"warm": True}, here)

    def _asked(self, request: Any, alone: Callable[[], tuple[bytes, bool]]) -> tuple[bytes, bool]:
        proved = False
        for _ in range(2):
            worker = self._worker()
            if worker is None:
                return alone()
            try:
                return worker.ask(request, self._patience_s)
            except Hung:  # drawn here it would take the pages with it
                self._drop(worker)
                raise RuntimeError(f"no picture within {self._patience_s:g} s; its process was ended") from None
            except Died:
                proved |= worker.proved
                self._drop(worker)
                if self._closed:
                    raise
                log.warning("a drawing process ended over tile %s", told(request))
        if not proved:
            self._alone = True
            log.warning("tiles are drawn by the web server itself: no drawing process answers")
        return alone()

    def close(self) -> None:
        """End all processes; a thread that waits for one gets Died."""
        with self._lock:
            self._closed = True
            workers, self._workers = self._workers, set()
        for worker in workers:
            worker.end()

    def _worker(self) -> Worker | None:
        """The thread's own process, started if need be; None when no process can be started here."""
        found: Worker | None = getattr(self._own, "worker", None)
        if found is not None or self._alone:
            return found
        try:
            found = Worker(self._command)
        except OSError as error:
            self._alone = True
            log.warning("tiles are drawn by the web server itself: %s", error)
            return None
        with self._lock:
            if self._closed:
                found.end()
                raise Died
            self._workers.add(found)
        self._own.worker = found
        return found

    def _drop(self, worker: Worker) -> None:
        self._own.worker = None
        with self._lock:
            self._workers.discard(worker)
        worker.end()
