"""A link shows what its sender saw, and a bad link shows the city."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.state import WINDOW, PageState, bounds_of, initial, place_of
from geodata import areas
from geodata.city import city

HUE = city("hue")
NOW = datetime(2026, 11, 21, 7, 5, tzinfo=UTC)


def opened(state: PageState) -> PageState:
    return initial(HUE, {key: values[-1] for key, values in parse_qs(state.query()).items()})


def test_without_a_link_the_city_is_shown_live() -> None:
    state = initial(HUE, {})
    assert (state.lon, state.lat, state.zoom) == HUE.home
    assert state.live
    assert state.window == WINDOW


def test_a_link_brings_everything_back() -> None:
    state = PageState(
        lon=107.59,
        lat=16.46,
        zoom=13.25,
        shown=frozenset({"buses", "press", "hydrology"}),
        focus="hydrology",
        selected=("field_reports", "open311:PA-26-018432"),
        head=NOW,
        window=timedelta(hours=9),
        as_known=True,
        opacity={"hydrology": 0.8},
        filters={
            "field_reports": {"agency": frozenset({"UBND P. Thuận Hóa ~ 1!", "HEPCO & Cty"}), "level": frozenset("23")}
        },
        by_category=frozenset({"buses"}),
        beside=NOW - timedelta(hours=6),
        observed_property="rain_1h",
    )
    assert opened(state) == state


def test_at_first_a_city_shows_its_calm_choice() -> None:
    assert initial(HUE, {}).shown == frozenset(HUE.home_layers)
    assert set(HUE.home_layers) < set(HUE.services)
    assert opened(replace(initial(HUE, {}), shown=frozenset())).shown == frozenset()


def test_a_link_of_an_earlier_version_takes_layers_away() -> None:
    assert initial(HUE, {"off": "cameras"}).shown == frozenset(HUE.home_layers) - {"cameras"}


@given(st.frozensets(st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1), max_size=4))
def test_any_values_of_a_filter_survive_the_address(values: frozenset[str]) -> None:
    kept = {"cameras": {"agency": values}} if values else {}
    assert opened(replace(initial(HUE, {}), filters=kept)).filters == kept


@given(
    lon=st.floats(-179, 179),
    lat=st.floats(-80, 80),
    zoom=st.floats(4, 19),
    hours=st.integers(1, 600),
    key=st.text(st.characters(categories=("L", "N"), include_characters=":-"), min_size=1, max_size=30),
)
def test_any_state_survives_the_address(lon: float, lat: float, zoom: float, hours: int, key: str) -> None:
    state = PageState(lon=lon, lat=lat, zoom=zoom, selected=("cameras", key), window=timedelta(hours=hours))
    back = opened(state)
    assert back.selected == ("cameras", key)
    assert back.window == timedelta(hours=hours)
    assert back.lon == pytest.approx(lon, abs=1e-5)
    assert back.lat == pytest.approx(lat, abs=1e-5)


@pytest.mark.parametrize(
    "query",
    [
        {"v": "north"},
        {"v": "95,200,12"},
        {"v": "16,107"},
        {"t": "yesterday"},
        {"t": "999999999999999"},
        {"w": "-5"},
        {"o": "hydrology"},
        {"s": "hydrology"},
        {"f": "<script>"},
        {"off": "a b,<i>"},
        {"b": "noon"},
        {"q.cameras.password": "x"},
        {"q.<i>.state": "late"},
    ],
)
def test_a_bad_link_falls_back(query: dict[str, str]) -> None:
    assert initial(HUE, query) == initial(HUE, {})


def test_the_view_of_a_past_moment_as_it_was_known() -> None:
    state = replace(initial(HUE, {}), head=NOW - timedelta(hours=2), as_known=True)
    view = state.view(1000, 600, NOW)
    assert view.end == view.known_at == NOW - timedelta(hours=2)
    assert view.start == view.end - WINDOW
    live = replace(state, head=None).view(1000, 600, NOW)
    assert live.end == NOW
    assert live.known_at is None


@given(zoom=st.floats(6, 18), width=st.integers(200, 4000), height=st.integers(200, 2200))
def test_place_and_bounds_are_inverse(zoom: float, width: int, height: int) -> None:
    box = bounds_of(107.6, 16.5, zoom, width, height).mercator
    found = place_of(*box, width_px=width)
    assert found == pytest.approx((107.6, 16.5, zoom))


@pytest.mark.parametrize(
    "code",
    [
        areas.drawn([(107.58, 16.46), (107.6, 16.46), (107.59, 16.48)]).code,
        areas.circle(107.59, 16.46, 500, "Cầu Trường Tiền, 26 & 27").code,
        "w19789",
        "swarnings~vrain@example.vn,B-1,2026-11-22T05:00:00Z",
    ],
)
def test_an_area_survives_the_address(code: str) -> None:
    state = replace(initial(HUE, {}), area=code)
    assert opened(state).area == code
    assert initial(HUE, {"a": f"?{code}"}).area is None
