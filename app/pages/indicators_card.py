"""The panel of one indicator: the number in words, its definition, what it rests on, its law, its text as it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.pages import indicators_rows as rows
from geodata import catalogue
from geodata.citation import cited
from geodata.indicators.words import family_words, left_out_words, parts_words
from geodata.unit_words import unit_word
from layers import words

if TYPE_CHECKING:
    from app.pages.indicators_clock import Moment
    from app.text import Text
    from geodata.city import City
    from geodata.indicators.figure import Value
    from geodata.indicators.indicator import Indicator
    from geodata.indicators.words import Law, Target


def content(
    one: Indicator,
    value: Value | None,
    past: Sequence[Value],
    asked: Moment,
    city: City,
    sources: Mapping[str, str],
    text: Text,
) -> dict[str, Any]:
    """``sources``: titles by id, of those that were read."""
    said, lang = one.words, text.language
    entry, family = catalogue.service(one.service), family_words().get(one.family)
    found: dict[str, Any] = {
        "id": one.id,
        "icon": entry.icon,
        "kind": family.text(lang) if family else entry.title_vi if lang == "vi" else entry.title_en,
        "title": said.title.text(lang),
        "sub": f"{rows.window(one, text)} · {text(f'indicators.better.{said.better}')}",
        "definition": said.definition.text(lang),
        "query": one.query,
        "laws": [law(one_law, text) for one_law in said.laws],
        "targets": [target(one_target, said.unit, text) for one_target in said.targets],
        "command": command(one, asked),
        "notebook": notebook(one, asked, city),
        "timezone": city.timezone,
        "version": text("indicators.version", n=said.version),
    }
    if value is None:
        return found | {"state": "reading", "value": "", "facts": [], "parts": [], "left": [], "past": []}
    unit = "" if value.value is None or said.unit in {"%", "1"} else unit_word(said.unit, lang)
    return found | {
        "state": value.state,
        "level": value.level,
        "svg": rows.glyph(value, 32),
        "value": rows.shown(value, text),
        "unit": unit,
        "word": text(f"indicators.state.{value.state}"),
        "error": value.error or "",
        "facts": facts(one, value, sources, city.timezone, text),
        "parts": parts(value, text),
        "left": left_out(value, text),
        "past": [
            {"t": then.at.timestamp(), "value": rows.shown(then, text), "n": words.number(then.figure.n, 0, lang)}
            for then in reversed(past)
        ],
        "simulated": text("simulated") if value.figure.simulated else "",
    }


def command(one: Indicator, asked: Moment) -> str:
    """The line that prints the same number, of the same moment."""
    told = {"--at": asked.at, "--known-at": asked.known_at}
    times = "".join(f" {option} {when:%Y-%m-%dT%H:%M:%SZ}" for option, when in told.items() if when is not None)
    return f"vonglau indicators --service {one.family} --json{times}"


def notebook(one: Indicator, asked: Moment, city: City) -> str:
    """The cell that gives the same number, of the same moment; it runs as it stands."""
    told = {"at": asked.at, "known_at": asked.known_at}
    times = "".join(f', {name}=pd.Timestamp("{when:%Y-%m-%dT%H:%M:%SZ}")' for name, when in told.items() if when)
    return "\n".join(
        (
            f"import geodata{', pandas as pd' if times else ''}",
            "from geodata.indicators import whole",
            f'whole.table(geodata.connect("{city.id}"), "{city.id}"{times}).loc["{one.id}"]',
        )
    )


def facts(one: Indicator, value: Value, sources: Mapping[str, str], zone: str, text: Text) -> list[dict[str, str]]:
    """What the number rests on."""
    figure, lang = value.figure, text.language
    label = text.table("indicators.fact")
    found = []
    if value.state in {"known", "partial", "none"}:
        found.append({"label": label["n"], "value": words.number(figure.n, 0, lang)})
    if figure.numerator is not None and figure.denominator is not None and value.value is not None:
        pair = (figure.numerator, figure.denominator)
        top, all_ = (words.number(amount, 0 if float(amount).is_integer() else 1, lang) for amount in pair)
        found.append({"label": label["share"], "value": text("indicators.fact.of", top=top, all=all_)})
    if said := rows.interval(value, text):
        found.append({"label": label["interval"], "value": f"{said} ({label[one.words.interval]})"})
    if figure.newest is not None:
        found.append({"label": label["newest"], "value": words.moment(figure.newest, zone)})
        found.append({"label": label["age"], "value": words.age(value.age_s, lang, at=figure.newest)})
    found.append({"label": label["at"], "value": words.moment(value.at, zone, seconds=True)})
    if value.feeds:
        told = f"{words.number(value.feeds - value.lost, 0, lang)}/{words.number(value.feeds, 0, lang)}"
        found.append({"label": label["feeds"], "value": told})
    if figure.sources:
        named = ", ".join(sources.get(name, name) for name in figure.sources[:6])
        more = len(figure.sources) - 6
        found.append({"label": label["sources"], "value": f"{named} +{more}" if more > 0 else named})
    return found


def parts(value: Value, text: Text) -> list[dict[str, str]]:
    """What the number is made of: levels, reasons of rejection, outlets."""
    known = parts_words()

    def said(key: str) -> str:
        if key in known:
            return known[key].text(text.language)
        return text(f"sources.rejected.{key}") if text.has(f"sources.rejected.{key}") else key

    found = {} if value.value is None else value.figure.parts
    return [{"label": said(key), "value": words.number(n, 0, text.language)} for key, n in found.items()]


def left_out(value: Value, text: Text) -> list[dict[str, str]]:
    """Why rows do not count, with how many."""
    known = left_out_words()
    return [
        {"label": known[key].text(text.language) if key in known else key, "value": words.number(n, 0, text.language)}
        for key, n in value.figure.left_out.items()
    ]


def law(one: Law, text: Text) -> dict[str, str]:
    """A reference with its date of force, and whether it was read."""
    since = text("indicators.since", day=f"{one.from_:%d/%m/%Y}") if one.from_ else ""
    about = one.about.text(text.language) if one.about else ""
    doubt = "" if one.confirmed else text("indicators.unconfirmed")
    return {"ref": cited(one.ref, text.language), "about": about, "since": since, "doubt": doubt}


def target(one: Target, unit: str, text: Text) -> dict[str, str]:
    """As "≤ 45 µg/m³ từ 01/01/2026" with its law."""
    since = text("indicators.since", day=f"{one.from_:%d/%m/%Y}") if one.from_.year > 1900 else ""
    doubt = "" if one.confirmed else text("indicators.unconfirmed")
    return {
        "ref": rows.target_words(one, unit, text),
        "about": cited(one.law, text.language),
        "since": since,
        "doubt": doubt,
    }
