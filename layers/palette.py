"""Every colour, ramp and size of the look, once (look.md 2, 3.2): no other module of layers or app names a hex.

Colours are ``#RRGGBB`` strings in sRGB. ``css()`` writes them as custom properties, ``mui()`` as the theme of
panel-material-ui, ``bokeh_theme()`` as the defaults of a Bokeh figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Theme = Literal["dark", "light"]
RGB = tuple[float, float, float]

BG = ("#0B0F13", "#12181E", "#1A222A", "#242F39")
"""Page and gutters; panels; selected row or field; slider track, avatar, pressed."""
TEXT1, TEXT2, TEXT3, TEXT_OFF = "#E8EDF2", "#B4BFC9", "#8A97A3", "#5F6E7C"
LINE1, LINE2 = "#27313B", "#667584"
ACCENT = "#7AB8FF"
INK = "#0B0F13"
SELECT = "#FFFFFF"

SEVERITY: Mapping[int, str] = {1: "#8CC8F0", 2: "#F5DE6E", 3: "#FF9534", 4: "#FF4D4A", 5: "#B57BFF"}
"""Level to colour. Digit and shape always travel with it (the deutan distance of 3 and 4 is 9.7)."""
SEVERITY_BAND: Mapping[int, str] = {1: "#11283A", 2: "#3A3208", 3: "#45250A", 4: "#45100F", 5: "#2C1A4A"}
"""Dark band of a level, for large areas with white text."""
SEVERITY_TEXT_LIGHT: Mapping[int, str] = {1: "#1B6796", 2: "#6E5800", 3: "#9A4300", 4: "#C01717", 5: "#6B2FC2"}
LEVEL_SHAPE: Mapping[int, str] = {1: "circle", 2: "triangle", 3: "diamond", 4: "octagon", 5: "star12"}
"""Level to the name of its glyph in ``layers.marks.SHAPES``."""

UNKNOWN, UNKNOWN_LIGHT = "#EE6CC0", "#A3267F"  # feed down: never red, never a value
MAINTENANCE = "#8C98A3"
DUE_TRACK = "#3A3A2E"  # the part of a due ring not yet used
STATES = ("fresh", "late", "silent", "unknown", "maintenance", "planned", "exercise")
STATE_ALPHA: Mapping[str, float] = {"late": 0.75, "exercise": 0.45}
FADE_TO = 0.45  # opacity of a moving mark at the age of late_factor × cadence

TINT: Mapping[str, str] = {
    "sea": "#A9D3E0",
    "people": "#D2CBBD",
    "environment": "#B3D1B6",
    "infrastructure": "#C2BEDB",
}
"""Kind tints, by the ``tint`` of a catalogue service."""

CATEGORIES = (
    "#07C8B0",
    "#EB9D75",
    "#E6A4FD",
    "#F4D454",
    "#827EC9",
    "#BDEEFC",
    "#859518",
    "#C86B72",
    "#5F939B",
    "#D9EDC9",
)
"""Take the first n; the rest is "khác" in TEXT3."""
CATEGORY_OTHER = TEXT3

AQI = ("#00E400", "#FFFF00", "#FF7E00", "#FF0000", "#8F3F97", "#7E0023")
"""Official VN_AQI colours, good to hazardous: only as the bar beside a number."""
AQI_OUTLINED = frozenset(AQI[4:])  # too dark against the land: outlined in TEXT2

RAMPS: Mapping[str, tuple[str, ...]] = {
    "bien": ("#0E2A38", "#17506A", "#2B87A3", "#7CC4D2", "#E2F6F5"),
    "cat": ("#2A251D", "#5C5040", "#948363", "#CDBB93", "#F6ECD2"),
    "man": ("#2A2130", "#574365", "#8B6C9C", "#C2A3CD", "#F0E0F4"),
    "mua": ("#12305A", "#1F5FA8", "#3FA0DC", "#9AD8F0", "#F0FBFF"),
    "reu": ("#1B2A21", "#345541", "#5E8A6A", "#A0C4A4", "#E5F5E3"),
}
RAIN_STEPS_MM_H = (1, 5, 10, 25, 50)
TRAFFIC: Mapping[str, str] = {
    "free": "#35414B",
    "slow": SEVERITY[2],
    "jammed": SEVERITY[3],
    "closed": SEVERITY[3],  # dashed
}

BASEMAP: Mapping[str, str] = {
    "sea": "#0A131B",
    "lake": "#0D1923",
    "waterline": "#4E86A6",
    "land": "#1A232A",
    "outside": "#151C22",  # land under 38 % bg.0
    "coast": "#4C5F6D",
    "river": "#29485C",
    "province": "#4A5864",
    "border": "#5A6875",
    "ward": "#242E36",
    "road_national": "#35414B",
    "road": "#2A343C",
    "street": "#2A343C",
    "label_city": TEXT1,
    "label": "#9AA8B4",
    "label_sea": "#5F87A0",
    "island": "#C3CCD4",
}
BASEMAP_LIGHT: Mapping[str, str] = {"sea": "#DCE7EE", "land": "#F3F1EC", "label": "#44515D"}
WATERLINE_OFFSETS_PX = (3, 8, 16, 28, 45, 68, 98)
WATERLINE_ALPHA = tuple(float(a) for a in np.linspace(0.50, 0.04, len(WATERLINE_OFFSETS_PX)))

FONT = "Roboto, 'Noto Sans', sans-serif"
TYPE_DESK: Mapping[str, int] = {"caption": 12, "table": 13, "body": 14, "row": 15, "title": 20, "value": 27}
"""Sizes on the desk, px."""
TYPE_WALL: Mapping[str, float] = {
    "number": 2.1,
    "secondary": 2.2,
    "word": 2.6,
    "item": 2.7,
    "value": 3.9,
    "clock": 5.6,
    "takeover": 5.8,
}
"""Sizes on the wall in u = picture height / 108, times the city's ``wall.scale``."""
RADIUS: Mapping[str, int] = {"tag": 4, "control": 8, "card": 12}
WALL_FACTOR = 2.2  # marks on a 4K wall against the desk

