"""People by the wards that tell them. A ward under the minimum cell is in no sum."""

from __future__ import annotations

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import small_numbers
from geodata.watch.frames import Frames

SERVICE = "population"


def wards(frames: Frames) -> measure.Now:
    """The wards and cells with a number of people that may be told."""
    known = frames.city.catalogue().get(SERVICE)
    least = (known.minimum_cell if known else None) or 0
    found = measure.now(frames, SERVICE).telling("population")
    return found.only([small_numbers.told(n, least) for n in found.numbers("population")], "too_small")


@indicator
def people(frames: Frames) -> Figure:
    found = wards(frames)
    return measure.total(found.rows, list(found.numbers("population")), found.left_out)


@indicator
def over_60(frames: Frames) -> Figure:
    """Weighted by the people of each ward."""
    found = wards(frames).telling("over_60")
    all_ = found.numbers("population")
    old = float((found.numbers("over_60") * all_).sum()) / 100
    return measure.share(found.rows, old, float(all_.sum()), found.left_out, sampled=False)
