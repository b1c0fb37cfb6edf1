"""``vonglau watch`` and ``vonglau desk`` as a person calls them, on one city with one warning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from shapely.geometry import box

from app.cli import Commands
from geodata.city import SourceBinding
from geodata.records import Alert
from geodata.settings import Settings
from geodata.store.connect import database
from geodata.store.findings import FindingStore
from geodata.store.types import Role
from tests.support.cluster import TestCluster
from tests.support.sync_store import SyncStore

Run = Callable[..., str]
NOW = datetime.now(UTC).replace(microsecond=0)
WARNING = Alert(
    sender="kttv",
    identifier="1",
    sent=NOW - timedelta(hours=2),
    status="Actual",
    msg_type="Alert",
    severity="Severe",
    headline="Tin lũ khẩn cấp trên sông Hương",
    area_desc="Hạ lưu sông Hương",
    expires=NOW + timedelta(hours=6),
    geometry=box(107.4, 16.3, 107.7, 16.6),
)


@pytest.fixture
def run(cluster: TestCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """``run("desk", …)`` is what it printed; it fails when the command did."""
    with cluster.fresh() as name:

        def dsn(role: Role) -> str:
            return cluster.dsn(role, name)

        binding = SourceBinding(
            id="cap", protocol="cap", title_vi="nguồn", title_en="feed", service="warnings", simulated=True
        )
        with SyncStore(dsn("ingest")) as store:
            store.write(binding, [WARNING])
        monkeypatch.setenv("VONGLAU_DSN", cluster.admin_dsn(name))
        monkeypatch.setenv("VONGLAU_CITY", "hue")

        def call(*arguments: str) -> str:
            done = CliRunner().invoke(Commands(), arguments)
            assert done.exit_code == 0, f"{done.output}{done.exception!r}"
            return done.output

        yield call


@pytest.fixture
def turn(run: Run) -> Callable[[], AbstractContextManager[None]]:
    """Within its block a watch has its turn."""
    del run  # its environment

    @contextmanager
    def held() -> Iterator[None]:
        with database(Settings.from_environ(), "watch") as db, FindingStore(db.dsn) as store:
            assert store.turn()
            yield

    return held


def test_from_a_warning_to_a_closed_case(run: Run, turn: Callable[[], AbstractContextManager[None]]) -> None:
    assert run("desk") == "Không tiến trình nào canh: việc mới chưa được phát hiện.\n"
    with turn():
        assert run("desk") == "không có việc cần xử lý\n"
    told = json.loads(run("watch", "--once", "--json"))
    assert told["failed"] == {}
    assert [(c["what"], c["rule"], c["level"]) for c in told["changes"]] == [("open", "warnings.in_force", 3)]
    (row,) = json.loads(run("desk", "--json"))
    number = str(row["id"])
    assert "Tin lũ khẩn cấp trên sông Hương" in run("desk")
    run("desk", "acknowledge", number)
    run("desk", "note", number, "đã gọi phường Thuận Hóa")
    shown = run("desk", "show", number)
    assert "đã gọi phường Thuận Hóa" in shown
    assert "acknowledge" in shown
    assert "kttv,1," in shown
    run("desk", "handover", "ca sau theo dõi sông Hương")
    run("desk", "close", number, "--reason", "diễn tập")
    assert run("desk", "--lang", "en").startswith("No watch has looked since ")
    with turn():
        assert run("desk", "--lang", "en") == "nothing to act on\n"
    assert json.loads(run("watch", "--once", "--json"))["changes"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("desk", "acknowledge", "999"), "no open finding is named '999'"),
        (("watch", "--once", "--rule", "no.rule"), "no rule is named 'no.rule'"),
    ],
)
@pytest.mark.usefixtures("run")
def test_one_clear_line(arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(Commands(), arguments)
    assert done.exit_code != 0
    assert said in f"{done.output}{done.exception}"
