"""A finding in words, as ``geodata.watch.spoken`` says it: pages and what is sent out say the same."""

from __future__ import annotations

from geodata.watch.spoken import LISTED, Spoken, filled, named, spoken, written

__all__ = ["LISTED", "Spoken", "filled", "named", "spoken", "written"]
