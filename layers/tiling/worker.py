"""A process that draws tiles: requests on standard input, PNGs on standard output.

Run as ``python -m layers.tiling.worker PARENT_PID``. One request is a line of JSON: of a basemap tile
``[z, x, y, style, city, imported]``, of a density ``{"dsn", "request"}`` with the fields of a ``TileRequest``, or
``{"warm": true}`` to compile what densities need. The answer is a line ``ok LENGTH`` and that many bytes,
``bare LENGTH`` when the imported streets could not be read and are missing, or ``error LENGTH`` and a message in
UTF-8. It ends with its parent, also when that is killed: the kernel tells it, and its input closes.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO

from geodata.errors import VongLauError

if TYPE_CHECKING:
    from geodata.store.reader import Reader
    from layers.raster import ColumnCache
    from layers.streets import Streets

Imported = tuple[str, int]
"""Connection string of the store that holds imported streets, and the version of them."""

NICE, DENSITY_NICE = 2, 3
"""The web server's event loop goes first; the ground of the map before what lies on it."""

PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends. Linux only; elsewhere input ends it."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        raise SystemExit(1)


def tile(z: int, x: int, y: int, style: str, city: str | None, imported: Imported | None) -> tuple[bytes, bool]:
    """The PNG, and whether it is all there: without the imported streets when the store is away."""
    from layers import basemap

    try:
        own, whole = None if imported is None else streets(*imported), True
    except VongLauError:
        own, whole = None, False
    return basemap.tile(z, x, y, style, city=city, streets=own), whole


@lru_cache(maxsize=1)
def streets(dsn: str, version: int) -> Streets | None:  # noqa: ARG001 -- the version is the cache's key
    """All that was imported, read once a version. Raises a VongLauError when the store is away."""
    from geodata.store.reader import Reader
    from geodata.view import Bounds, View
    from layers.streets import Streets

    now = datetime.now(UTC)
    with Reader(dsn) as reader:
        return Streets.read(reader, View(Bounds(-180, -85, 180, 85), 512, 512, now, now))


@lru_cache(maxsize=1)
def rows(dsn: str) -> tuple[Reader, ColumnCache]:
    """The store's reader and the columns read from it so far: they stay as long as the process."""
    from geodata.store.reader import Reader
    from layers.raster import ColumnCache

    reader = Reader(dsn)
    return reader, ColumnCache(reader)


@cache
def settle() -> None:
    """This process draws densities from now on."""
    os.nice(DENSITY_NICE - NICE)


def answer(request: Any) -> tuple[bytes, bool]:
    """The PNG of a request, and whether it is all there. Raises what drawing raises."""
    if isinstance(request, list):
        return tile(*request)
    from layers import tiles

    settle()
    if request.get("warm"):
        tiles.warm_up()
        return b"", True
    return tiles.density(tiles.TileRequest(**request["request"]), *rows(request["dsn"])), True


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Draw until the input ends."""
    for line in requests:
        try:
            content, whole = answer(json.loads(line))
            word = "ok" if whole else "bare"
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
