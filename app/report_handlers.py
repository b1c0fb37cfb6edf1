"""Doors of the area report and of exports: a page, a PDF, a picture, a file; all behind the login.

What they show is in the link: place, clock, layers, filters, area (``app.state``), so a link can be kept and sent.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, urlencode

from PIL import Image

from app.access import Access, Guarded
from app.context import Services
from app.pages import area_ask, area_files, area_page, area_picture, area_print, area_words
from app.pages.area_ask import Ask
from app.text import Text
from geodata.areas import Area, AreaGone
from geodata.errors import VongLauError
from geodata.store.errors import StoreGone
from geodata.view import Bounds
from layers import report
from layers.report import Report

if TYPE_CHECKING:
    from geodata.exchange.export import Format

T = TypeVar("T")
WORKERS, WAITING = 2, 8
"""Reports and files made at once, and how many may wait: more are told to come again."""

CHUNK = 1 << 20
HTML = "text/html; charset=utf-8"


@dataclass(slots=True)
class Desk:
    """The threads that make reports and files, apart from those that draw tiles."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS, thread_name_prefix="report"))
    waiting: int = 0

    async def do(self, work: Callable[[], T]) -> T:
        """Run it in a thread. Raises Busy."""
        if self.waiting >= WORKERS + WAITING:
            raise Busy
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, work)
        finally:
            self.waiting -= 1

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


class Busy(VongLauError):
    """other reports are being made"""


class AskHandler(Guarded):
    """What the four doors share: the link read, errors said as one sentence in the page's language."""

    services: Services
    desk: Desk

    def initialize(self, access: Access, services: Services, desk: Desk) -> None:  # type: ignore[override]
        super().initialize(access)
        self.services, self.desk = services, desk

    def prepare(self) -> None:
        if not self.allowed():  # a person stands at this door: lead to the login and back
            self.redirect(f"/login?next={quote(self.request.uri or '/', safe='')}")

    @property
    def ask(self) -> Ask:
        return area_ask.ask(self.services.city, {k: v[-1].decode("utf-8", "replace") for k, v in self.arguments})

    @property
    def arguments(self) -> list[tuple[str, list[bytes]]]:
        return [(name, values) for name, values in self.request.query_arguments.items() if values]

    def links(self, ask: Ask) -> str:
        """The link's query with its clock stopped."""
        rest = {key: ask.given[key] for key in ("l", "lang") if key in ask.given}
        state = area_ask.frozen(ask.state, ask.now).query()
        return state + (f"&{urlencode(rest)}" if rest else "")

    async def answer(self, ask: Ask, make: Callable[[], T]) -> T | None:
        """The made thing, or None after the sentence that says why there is none."""
        text = Text(ask.language)
        try:
            return await self.desk.do(make)
        except Busy:
            self.sentence(503, text("export.busy"))
        except StoreGone:
            self.sentence(503, text("export.away"))
        except area_ask.NoArea:
            self.sentence(404, text("area.none"))
        except AreaGone:
            self.sentence(404, text("area.gone"))
        except area_files.NotExported as error:
            self.sentence(422, str(error))
        except VongLauError as error:
            self.sentence(400, text("export.bad", reason=error))
        return None

    def sentence(self, status: int, words: str) -> None:
        """A refusal in plain words, as text."""
        self.set_status(status)
        if status == 503:
            self.set_header("Retry-After", "60")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(words + "\n")

    async def send(self, body: bytes, media: str, name: str = "") -> None:
        """One whole answer; with a name it is a file to keep. No cache keeps it: there may be a login before it."""
        self.set_header("Content-Type", media)
        self.set_header("Cache-Control", "private, no-store")
        if name:
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        await self.finish(body)

    def report(self, ask: Ask) -> Report:
        reader, city = self.services.reader, self.services.city
        area = ask.area(reader)
        return report.read(
            reader,
            area,
            ask.view(area_ask.AREA_BOUNDS),
            city=city.id,
            srid=city.srid,
            services=[name for name in city.catalogue() if name != "platform"],
            load=lambda layer, view: ask.load(reader, layer, view),
        )

    def content(self, ask: Ask, found: Report) -> dict[str, Any]:
        return area_words.content(found, self.services.city, Text(ask.language), made=ask.now)


