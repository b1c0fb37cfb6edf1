"""libav at arm's length: one child process, asked over pipes, killed when it hangs, started again when it is gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from itertools import count
from typing import Any

from sources._camera_state import Blind, Failed

GRACE_S = 3.0
"""So long after its limit a request has hung, and the process is killed."""

MAX_ANSWER_B = 8 << 20
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
"""What the child may know: no secret of ours."""


class Libav:
    """``picture`` and ``segment`` may be called by any number of tasks. Close it."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[tuple[dict[str, Any], bytes]]] = {}
        self._owed: dict[int, float] = {}  # every answer not yet there, also one that nobody waits for any more
        self._ids = count(1)
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the child; None while there is none."""
        return self._process.pid if self._process else None

    async def picture(self, url: str, limit_s: float) -> bytes | Failed | Blind:
        """A small JPEG of what an RTSP stream shows now."""
        return await self._ask({"url": url, "limit_s": limit_s}, b"", limit_s)

    async def segment(self, data: bytes, limit_s: float) -> bytes | Failed | Blind:
        """A small JPEG of the first picture of a segment, MPEG-TS or fragmented MP4 with its beginning."""
        form = "mpegts" if data[:1] == b"\x47" else "mp4" if data[4:8] in {b"ftyp", b"styp", b"moof"} else None
        if form is None:
            return Failed("a segment that is no video")
        return await self._ask({"form": form}, data, limit_s)

    async def close(self) -> None:
        """Ends the child. Safe to call twice."""
        process, self._process = self._process, None
        self._owed.clear()
        if process is not None:
            _kill(process)
            await process.wait()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None

    async def _ask(self, request: dict[str, Any], data: bytes, limit_s: float) -> bytes | Failed | Blind:
        async with self._starting:
            process = await self._started()
        number = next(self._ids)
        answer: asyncio.Future[tuple[dict[str, Any], bytes]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._owed[number] = asyncio.get_running_loop().time() + limit_s + GRACE_S
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps({**request, "id": number, "size": len(data)}).encode() + b"\n" + data)
            await process.stdin.drain()
            async with asyncio.timeout(limit_s + GRACE_S):
                head, jpeg = await answer
        except TimeoutError:
            if self._process is process:
                await self.close()  # a thread hangs where no time-out reaches it
            return Failed("no picture in time")
        except OSError:  # it is gone, and so are all answers
            return Blind("the decoder ended")
        finally:
            self._waiting.pop(number, None)
        if "error" in head:
            words = str(head["error"])
            return Blind(words) if head.get("blind") or words.startswith("refused") else Failed(words)
        return jpeg

    async def _started(self) -> Process:
        hung = any(end < asyncio.get_running_loop().time() for end in self._owed.values())
        if self._process is not None and self._process.returncode is None and not hung:
            return self._process
        await self.close()
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        command = (sys.executable, "-m", "sources._camera_worker")
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL, env=environment, limit=MAX_ANSWER_B
        )
        self._reading = asyncio.create_task(self._read(self._process))
        return self._process

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        mine = self._waiting
        try:
            while line := await process.stdout.readline():
                head = json.loads(line)
                jpeg = await process.stdout.readexactly(int(head["size"]))
                self._owed.pop(head["id"], None)
                answer = mine.get(head["id"])
                if answer is not None and not answer.done():
                    answer.set_result((head, jpeg))
        except (ValueError, KeyError, asyncio.IncompleteReadError):
            pass
        finally:
            _kill(process)
            if self._process is process:
                self._process = None
            for answer in mine.values():  # whoever crashed it: nothing is said about any of these cameras
                if not answer.done():
                    answer.set_exception(BrokenPipeError())


def _kill(process: Process) -> None:
    """Not by ``Process.kill``, which would take the end of the child from the loop that waits for it."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
