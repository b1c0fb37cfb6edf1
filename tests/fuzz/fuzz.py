"""``make fuzz``: every adapter's ``parse``, found by name, on mutated recordings for so many seconds each.

Asserted is what ``tests/support/kit.py`` asserts of any rows: nothing raised, finite numbers, aware times, places on
the globe, bounded payloads. Besides, no payload of at most 512 KiB may take more than 5 s or 512 MiB. Each adapter runs
in a process of its own: one that hangs in C or is killed for its memory leaves the payload it was reading.
"""

from __future__ import annotations

import contextlib
import faulthandler
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

import click
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from sources.base import Options, Source, names, protocol
from tests.fuzz.mutate import some
from tests.support.kit import assert_sound, parse, recorded

EXAMPLE_S = 5.0
EXAMPLE_MB = 512
PROCESS_MB = 4096
SHRINK_S = 5.0
PER_EXAMPLE = 4
QUIET = settings(
    max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None, print_blob=False,
    phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False,
)  # fmt: skip
HANG_S = 60.0
"""A payload that holds a parser so long outside Python ends the process."""


class TooSlow(BaseException):
    """Not an Exception: an adapter that catches everything must not catch this."""


class Findings(AssertionError):
    """A payload that a parser does not bear."""


@contextlib.contextmanager
def guard() -> Iterator[None]:
    """Raises Findings for what takes more than EXAMPLE_S or lets the process grow by more than EXAMPLE_MB."""

    def late(*_: object) -> None:
        raise TooSlow

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, EXAMPLE_S)
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    try:
        yield
    except TooSlow:
        raise Findings(f"more than {EXAMPLE_S:g} s for one payload") from None
    except MemoryError:
        raise Findings(f"more than {PROCESS_MB} MiB for one payload") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    if grown > EXAMPLE_MB:
        raise Findings(f"{grown} MiB for one payload")


def read(source: Source[Options], payload: bytes) -> None:
    """One payload through ``parse`` under guard. Raises whatever is wrong with it."""
    with guard():
        rows = parse(source, payload)
        assert_sound(source, rows)


class Over(KeyboardInterrupt):
    """The time is over; hypothesis lets this one through."""


@dataclass(slots=True)
class Hunt:
    """Reads mutated recordings until ``seconds`` are over, or a finding was made smaller for ``SHRINK_S``."""

    source: Source[Options]
    current: Path
    seconds: float
    count: int = 0
    smallest: tuple[bytes, Exception] | None = None
    end: float = field(init=False)

    def __post_init__(self) -> None:
        self.end = time.monotonic() + self.seconds

    def run(self, number: int) -> None:
        """Rounds of hypothesis, each with a seed of its own."""
        payloads = [path.read_bytes() for path in recorded(self.source)]

        def example(random: Random, start: int) -> None:
            if time.monotonic() > self.end:
                raise Over
            for _ in range(PER_EXAMPLE):  # drawing from hypothesis costs more than most parsers
                self.read(some(payloads[start], random))

        drawn = {"random": st.randoms(use_true_random=True), "start": st.integers(0, len(payloads) - 1)}
        with contextlib.suppress(Over):
            while self.smallest is None:
                try:
                    seed(number)(QUIET(given(**drawn)(example)))()
                except Exception:
                    if self.smallest is None:
                        raise  # ours or hypothesis's, not the parser's
                number += 1

    def read(self, payload: bytes) -> None:
        self.count += 1
        self.current.write_bytes(payload)
        try:
            read(self.source, payload)
        except Exception as error:
            if self.smallest is None:
                self.end = time.monotonic() + SHRINK_S
            if self.smallest is None or len(payload) < len(self.smallest[0]):
                self.smallest = payload, error
            raise


def child(name: str, seconds: float, first_seed: int, folder: Path) -> int:
    """Exit status 0 when nothing was found. Run in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (PROCESS_MB << 20, PROCESS_MB << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    current = folder / f"{name}.current"
    source = protocol(name)
    hunt = Hunt(source, current, seconds)
    hunt.run(first_seed)
    if hunt.smallest is None:
        current.unlink(missing_ok=True)
        click.echo(f"{name}: {hunt.count} payloads, nothing found")
        return 0
    payload, error = hunt.smallest
    current.write_bytes(payload)
    sys.stderr.write("".join(traceback.format_exception(error)[-3:]))
    click.echo(f"{name}: FOUND {type(error).__name__} {str(error)[:200]!r} after {hunt.count} payloads")
    click.echo(again(name, keep(name, current)))
    return 1


def keep(name: str, current: Path) -> Path:
    """The payload under a name of its own."""
    payload = current.read_bytes()
    kept = current.with_name(f"{name}-{sha256(payload).hexdigest()[:12]}.bin")
    current.replace(kept)
    return kept


def again(name: str, kept: Path) -> str:
    return f"  again: python -m tests.fuzz.fuzz --adapter {name} --payload {kept}"


def watch(name: str, seconds: float, first_seed: int, folder: Path) -> bool:
    """Whether the adapter's process found nothing; one that died leaves its payload."""
    command = ["timeout", str(seconds + SHRINK_S + HANG_S + 30), sys.executable, "-m", "tests.fuzz.fuzz", "--child"]
    command += ["--adapter", name, "--seconds", str(seconds), "--seed", str(first_seed), "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    click.echo(done.stdout.rstrip() if done.stdout else f"{name}: its process died with status {done.returncode}")
    if done.returncode:
        click.echo(done.stderr[-3000:])
        current = folder / f"{name}.current"
        if current.exists():
            click.echo(again(name, keep(name, current)))
    return done.returncode == 0


@click.command()
@click.option("--seconds", default=20.0, show_default=True, help="For each adapter.")
@click.option("--adapter", "chosen", multiple=True, help="Only these. Repeatable.")
@click.option("--seed", "first_seed", type=int, default=None, help="Default: another one each time; printed.")
@click.option("--jobs", default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("build/fuzz"))
@click.option("--payload", type=click.Path(path_type=Path, exists=True), help="Only read this one file again.")
@click.option("--child", "is_child", is_flag=True, hidden=True)
def main(
    seconds: float,
    chosen: tuple[str, ...],
    first_seed: int | None,
    jobs: int,
    folder: Path,
    payload: Path | None,
    is_child: bool,
) -> None:
    """Mutated recordings against every parser. Exit status 1 when one does not bear them."""
    if payload is not None:
        read(protocol(chosen[0]), payload.read_bytes())
        click.echo(f"{chosen[0]}: reads it")
        return
    folder.mkdir(parents=True, exist_ok=True)
    number = int(time.time()) if first_seed is None else first_seed
    if is_child:
        sys.exit(child(chosen[0], seconds, number, folder))
    click.echo(f"seed {number}")
    with ThreadPoolExecutor(jobs) as pool:
        well = list(pool.map(lambda name: watch(name, seconds, number, folder), chosen or names()))
    sys.exit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
