"""A small process that owns the server and stops it when nobody uses it any more.

Run as a script with the standard library only: ``keeper.py LOCK STAY USER POSTGRES ARGS…``. Every user of the
cluster holds a shared flock on LOCK; the kernel drops it however the user dies, kill -9 included. When the
keeper gets the lock for itself and no file STAY asks it to go on, it shuts the server down fast. Should the
keeper itself be killed, the kernel sends the server the same signal (Linux).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_S = 0.1


def _die_with_keeper(keeper: int) -> None:
    """In the child, after the change of user, which would clear the setting."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != keeper:  # it died before the setting took hold
            os._exit(1)


def keep(lock: Path, stay: Path, user: str, command: list[str]) -> int:
    """Runs ``command`` until it ends or nobody uses it; the server's exit status."""
    keeper = os.getpid()
    unprivileged: dict[str, Any] = {"user": user, "group": _group(user), "extra_groups": []} if user else {}
    server: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 (our own command line), PLW1509 (this process has one thread)
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: _die_with_keeper(keeper),  # noqa: PLW1509 (this process has one thread)
        **unprivileged,
    )
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    users = os.open(lock, os.O_RDWR)
    while server.poll() is None:
        time.sleep(POLL_S)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        if stay.exists():
            fcntl.flock(users, fcntl.LOCK_UN)
            continue
        server.send_signal(signal.SIGINT)
        return server.wait()
    return server.returncode


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def detach() -> None:
    """Goes on in a child whose pid is printed, so that nobody has to wait for this process."""
    child = os.fork()
    if child:
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os._exit(0)
    os.dup2(2, 1)  # the starter reads our output to its end


if __name__ == "__main__":
    detach()
    sys.exit(keep(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:]))
