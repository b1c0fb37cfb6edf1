"""Every notebook runs from top to bottom against a small store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from psycopg.conninfo import conninfo_to_dict

from geodata.store.types import Role
from tests.support import scene
from tests.support.cluster import TestCluster
from tests.support.sync_store import SyncStore

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def outputs(notebook: nbformat.NotebookNode, kind: str) -> list[str]:
    """The outputs of that MIME type, in order."""
    return [
        output["data"][kind]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if kind in output.get("data", {})
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(
    path: Path,
    cluster: TestCluster,
    dsn: Callable[[Role], str],
    store: SyncStore,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    scene.fill(store, datetime.now(UTC))
    monkeypatch.setenv("VONGLAU_DSN", cluster.admin_dsn(str(conninfo_to_dict(dsn("read"))["dbname"])))
    monkeypatch.setenv("VONGLAU_DATA", str(tmp_path))
    monkeypatch.setenv("VONGLAU_CITY", "hue")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    assert len(outputs(notebook, "image/png")) >= 1, "the still picture is shown"
    assert any("receiving" in text for text in outputs(notebook, "text/html"))
    assert any("quá 6 giờ" in text for text in outputs(notebook, "text/html")), "the table speaks Vietnamese"
    assert any("Bokeh" in text for text in outputs(notebook, "text/html")), "the live map is shown"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
