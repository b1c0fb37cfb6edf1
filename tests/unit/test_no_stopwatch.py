"""No test may fail because a machine is slow."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
CLOCK = r"(?:perf_counter|monotonic|process_time|thread_time|\w*loop\(\)\.time|loop\.time)\(\)"
BEGAN = re.compile(rf"\b(\w+) = (?:\w+\.)*{CLOCK}$", re.MULTILINE)
REASON = (
    "An assertion that a thing takes less than so many seconds fails on a machine that is slow or busy, and a red "
    "suite costs everybody a day. Say what it must not wait for (hold that back with an event), put `in_time()` around "
    "what must not hang, or use `linear` or `cheaper` of tests/support/patience.py; `make bench` measures speed."
)


def stopwatches(text: str) -> list[str]:
    """Assertions that a time that passed is below a number."""
    names = "|".join(sorted(set(BEGAN.findall(text)))) or r"(?!)"
    passed = rf"{CLOCK} - (?:{names})\b"
    took = set(re.findall(rf"\b(\w+) = (?:\w+\.)*{passed}", text))
    told = "|".join([passed, *(rf"\b{name}" for name in sorted(took))])
    return re.findall(rf"assert [^\n]*(?:{told})[^\n]* <=? [\d.]+.*", text)


def test_no_test_holds_a_stopwatch() -> None:
    found = [
        f"{path.relative_to(TESTS)}: {line}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for line in stopwatches(path.read_text(encoding="utf-8"))
    ]
    assert not found, REASON + "\n" + "\n".join(found)


def test_what_a_stopwatch_looks_like() -> None:
    assert stopwatches("    began = time.monotonic()\n    work()\n    assert time.monotonic() - began < 5\n")
    assert stopwatches(" b = asyncio.get_running_loop().time()\n assert asyncio.get_running_loop().time() - b < 6\n")
    assert stopwatches("    began = perf_counter()\n    took = perf_counter() - began\n    assert took < 2, 'late'\n")
    assert not stopwatches("    end = time.monotonic() + 60\n    assert time.monotonic() < end\n")
    assert not stopwatches("    took = count()\n    assert took < 2\n")