LIGHT: Mapping[str, str] = {
    "bg-0": "#F6F7F8",
    "bg-1": "#FFFFFF",
    "bg-2": "#EDF0F2",
    "bg-3": "#E1E6EA",
    "text-1": "#151B21",
    "text-2": "#44515D",
    "text-3": "#55636F",
    "text-off": "#7A8793",
    "line-1": "#D5DBE0",
    "line-2": "#7A8793",
    "accent": "#0B63B8",
    "ink": INK,
    "accent-ink": "#FFFFFF",
    "select": "#0B0F13",
    "unknown": UNKNOWN_LIGHT,
    "maintenance": "#55636F",
}
DARK: Mapping[str, str] = {
    **{f"bg-{i}": color for i, color in enumerate(BG)},
    "text-1": TEXT1,
    "text-2": TEXT2,
    "text-3": TEXT3,
    "text-off": TEXT_OFF,
    "line-1": LINE1,
    "line-2": LINE2,
    "accent": ACCENT,
    "ink": INK,
    "accent-ink": INK,
    "select": SELECT,
    "unknown": UNKNOWN,
    "maintenance": MAINTENANCE,
}


def rgb(color: str) -> RGB:
    """``#RRGGBB`` as three numbers in 0..1."""
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def mix(under: str, over: str, alpha: float) -> str:
    """``over`` laid on ``under`` with that opacity, as an opaque colour."""
    parts = (u + (o - u) * alpha for u, o in zip(rgb(under), rgb(over), strict=True))
    return "#" + "".join(f"{round(255 * p):02X}" for p in parts)


def translucent(color: str, alpha: float) -> str:
    """The colour with an alpha, as ``#RRGGBBAA``."""
    return f"{color}{round(255 * alpha):02X}"


def ramp(stops: Sequence[str]) -> NDArray[np.uint8]:
    """(256, 4) uint8 RGBA, even steps between the stops, alpha 0 to 0.9 over the first 60 % (look.md 2.6)."""
    at = np.linspace(0, len(stops) - 1, 256)
    channels = np.array([rgb(stop) for stop in stops]).T
    out = np.empty((256, 4))
    for i, channel in enumerate(channels):
        out[:, i] = np.interp(at, np.arange(len(stops)), channel)
    out[:, 3] = np.clip(np.linspace(0, 0.9 / 0.6, 256), 0, 0.9)
    return np.rint(out * 255).astype(np.uint8)


