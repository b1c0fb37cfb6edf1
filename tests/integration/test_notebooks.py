"""Every notebook runs from top to bottom against a small store, all in one kernel, each from an empty name space."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from geodata import catalogue
from tests.support import scene
from tests.support.cluster import TestCluster
from tests.support.layer_rows import binding, rows_of
from tests.support.sync_store import SyncStore

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

SHOWN: Mapping[str, Sequence[tuple[str, str]]] = {
    "01_first_look": (("text/html", "receiving"), ("text/html", "quá 6 giờ"), ("text/html", "Bokeh")),
    "02_a_year_of_fixes": (("image/png", ""), ("text/html", "trên 10 ngày"), ("text/html", "Bokeh")),
    "03_deadlines_honestly": (("text/html", "chỉ vụ đã đóng"), ("text/html", "UBND phường Thuận Hóa")),
    "04_a_day_across_all_services": (("image/png", ""), ("text/html", "như đã biết")),
    "05_air_by_vn_aqi": (("image/png", ""), ("text/html", "Bokeh")),
    "06_three_more_cameras": (("text/plain", "không thấy"), ("text/html", "thấy thêm"), ("text/html", "Bokeh")),
    "07_another_limit": (("text/html", "biết hôm nay"), ("text/html", "mỗi ca 8 giờ"), ("text/html", "Bokeh")),
}
"""What must be among the outputs, by MIME type. A notebook that is not named here must run."""


def outputs(notebook: nbformat.NotebookNode, kind: str) -> list[str]:
    """The outputs of that MIME type, in order."""
    return [
        str(output["data"][kind])
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if kind in output.get("data", {})
    ]


@pytest.fixture(scope="module")
def kernel(cluster: TestCluster) -> Iterator[KernelManager]:
    """A kernel that reads a store of four services with a past and uneven rows of all others."""
    now = datetime.now(UTC)
    with cluster.fresh() as name, tempfile.TemporaryDirectory() as folder:
        with SyncStore(cluster.dsn("ingest", name)) as store:
            scene.fill(store, now)
            for service in catalogue.services().values():
                if service.id != "platform" and service.id not in scene.BINDINGS:
                    store.write(binding(service.id), rows_of(service, now))
        where = {"VONGLAU_DSN": cluster.admin_dsn(name), "VONGLAU_DATA": folder, "VONGLAU_CITY": "hue"}
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(env={**os.environ, **where}, cwd=folder)
        try:
            yield manager
        finally:
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path: Path, kernel: KernelManager) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))  # what another notebook imported must not help
    client = NotebookClient(notebook, timeout=180, km=kernel)
    try:
        client.execute()
    finally:
        assert client.kc is not None
        client.kc.stop_channels()  # the kernel is not the client's, so the client leaves them open
    for kind, wanted in SHOWN.get(path.stem, ()):
        assert any(wanted in text for text in outputs(notebook, kind)), f"{wanted!r} among the {kind} outputs"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_six_questions_are_answered() -> None:
    assert set(SHOWN) <= {path.stem for path in NOTEBOOKS}
