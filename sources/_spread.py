"""Work that takes minutes of one core, spread over all of them, after whatever people wait for.

The processes are new ones (no state of ours is copied), yield to the pages and to the ingest, and end with us, also
when we are killed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from geodata.errors import VongLauError

T = TypeVar("T")
R = TypeVar("R")

NICE = 5
"""Pages and ingest go first, as before the processes that draw tiles."""

PR_SET_PDEATHSIG = 1


class WorkerKilled(VongLauError):
    """a process of this command was killed, perhaps for want of memory; run the command again"""


def spread(work: Callable[[T], R], parts: Sequence[T], processes: int | None = None) -> Iterator[R]:
    """``work`` of each part, in the order of ``parts``; those that stand first begin first.

    ``processes`` None: as many as there are cores; 1: this one, at its own priority. What ``work`` raises is raised
    here, and what has not begun is left. ``work`` and the parts must be picklable. Raises WorkerKilled.
    """
    count = min(processes or os.cpu_count() or 1, len(parts))
    if processes == 1 or not parts:
        yield from map(work, parts)
        return
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, fresh, _begin, (os.getpid(),)) as pool:
        try:
            yield from pool.map(work, parts)
        except BrokenProcessPool as error:
            raise WorkerKilled from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin(parent: int) -> None:
    """Of a new process. Ctrl-C is for the parent, which ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we could ask
            raise SystemExit(1)
    os.nice(NICE)