def tokens(theme: Theme = "dark") -> dict[str, str]:
    """Token name (as in ``--name``) to colour, severity, states, tints and categories included."""
    out = dict(DARK if theme == "dark" else LIGHT)
    text = SEVERITY if theme == "dark" else SEVERITY_TEXT_LIGHT
    for level, color in SEVERITY.items():
        out[f"level-{level}"] = color
        out[f"level-{level}-text"] = text[level]
        out[f"level-{level}-band"] = SEVERITY_BAND[level]
    out |= {f"tint-{name}": color for name, color in TINT.items()}
    out |= {f"category-{i}": color for i, color in enumerate(CATEGORIES, 1)}
    out |= {f"aqi-{i}": color for i, color in enumerate(AQI, 1)}
    ground = BASEMAP if theme == "dark" else {**BASEMAP, **BASEMAP_LIGHT}
    out |= {f"map-{name.replace('_', '-')}": color for name, color in ground.items()}
    out["due-track"] = DUE_TRACK
    out["shadow"] = translucent("#000000", 0.40)
    out["veil"] = translucent(BG[0], 0.60)
    return out


def css() -> str:
    """The tokens as custom properties: dark for ``:root``, light under ``[data-theme=light]``."""

    def block(selector: str, theme: Theme) -> str:
        sizes = "".join(f"--type-{name}:{px}px;" for name, px in TYPE_DESK.items())
        radii = "".join(f"--radius-{name}:{px}px;" for name, px in RADIUS.items())
        colors = "".join(f"--{name}:{color};" for name, color in tokens(theme).items())
        return f"{selector}{{color-scheme:{theme};--font:{FONT};{sizes}{radii}{colors}}}"

    return block(":root,:host", "dark") + "\n" + block("[data-theme=light],:host([data-theme=light])", "light")


def _mui(theme: Theme) -> dict[str, Any]:
    t = tokens(theme)
    return {
        "palette": {
            "mode": theme,
            "primary": {"main": t["accent"], "contrastText": t["accent-ink"]},
            "error": {"main": t["level-4-text"], "contrastText": t["accent-ink"]},
            "warning": {"main": t["level-3-text"], "contrastText": t["accent-ink"]},
            "info": {"main": t["level-1-text"], "contrastText": t["accent-ink"]},
            "background": {"default": t["bg-0"], "paper": t["bg-1"]},
            "text": {"primary": t["text-1"], "secondary": t["text-2"], "disabled": t["text-off"]},
            "divider": t["line-1"],
        },
        "shape": {"borderRadius": RADIUS["control"]},
        "typography": {
            "fontFamily": FONT,
            "fontWeightMedium": 700,  # the offline bundle has 400 and 700 only
            "button": {"textTransform": "none", "fontWeight": 700},
        },
        "components": {"MuiPaper": {"styleOverrides": {"root": {"backgroundImage": "none"}}}},
    }


def mui() -> dict[str, Any]:
    """``theme_config`` of panel-material-ui. Both keys: with one alone it is taken as flat and ignored (1.9.4)."""
    return {"dark": _mui("dark"), "light": _mui("light")}


def bokeh_theme() -> dict[str, Any]:
    """JSON of a ``bokeh.themes.Theme``: dark ground, no axes, no frame, Roboto."""
    text = {"text_font": "Roboto", "text_color": TEXT1}
    return {
        "attrs": {
            "Plot": {
                "background_fill_color": BASEMAP["sea"],
                "border_fill_color": BG[0],
                "outline_line_color": None,
                "min_border": 0,
            },
            "Axis": {
                "axis_line_color": LINE2,
                "major_tick_line_color": LINE2,
                "minor_tick_line_color": None,
                "major_label_text_color": TEXT3,
                "major_label_text_font": "Roboto",
                "axis_label_text_color": TEXT2,
                "axis_label_text_font": "Roboto",
            },
            "Grid": {"grid_line_color": LINE1},
            "Title": text,
            "Label": text,
            "Legend": {"background_fill_color": BG[1], "border_line_color": LINE1, "label_text_color": TEXT2},
        }
    }
