"""Write docs/services.md from the catalogue and the city files, and the table of protocols in docs/sources.md from the
adapters and ``tests/payloads/PROTOCOL/tested.txt``; with --check, say whether they are current.

Usage: python tools/build_docs.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from geodata.catalogue import Service, services
from geodata.city import City, cities
from sources.base import Options, Source, protocols

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/services.md"
SOURCES = ROOT / "docs/sources.md"
BEGIN, END = "<!-- protocols:", "<!-- end -->"
STATES = {"operating": "operating", "pilot": "pilot", "ready": "ready to connect"}
ORDER = ("hue", "quang_tri", "dong_ha", "nghe_an", "dak_lak")
GROUPS = {
    "city_life": "City life",
    "environment": "Environment and disaster",
    "sea": "Sea",
    "assets": "Infrastructure and assets",
    "government": "Government",
}


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([*head(), *matrix(), *phases(), *details(), *legal()]) + "\n"


def head() -> Iterator[str]:
    yield "# Services"
    yield ""
    yield "Written by `python tools/build_docs.py` from `geodata/services/*.toml` and `geodata/cities/*.toml`:"
    yield "change those."
    yield ""
    yield f"{len(services())} services, {len(cities())} cities. The state is the city's plan, not a measurement:"
    yield "`vonglau services --city ID` says what really arrives."


def matrix() -> Iterator[str]:
    """Which city has which service, and how far it is."""
    shown = [cities()[name] for name in ORDER]
    yield from ("", "## Cities", "")
    yield from table(["Service", "", *(city.title_vi for city in shown)], matrix_rows(shown))


def matrix_rows(shown: Sequence[City]) -> Iterator[list[str]]:
    for entry in services().values():
        plans = [city.services.get(entry.id) for city in shown]
        yield [f"`{entry.id}`", entry.short_vi, *(STATES[plan.state] if plan else "–" for plan in plans)]


def phases() -> Iterator[str]:
    """The phases of each city's services, services of one roadmap together."""
    yield from ("", "## Phases")
    for name in ORDER:
        city = cities()[name]
        rows: dict[tuple[str, str], list[str]] = {}
        for service, plan in city.services.items():
            for phase in plan.phases:
                when = f"{phase.start or '…'} – {phase.end or '…'}" if phase.start or phase.end else "not dated"
                rows.setdefault((when, phase.title_en), []).append(f"`{service}`")
        yield from ("", f"### {city.title_vi}", "")
        yield from table(["When", "Phase", "Services"], ([*key, ", ".join(names)] for key, names in dated(rows)))


def dated(rows: Mapping[tuple[str, str], list[str]]) -> list[tuple[tuple[str, str], list[str]]]:
    """By the first date that is told; phases without a date last."""
    return sorted(rows.items(), key=lambda row: (row[0][0] == "not dated", row[0][0].removeprefix("… – "), row[0][1]))


def details() -> Iterator[str]:
    """What each service is made of."""
    yield from ("", "## What each service is")
    for group, title in GROUPS.items():
        for entry in services().values():
            if entry.group == group:
                yield from ("", f"### {entry.title_vi} · {entry.title_en}", "", entry.description_en, "")
                yield from detail(entry, title)


def detail(entry: Service, group: str) -> Iterator[str]:
    yield f"* id `{entry.id}`, group {group}, mark `{entry.mark}`, icon `{entry.icon}`"
    yield f"* kinds: {', '.join(entry.kinds)}"
    silent = duration(entry.cadence_s * entry.late_factor)
    yield f"* expected every {duration(entry.cadence_s)}, silent after {silent}; {kept(entry)}"
    if entry.personal_data or entry.minimum_cell > 1:
        privacy = "holds personal data; " if entry.personal_data else ""
        yield f"* {privacy}counts under {entry.minimum_cell} are not published"
    if entry.observed_properties:
        named = (f"`{p.id}` {p.unit or ' / '.join(p.words) or 'word'}" for p in entry.observed_properties)
        yield f"* measures: {', '.join(named)}"
    if entry.categories:
        yield f"* categories: {', '.join(f'`{c.id}`' for c in entry.categories)}"


def legal() -> Iterator[str]:
    """Every legal source once, with the services and cities it stands behind."""
    rows: dict[tuple[str, str, str, str, str], list[str]] = {}
    named = [(entry.legal, f"`{entry.id}`") for entry in services().values()]
    named += [(cities()[name].legal, cities()[name].title_vi) for name in ORDER]
    for sources, user in named:
        for source in sources:
            dates = (str(source.issued or "–"), str(source.in_force or "–"))
            key = (source.ref, *dates, source.about_vi, "read" if source.confirmed else "**not confirmed**")
            rows.setdefault(key, []).append(user)
    yield from ("", "## Legal sources", "")
    heads = ["Source", "Issued", "In force", "About", "", "For"]
    yield from table(heads, ([*key, ", ".join(names)] for key, names in sorted(rows.items())))


def kept(entry: Service) -> str:
    return f"kept {entry.retention_days:,} days" if entry.retention_days else "kept"


def duration(seconds: float) -> str:
    """Seconds in the largest unit that divides them."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def table(heads: Sequence[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def sources_page(now: str) -> str:
    """docs/sources.md with its table of protocols written anew; the rest of it is written by hand."""
    head, _, rest = now.partition(BEGIN)
    mark, _, rest = rest.partition("\n")
    _, _, tail = rest.partition(END)
    heads = ["protocol", "", "gives", "how", "tested against", "libraries", "limits"]
    rows = (protocol_row(name, source) for name, source in sorted(protocols().items()))
    return f"{head}{BEGIN}{mark}\n" + "\n".join(table(heads, rows)) + f"\n{END}{tail}"


def protocol_row(name: str, source: Source[Options]) -> list[str]:
    tested = ROOT / "tests/payloads" / name / "tested.txt"
    return [
        f"[`{name}`](sources/{name}.md)",
        source.title,
        ", ".join(sorted(kind.__name__ for kind in source.kinds)),
        ", ".join(transports(source)),
        tested.read_text(encoding="utf-8").strip() if tested.is_file() else "**not told**",
        ", ".join(source.libraries) or "–",
        source.limits or "–",
    ]


def transports(source: Source[Options]) -> Iterator[str]:
    """How a source of that protocol comes in, with the options' defaults."""
    fields = source.options.model_fields
    told = {name: "x" for name, field in fields.items() if field.is_required() and field.annotation is str}
    yield "poll" if source.poll_s(source.options.model_construct(None, **told)) is not None else "stream"
    if "mqtt_url" in fields:
        yield "stream with `mqtt_url`"
    if source.receiver is not Source.__dataclass_fields__["receiver"].default:
        yield "sent to us"


def main() -> int:
    pages = {PAGE: page(), SOURCES: sources_page(SOURCES.read_text(encoding="utf-8"))}
    old = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in old:
            print(f"{path.name} is not current; run: python tools/build_docs.py", file=sys.stderr)
        return 1 if old else 0
    for path in old:
        path.write_text(pages[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
