"""A child of `vonglau up` ends with it, also when it is killed without a word."""

from __future__ import annotations

import ctypes
import os
import signal

PARENT = "VONGLAU_PARENT"
PR_SET_PDEATHSIG = 1


def child_environment() -> dict[str, str]:
    """The environment for a child that shall end with this process."""
    return {**os.environ, PARENT: str(os.getpid())}


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies. Does nothing for a command started by hand."""
    parent = os.environ.get(PARENT)
    if parent is None:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before we could ask
        raise SystemExit(1)
    os.environ.pop(PARENT)  # our own children end with us, not with our parent
