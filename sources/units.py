"""UCUM codes for the ways in which sources write units. Source: the UCUM table (ucum.org), QUDT and OM local names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from lark import Lark
from lark.exceptions import LarkError
from ucumvert import InvalidUcumError, get_ucum_parser

USUAL: Mapping[str, str] = {
    **dict.fromkeys(("µg/m³", "μg/m³", "µg/m3", "μg/m3", "ug/m³", "ug/m3", "microgrampercubicmeter"), "ug/m3"),
    **dict.fromkeys(("mg/m³", "mg/m3", "milligrampercubicmeter"), "mg/m3"),
    **dict.fromkeys(("mg/l", "mg/L", "milligramperliter"), "mg/L"),
    **dict.fromkeys(("ppm", "partspermillion"), "[ppm]"),
    **dict.fromkeys(("ppb", "partsperbillion"), "[ppb]"),
    **dict.fromkeys(("°C", "℃", "degC", "deg C", "ºC", "celsius", "degree celsius", "degreecelsius", "oC"), "Cel"),
    **dict.fromkeys(("°F", "degF", "degree fahrenheit", "degreefahrenheit"), "[degF]"),
    **dict.fromkeys(("%", "percent", "% RH", "%RH", "phần trăm"), "%"),
    **dict.fromkeys(("m", "metre", "meter", "mét"), "m"),
    **dict.fromkeys(("cm", "centimetre", "centimeter"), "cm"),
    **dict.fromkeys(("mm", "millimetre", "millimeter"), "mm"),
    **dict.fromkeys(("km", "kilometre", "kilometer"), "km"),
    **dict.fromkeys(("mm/h", "mm/giờ", "millimeterperhour", "millimetre per hour"), "mm/h"),
    **dict.fromkeys(("m³/s", "m3/s", "cumec", "cubicmeterpersecond"), "m3/s"),
    **dict.fromkeys(("m³/h", "m3/h", "cubicmeterperhour"), "m3/h"),
    **dict.fromkeys(("m³", "m3", "cubicmeter"), "m3"),
    **dict.fromkeys(("10⁶m³", "10^6 m3", "triệu m³", "triệu m3"), "10*6.m3"),
    **dict.fromkeys(("m/s", "meterpersecond", "metre per second"), "m/s"),
    **dict.fromkeys(("km/h", "kilometerperhour"), "km/h"),
    **dict.fromkeys(("kn", "kt", "knot", "knots"), "[kn_i]"),
    **dict.fromkeys(("°", "deg", "degree", "degrees"), "deg"),
    **dict.fromkeys(("hPa", "hectopascal", "mbar", "millibar"), "hPa"),
    **dict.fromkeys(("Pa", "pascal"), "Pa"),
    **dict.fromkeys(("W", "watt"), "W"),
    **dict.fromkeys(("kW", "kilowatt"), "kW"),
    **dict.fromkeys(("kWh", "kW.h", "kilowatthour"), "kW.h"),
    **dict.fromkeys(("V", "volt"), "V"),
    **dict.fromkeys(("A", "ampere"), "A"),
    **dict.fromkeys(("W/m²", "W/m2"), "W/m2"),
    **dict.fromkeys(("dB(A)", "dBA", "dB"), "dB[SPL]"),
    **dict.fromkeys(("s", "second", "giây"), "s"),
    **dict.fromkeys(("min", "minute", "phút"), "min"),
    **dict.fromkeys(("h", "hour", "giờ"), "h"),
    **dict.fromkeys(("µS/cm", "μS/cm", "uS/cm"), "uS/cm"),
    **dict.fromkeys(("NTU",), "[NTU]"),
    **dict.fromkeys(("pH",), "1"),
    **dict.fromkeys(("1", "", "count", "số lượng", "index", "unitless", "dimensionless"), "1"),
}


def ucum(*names: str | None, more: Mapping[str, str] | None = None) -> str | None:
    """The UCUM code that the first known of ``names`` (symbol, definition, name) means; None when none is known.

    ``more`` is looked at first. A definition may be ``ucum:ug/m3`` or a URI whose last part is a unit's name.

    >>> ucum("µg/m³"), ucum("ucum:m3/s"), ucum("http://qudt.org/vocab/unit#DegreeCelsius"), ucum("furlongs")
    ('ug/m3', 'm3/s', 'Cel', None)
    """
    for name in names:
        if name is None:
            continue
        plain = name.strip()
        last = plain.rstrip("/").replace("#", "/").rpartition("/")[2] if "://" in plain else plain
        if more and (found := more.get(plain) or more.get(last)):
            return found
        if plain.casefold().startswith("ucum:") and is_ucum(plain[5:]):
            return plain[5:]
        if found := USUAL.get(last) or _folded().get(last.casefold()):
            return found
    return next((plain for name in names if name and (plain := name.strip()) and is_ucum(plain)), None)


@cache
def _folded() -> Mapping[str, str]:
    """Whole words in any case; symbols stay as they are, for m and M are two units."""
    return {name.casefold(): code for name, code in USUAL.items() if len(name) > 3}


@cache
def is_ucum(code: str) -> bool:
    """Whether the text is a UCUM code."""
    if not code.isascii() or not 0 < len(code) <= 40:
        return False
    try:
        _parser().parse(code)
    except (InvalidUcumError, LarkError):
        return False
    return True


@cache
def _parser() -> Lark:
    return get_ucum_parser()  # type: ignore[no-any-return]  # ucumvert is untyped
