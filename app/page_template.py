"""The HTML around every page: language, icon, words of the loader, the scripts that mend the stack."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

from jinja2 import Template
from panel_material_ui.base import BASE_TEMPLATE

from app.text import Text
from layers.words import Language

SCRIPTS = ("tilefix.js", "fonts.js", "link.js")
"""In this order, after Bokeh's own; each says what it is for."""

LOADER = {
    "Resources could not be loaded.": "page.not_loaded",
    "Connection with the server could not be established.": "page.not_connected",
}
"""English words of the base template, and ours."""

ICONS = ("{{ dist_url }}images/apple-touch-icon.png", "{{ dist_url }}images/favicon.ico")


@cache
def template(language: Language, zone: str | None = None) -> Template:
    """The base template of panel-material-ui in our language, with our scripts. ``zone``: of the times of the band that
    says when the server is lost; None: no band.
    """
    text = Text(language)
    source = str(BASE_TEMPLATE.environment.loader.get_source(BASE_TEMPLATE.environment, BASE_TEMPLATE.name)[0])
    changes = {
        '<html lang="en"': f'<html lang="{language}"',
        **dict.fromkeys(ICONS, address("favicon.svg")),
        **{english: text(key) for english, key in LOADER.items()},
    }
    for old, new in changes.items():
        source = source.replace(old, new)
    source = source.replace("</body>", f"{_scripts(text, zone)}</body>")
    ours: Template = BASE_TEMPLATE.environment.from_string(source)
    return ours


def _scripts(text: Text, zone: str | None) -> str:
    lost = f' data-lost="{escape(text("page.lost"))}" data-zone="{escape(zone)}"' if zone else ""
    return "".join(
        f'<script src="{address(name)}"{lost if name == "link.js" else ""}></script>\n  ' for name in SCRIPTS
    )


def address(name: str) -> str:
    """Where an asset is served, with its content in the address: a browser on for months gets the new one."""
    content = files("app").joinpath(f"assets/{name}").read_bytes()
    return f"/assets/{name}?v={sha256(content).hexdigest()[:12]}"
