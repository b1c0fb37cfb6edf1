"""The bindings of a simulated city: made alike, written whole."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator.errors import BindingsUnwritable


def binding(source: str, protocol: str, service: str, titles: tuple[str, str], **rest: Any) -> SourceBinding:
    """A source of ours. ``titles`` are Vietnamese and English and end in (mô phỏng) and (simulated)."""
    own = {"operator": "Vọng Lâu", "license": "CC0-1.0", **rest}
    return SourceBinding(
        id=source, protocol=protocol, service=service, title_vi=titles[0], title_en=titles[1], simulated=True, **own
    )


def write(path: Path, bindings: Sequence[SourceBinding]) -> None:
    """The bindings file of ``vonglau ingest``: a JSON list, complete or not there. Raises BindingsUnwritable."""
    rows = [binding.model_dump(mode="json", exclude_none=True) for binding in bindings]
    write_whole(path, json.dumps(rows, ensure_ascii=False, indent=1), "--bindings")


def write_whole(path: Path, text: str, option: str) -> None:
    """Write beside the file, then rename, so that no reader sees half of it. Raises BindingsUnwritable."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise BindingsUnwritable(path=path, reason=error.strerror or error, option=option) from error
