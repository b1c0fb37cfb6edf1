"""The address of the basemap changes with its geography."""

from __future__ import annotations

import re

from app.handlers import TILE
from app.pages.pictures import basemap_url


def test_an_import_of_geography_gives_the_basemap_another_address() -> None:
    before, after = (basemap_url("desk", "6921a0b4", versions) for versions in ({}, {"geography": 3, "traffic": 9}))
    assert before != after
    for url in (before, after):
        assert re.fullmatch(TILE, url.format(Z=9, X=1, Y=2))


def test_other_services_do_not_change_it() -> None:
    assert basemap_url("wall", "b", {"traffic": 1}) == basemap_url("wall", "b", {"traffic": 2})
