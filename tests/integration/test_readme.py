"""The example of the README runs as it stands, and what the README names is there."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from geodata.store.types import Role
from tests.support import scene
from tests.support.cluster import TestCluster
from tests.support.sync_store import SyncStore

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_run(
    cluster: TestCluster,
    dsn: Callable[[Role], str],
    store: SyncStore,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    scene.fill(store, datetime.now(UTC))
    monkeypatch.setenv("VONGLAU_DSN", cluster.admin_dsn(str(conninfo_to_dict(dsn("read"))["dbname"])))
    monkeypatch.setenv("VONGLAU_DATA", str(tmp_path))
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 2
    for code in examples:
        names: dict[str, object] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # HoloViews warns of a DynamicMap that no notebook shows
            exec(code, names)
        if "frame" in names:
            assert len(names["frame"]) > 0  # type: ignore[arg-type]  # a frame of the example
        names["reader"].close()  # type: ignore[attr-defined]


def test_every_file_that_the_readme_links_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
