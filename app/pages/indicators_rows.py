"""The rows of the indicators page and its export: each number in words, as it is and as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from geodata import catalogue
from geodata.citation import cited
from geodata.folding import fold
from geodata.indicators import whole
from geodata.indicators.indicator import Indicator, get, of_service
from geodata.indicators.words import family_words
from geodata.unit_words import unit_word
from layers import marks, palette, words

if TYPE_CHECKING:
    from app.pages.indicators_reading import Read
    from app.text import Text
    from geodata.indicators.figure import Value
    from geodata.indicators.words import Target

SPANS = ((86400.0, "day"), (604800.0, "week"))
PX = 18


def groups(read: Read, names: Sequence[str], text: Text) -> list[dict[str, Any]]:
    """By family, those that ever spoke before those that are ready to connect."""
    found = []
    for family, own in groupby((one for name in names for one in of_service(name)), lambda one: one.family):
        rows = [row(one, read.values.get(one.id), read.past.get(one.id, ()), text) for one in own]
        ready = all(r["state"] == "ready" for r in rows)
        found.append({"id": family, "title": titled(family, text.language), "ready": ready, "rows": rows})
    return sorted(found, key=lambda group: bool(group["ready"]))


def titled(family: str, language: str) -> str:
    """What a group is called: its service, or the family that is none."""
    if said := family_words().get(family):
        return said.text(language)
    entry = catalogue.service(family)
    return entry.title_vi if language == "vi" else entry.title_en


def row(one: Indicator, value: Value | None, past: Sequence[Value], text: Text) -> dict[str, Any]:
    """One indicator; before it is counted only its name stands there."""
    said = one.words
    title = said.title.text(text.language)
    base = {
        "id": one.id,
        "name": title,
        "sub": window(one, text),
        "law": laws(one, text.language),
        "state": "reading",
        "level": 0,
        "doubt": any(not law.confirmed for law in said.laws),
        "find": fold(f"{title} {laws(one, text.language)} {one.id}"),
    }
    if value is None:
        return base | {"svg": "", "value": "", "unit": ""}
    word = text(f"indicators.state.{value.state}")
    return base | {
        "state": value.state,
        "level": value.level,
        "svg": glyph(value),
        "word": word,
        "value": shown(value, text),
        "unit": "" if value.value is None or said.unit == "%" else unit_word(said.unit, text.language).strip("1"),
        "interval": interval(value, text),
        "n": "" if value.state in {"ready", "unknown", "failed"} else words.number(value.figure.n, 0, text.language),
        "target": target_words(value.target, said.unit, text),
        "met": value.met,
        "met_word": text(f"indicators.met.{value.met}") if value.met else "",
        "spark": [*(v.value for v in past), value.value] if any(v.value is not None for v in past) else [],
        "before": before(one, past, text),
        "t": None if value.figure.newest is None else value.figure.newest.timestamp(),
        "at": value.at.timestamp(),
        "find": fold(f"{base['find']} {word} {text(f'indicators.met.{value.met}') if value.met else ''}"),
    }


def glyph(value: Value, px: float = PX) -> str:
    """The level's sign, the sign of a lost feed, or nothing: grey is normal."""
    if value.level:
        return marks.svg(palette.LEVEL_SHAPE[value.level], "fresh", value.level, px, tint=palette.SEVERITY[value.level])
    return marks.svg("dot", "unknown", 0, px) if value.state == "unknown" else ""


def number(amount: float | None, decimals: int, unit: str, text: Text) -> str:
    """A number with its sign of per cent; other units stand beside it."""
    return words.number(amount, decimals, text.language) + ("%" if unit == "%" and amount is not None else "")


def shown(value: Value, text: Text) -> str:
    """The number, "≈" before one of some feeds only, "?" of lost ones."""
    said = get(value.id).words
    if value.value is None:
        return "?" if value.state in {"unknown", "failed"} else words.NOTHING
    return ("≈" if value.state == "partial" else "") + number(value.value, said.decimals, said.unit, text)


def interval(value: Value, text: Text) -> str:
    """As "91,2–96,0"; nothing where nothing was sampled."""
    low, high, decimals = value.figure.low, value.figure.high, get(value.id).words.decimals
    if low is None:
        return ""
    if high is None:
        return f"≥\u2009{words.number(low, max(decimals, 1), text.language)}"
    ends = (words.number(end, max(decimals, 1), text.language) for end in (low, high))
    return "–".join(ends)


def target_words(target: Target | None, unit: str, text: Text) -> str:
    """As "≥ 95%"; nothing without one."""
    if target is None:
        return ""
    decimals = 0 if float(target.value).is_integer() else 1
    said = number(target.value, decimals, unit, text)
    word = "" if unit in {"%", "1"} else f"\u2009{unit_word(unit, text.language)}"
    return f"{'≥' if target.at == 'least' else '≤'}\u2009{said}{word}"


def window(one: Indicator, text: Text) -> str:
    """Over which time the number is: "28 ngày qua", or as it stands."""
    seconds = one.words.window_s
    if not seconds:
        return text("indicators.window_now")
    by = ((172800, 86400, "days"), (3600, 3600, "hours"), (0, 60, "minutes"))
    unit, name = next((unit, name) for least, unit, name in by if seconds > least or not least)
    told = text(f"indicators.{name}", n=words.number(seconds / unit, 0, text.language))
    return text("indicators.window", span=told)


def span(one: Indicator) -> str:
    """Key of the words for one period of the trend."""
    return next((name for seconds, name in SPANS if one.words.compare_s == seconds), "month")


def before(one: Indicator, past: Sequence[Value], text: Text) -> str:
    """As "tuần trước 93,8%"; nothing where it is not known."""
    if not past or past[-1].value is None:
        return ""
    said = number(past[-1].value, one.words.decimals, one.words.unit, text)
    return text(f"wall.before_{span(one)}", then=said)


def laws(one: Indicator, language: str) -> str:
    """The references, the target's own among them, each once."""
    told = [law.ref for law in one.words.laws] + [target.law for target in one.words.targets]
    return "; ".join(dict.fromkeys(cited(law, language) for law in told))


def counts(values: Mapping[str, Value]) -> dict[str, int]:
    """Indicators that need a hand, miss a target, are unknown, and all that were counted."""
    known = list(values.values())
    return {
        "act": sum(value.level >= 2 for value in known),
        "missed": sum(value.met == "missed" for value in known),
        "unknown": sum(value.state in {"unknown", "failed"} for value in known),
        "known": sum(value.state in {"known", "partial"} for value in known),
    }


def table(values: Mapping[str, Value], language: str) -> str:
    """CSV (UTF-8, with a mark so that spreadsheets see it): numbers with a point, ISO times."""
    out = io.StringIO()
    rows = [whole.row(value, language) for value in values.values()]
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        for one in rows:
            writer.writerow({key: _cell(cell) for key, cell in one.items()})
    return "\ufeff" + out.getvalue()


def _cell(cell: object) -> object:
    from datetime import datetime

    if isinstance(cell, dict):
        return "; ".join(f"{key}={n}" for key, n in cell.items())
    return cell.isoformat() if isinstance(cell, datetime) else cell
