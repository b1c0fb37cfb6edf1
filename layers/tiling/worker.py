"""A process that draws basemap tiles: requests on standard input, PNGs on standard output.

Run as ``python -m layers.tiling.worker PARENT_PID``. One request is a line of JSON, ``[z, x, y, style, city]``; the
answer is a line ``ok LENGTH`` and that many bytes, or ``error LENGTH`` and a message in UTF-8. It ends with its parent,
also when that is killed: the kernel tells it, and its input closes.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import BinaryIO

NICE = 5
"""The web server's event loop goes first."""

PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends. Linux only; elsewhere input ends it."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        raise SystemExit(1)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Draw until the input ends."""
    from layers import basemap

    for line in requests:
        try:
            z, x, y, style, city = json.loads(line)
            word, content = "ok", basemap.tile(z, x, y, style, city=city)
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one tile, the next may be good
            word, content = "error", f"{type(error).__name__}: {error}".encode()
        answers.write(f"{word} {len(content)}\n".encode() + content)
        answers.flush()


def main() -> None:
    end_with(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    os.nice(NICE)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not speak into the answers
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
