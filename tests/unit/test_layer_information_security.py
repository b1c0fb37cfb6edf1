"""Information security: the worst that is open, one cause for many losses, and never an address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import geopandas as gpd
import pytest

from layers.information_security import InformationSecurity
from tests.support.asset_frames import NOW, events, observations, place, results, things, view

LAYER = InformationSecurity()
HOST = "vpub.hue.gov.vn"


def site(key: str, i: int, **more: Any) -> dict[str, Any]:
    return {"id": f"site:{key}", "name": f"Cổng {key}", "category": "site", "geometry": place(i), **more}


SITES = things(
    site("tram", 0),
    site("a", 1),
    site("b", 2),
    site("c", 3),
    site("d", 4, agency="so_y_te"),
    {"id": f"site:{HOST}", "name": f"https://{HOST}/", "agency": "so_y_te", "geometry": place(5)},
)


def alert(key: str, thing: str | None, severity: int, category: str = "availability", **more: Any) -> dict[str, Any]:
    parent = {"parent": more.pop("parent")} if "parent" in more else {}
    row = {"id": key, "thing_id": thing, "severity": severity, "category": category, "status": "firing"}
    usual = {"title": f"Cảnh báo {key}", "time": NOW - timedelta(hours=3), "properties": parent}
    return row | usual | more


ALERTS = events(
    alert("line", "site:tram", 5),
    alert("a", "site:a", 3, parent="tram"),
    alert("b", "site:b", 3, parent="tram"),
    alert("over", "site:c", 5, "attack", end_time=NOW - timedelta(hours=1), status="resolved"),
    alert("host", f"site:{HOST}", 5, "attack", title=f"Tấn công vào {HOST} từ 10.1.2.3"),
    alert("homeless", None, 4, "leak", geometry=place(6)),
)
PROBES = observations(
    *results("site:a", up="down", response_time=10000.0),
    *results("site:b", up="down"),
    *results("site:c", up="up", certificate_days=5.0),
    *results("site:d", up="up", response_time=120.0, uptime=99.95),
    *results(f"site:{HOST}", up="up"),
)


def frame() -> gpd.GeoDataFrame:
    return LAYER.classify(SITES, PROBES, ALERTS, view())


def test_what_hangs_on_a_lost_line_is_counted_at_the_line() -> None:
    found = frame()
    assert found.loc["site:tram", ["condition", "level", "below"]].tolist() == ["line", 3, 2]
    assert found.loc[["site:a", "site:b"], "condition"].tolist() == ["explained", "explained"]
    assert not found.loc[["site:a", "site:b"], "level"].any()
    assert LAYER.inspect(found.loc["site:a"], "vi")["Mất theo"] == "Cổng tram"


def test_alerts_that_are_over_count_no_more() -> None:
    found = frame()
    assert found.loc["site:c", "condition"] == "certificate_near"
    assert found.loc["site:d", "condition"] == "reached"


def test_an_alert_without_a_system_has_a_row_of_its_own() -> None:
    found = frame()
    assert found.loc["homeless", ["condition", "level"]].tolist() == ["high", 3]
    assert found.loc["homeless", "source"] == "test"
    assert LAYER.count(found) == len(SITES), "it is no system"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_host_and_no_address_is_ever_told(language: str) -> None:
    found = frame()
    told = LAYER.table(found, language).to_csv() + found.drop(columns="geometry").to_csv()
    assert HOST not in told
    assert "10.1.2.3" not in told
    (hidden,) = [key for key in found.index if key not in SITES.index and key != "homeless"]
    assert found.loc[hidden, "name"] == "Hệ thống của Sở Y tế"
    assert found.loc[hidden, "level"] == 4
    assert LAYER.draw(found, view(17)).dframe().to_csv().find(HOST) == -1


def test_a_loss_of_two_minutes_waits() -> None:
    young = events(alert("a", "site:a", 3, time=NOW - timedelta(seconds=60)))
    found = LAYER.classify(SITES, observations(*results("site:a", up="down")), young, view())
    assert found.loc["site:a", "level"] == 2, "its own alert says that it is down"
    found = LAYER.classify(SITES, observations(*results("site:a", up="down")), events(), view())
    assert found.loc["site:a", "condition"] == "down"


def test_a_lost_feed_hides_everything() -> None:
    things_, probes, alerts = (one.assign(feed="down") for one in (SITES, PROBES, ALERTS))
    found = LAYER.classify(things_, probes, alerts, view())
    assert set(found["state"]) == {"unknown"}
    assert not found["level"].any()


def test_the_legend_counts_each_row_once() -> None:
    items = LAYER.legend(frame())
    assert sum(i.count or 0 for i in items) == len(frame())
    assert [i.level for i in items] == sorted(i.level for i in items)


@pytest.mark.parametrize(("zoom", "shields", "dots"), [(8.5, 4, 0), (11.0, 4, 3), (14.0, 7, 0)])
def test_from_afar_only_what_needs_acting_on(zoom: float, shields: int, dots: int) -> None:
    marks = list(LAYER.draw(frame(), view(zoom)).dimension_values("mark"))
    assert (marks.count("shield"), marks.count("dot")) == (shields, dots)


def test_the_panel_says_since_when_and_how_many() -> None:
    told = LAYER.inspect(frame().loc["site:tram"], "vi")
    assert told["Cảnh báo đang mở"] == "1"
    assert told["Từ lúc"] == "21/11/2026 11:05"
    assert told["Hệ thống mất theo"] == "2"
    assert LAYER.inspect(frame().loc["site:d"], "en")["Uptime"] == "99.95%"


def test_nothing_and_odd_things_raise_nothing() -> None:
    assert LAYER.classify(things(), observations(), events(), view()).empty
    odd = events({"id": "e"}, {"id": "f", "thing_id": "nobody", "severity": None, "title": None})
    found = LAYER.classify(things({"id": "x"}), observations(*results("x", up="what", certificate=2.0)), odd, view())
    assert all(LAYER.inspect(row, "en") for _, row in found.iterrows())
    LAYER.draw(found, view())
