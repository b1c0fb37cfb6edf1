"""The planner's filters and colours: what a hand on a chip changes in the state, and what the map says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.pages.filters import MOST_DOTS
from app.panels.filter_chips import FilterChips
from app.panels.layer_tree import value_text
from app.state import FILTERS
from layers import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.pages.planner import Planner


class Sieve:
    """Belongs to one ``Planner``; ``planner.state.filters`` and ``by_category`` are the truth."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        text = planner.text
        self.chips = FilterChips(words=text.table("filter"))
        planner.tree.on("filter", lambda m: self.flip(planner.state.focus, str(m["column"]), str(m["value"])))
        planner.tree.on("unfilter", lambda m: self.clear(planner.state.focus))
        planner.tree.on("by", lambda m: self.color(by_category=m.get("by") == "category"))
        self.chips.on("filter", lambda m: self.flip(str(m["service"]), str(m["column"]), str(m["value"])))
        self.chips.on("unfilter", lambda m: self.clear(None))

    def flip(self, service: str | None, column: str, value: str) -> None:
        """Keep a value of a column, or no longer keep it; without any value all rows are kept."""
        if service is None or column not in FILTERS:
            return
        filters = self.planner.state.filters
        kept = filters.get(service, {})
        values = kept.get(column, frozenset()) ^ {value}
        changed = {name: found for name, found in {**kept, column: values}.items() if found}
        self._put({**filters, service: changed}, {service})

    def clear(self, service: str | None) -> None:
        """Take the filters of a layer away; of all layers without one."""
        filters = self.planner.state.filters
        names = set(filters) if service is None else {service}
        self._put({name: kept for name, kept in filters.items() if name not in names}, names)

    def _put(self, filters: Mapping[str, Mapping[str, frozenset[str]]], names: set[str]) -> None:
        planner = self.planner
        planner.state = replace(planner.state, filters={name: kept for name, kept in filters.items() if kept})
        planner.refresh_blocks()
        planner.reload(names)

    def color(self, *, by_category: bool) -> None:
        """Colour the layer in focus by category, or by state alone."""
        planner, name = self.planner, self.planner.state.focus
        if name is not None:
            rest = planner.state.by_category - {name}
            planner.state = replace(planner.state, by_category=rest | {name} if by_category else rest)
            planner.refresh_blocks()
            planner.reload([name])

    def show(self) -> None:
        """The chips on the map: a filtered layer is never shown without its filter beside it."""
        planner, text = self.planner, self.planner.text
        chips = []
        for service, kept in sorted(planner.state.filters.items()):
            if service not in planner.visible():
                continue
            title = planner.city.catalogue()[service].short(text.language)
            for column, values in kept.items():
                for value in sorted(values):
                    word = value_text(service, column, value, text)
                    chips.append({"service": service, "column": column, "value": value, "title": f"{title}: {word}"})
        self.chips.show({"chips": chips, "note": self._note()})

    def _note(self) -> str | None:
        """What a density with a filter is of: only the rows that it keeps, by their newest places."""
        text, services = self.planner.text, self.planner.city.catalogue()
        told = [
            text(
                "filter.density",
                name=services[picture.service].short(text.language),
                n=words.number(picture.count or 0, 0, text.language),
                total=words.number(picture.total, 0, text.language),
            )
            for picture in self.planner.pictures.values()
            if picture.filtered and picture.dotted and (picture.count or 0) > MOST_DOTS
        ]
        return " ".join(told) or None
