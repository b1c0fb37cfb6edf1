"""What stands around every page: its language, our scripts, no English of the base template."""

from __future__ import annotations

from importlib.resources import files

import pytest

from app.page_template import LOADER, SCRIPTS, template
from app.text import Text
from layers.words import Language


def html(language: Language, zone: str | None = None) -> str:
    ours = template(language, zone)
    macros = ours.environment.from_string("{% macro embed(root) %}{% endmacro %}")
    return ours.render(docs=[], title="Vọng Lâu", plot_script="", macros=macros, dist_url="static/")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_says_its_language_and_the_loader_speaks_it(language: Language) -> None:
    page = html(language)
    assert f'<html lang="{language}"' in page
    for english, key in LOADER.items():
        assert english not in page
        assert Text(language)(key) in page


def test_every_script_that_mends_the_stack_is_in_the_page_and_is_served() -> None:
    page = html("vi")
    ours = {p.name for p in files("app").joinpath("assets").iterdir() if p.name.endswith(".js")}
    assert ours == set(SCRIPTS)
    for name in SCRIPTS:
        assert f'src="/assets/{name}?v=' in page


def test_a_page_with_a_zone_says_when_its_server_is_lost() -> None:
    assert "data-lost" not in html("vi")
    assert 'data-lost="Mất kết nối máy chủ từ {time}, hình cũ" data-zone="Asia/Ho_Chi_Minh"' in html(
        "vi", "Asia/Ho_Chi_Minh"
    )


def test_no_icon_of_the_stack() -> None:
    assert "apple-touch-icon.png" not in html("vi")
    assert "/assets/favicon.svg?v=" in html("vi")