class ReportHandler(AskHandler):
    """/report: the page. A live link is led to the same link with its clock stopped."""

    async def get(self) -> None:
        ask = self.ask
        query = self.links(ask)
        if ask.state.live and ask.state.area:
            self.redirect(f"/report?{query}")
            return
        links = {"picture": f"/report.png?{query}", "pdf": f"/report.pdf?{query}", "map": f"/explore?{query}"}
        text = Text(ask.language)
        page = await self.answer(ask, lambda: area_page.html(self.content(ask, self.report(ask)), links, text))
        if page is not None:
            await self.send(page.encode("utf-8"), HTML)


class PictureHandler(AskHandler):
    """/report.png: the map of the area as the report has it."""

    async def get(self) -> None:
        ask = self.ask
        png = await self.answer(ask, lambda: self.png(ask))
        if png is not None:
            await self.send(png, "image/png")

    def png(self, ask: Ask) -> bytes:
        out = io.BytesIO()
        self.drawn(ask, ask.area(self.services.reader)).save(out, "PNG")
        return out.getvalue()

    def drawn(self, ask: Ask, area: Area) -> Image.Image:
        view = report.framed(area, ask.view(area_ask.AREA_BOUNDS), *area_ask.REPORT_PX)
        return area_picture.drawn(ask, self.services.reader, view, area)


class PdfHandler(PictureHandler):
    """/report.pdf: the report on A4."""

    async def get(self) -> None:
        ask = self.ask
        pdf = await self.answer(ask, lambda: self.pdf(ask))
        if pdf is not None:
            await self.send(pdf, "application/pdf", f"{area_files.filename(ask, ['report'], ask.city.srid)}.pdf")

    def pdf(self, ask: Ask) -> bytes:
        found = self.report(ask)
        return area_print.pdf(self.content(ask, found), self.drawn(ask, found.area), Text(ask.language))


class ExportHandler(AskHandler):
    """/export: layers as a file, or the map as a picture. ``format, srid, l, box`` or ``a`` with ``within=area``."""

    async def get(self) -> None:
        ask = self.ask
        with tempfile.TemporaryDirectory(prefix="vonglau-export-") as folder:
            made = await self.answer(ask, lambda: self.file(ask, Path(folder)))
            if made is None:
                return
            path, media = made
            self.set_header("Content-Type", media)
            self.set_header("Content-Length", str(path.stat().st_size))
            self.set_header("Content-Disposition", f'attachment; filename="{path.name}"')
            self.set_header("Cache-Control", "private, no-store")
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    self.write(chunk)
                    await self.flush()

    def file(self, ask: Ask, folder: Path) -> tuple[Path, str]:
        """The file and its media type. Raises BadQuestion, NotExported."""
        reader, text = self.services.reader, Text(ask.language)
        format_ = ask.given.get("format", "gpkg")
        if format_ not in area_files.FORMATS:
            raise area_ask.BadQuestion(field="format", reason=f"one of {', '.join(area_files.FORMATS)} is written")
        if format_ == "png":
            return area_files.picture(ask, reader, ask.bounds(), folder), area_files.FORMATS["png"][1]
        area = ask.area(reader) if ask.given.get("within") == "area" else None
        bounds = ask.bounds() if area is None else Bounds(*area.shape.bounds)
        found = area_files.rows(ask, reader, bounds, area, text)
        return area_files.write(ask, found, cast("Format", format_), ask.srid(), folder)


def routes(access: Access, services: Services, desk: Desk) -> list[tuple[str, type[AskHandler], dict[str, Any]]]:
    """The doors, as Tornado takes them."""
    given = {"access": access, "services": services, "desk": desk}
    doors = {r"/report": ReportHandler, r"/report\.png": PictureHandler, r"/report\.pdf": PdfHandler}
    return [(path, handler, given) for path, handler in (doors | {r"/export": ExportHandler}).items()]
