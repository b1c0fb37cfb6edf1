"""Sources beside those of a city's file: the same tables, in a file that an upgrade leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.pages import sources_bindings
from geodata.bindings import bindings, read_bindings
from geodata.city import SourceBinding, city
from geodata.errors import ConfigInvalid
from geodata.settings import Settings
from sources.commands.check import command

AIS = """
[[services.fishing_vessels.sources]]
id = "ais_thuan_an"
protocol = "ais"
title_vi = "AIS Thuận An"
title_en = "AIS Thuận An"
cadence_s = 60
options = { transport = "tcp", host = "127.0.0.1", port = 1 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text(AIS, encoding="utf-8")
    return path


def test_the_tables_of_a_citys_file_stand_in_a_file_of_their_own(file: Path) -> None:
    (found,) = read_bindings(file)
    assert (found.id, found.service, found.cadence_s) == ("ais_thuan_an", "fishing_vessels", 60)


def test_a_json_list_is_read_too_and_the_last_file_holds(file: Path, tmp_path: Path) -> None:
    (first,) = read_bindings(file)
    other = first.model_copy(update={"title_vi": "AIS mới"})
    path = tmp_path / "b.json"
    path.write_text(f"[{other.model_dump_json()}]", encoding="utf-8")
    assert read_bindings(path) == (other,)
    hue = city("hue")
    assert bindings(hue, file, None, path)[-1] == other
    assert bindings(hue, path, file)[-1] == first
    assert bindings(hue, None) == hue.bindings()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[services.", "Invalid"),
        ('[[services.unheard_of.sources]]\nid="a"\nprotocol="ais"\ntitle_vi="a"\ntitle_en="a"\n', "unheard_of"),
        ('[[services.fishing_vessels.sources]]\nid="a"\n', "protocol"),
        ("[wall]\nscale = 2\n", "wall"),
        ("\udcff", "utf-8"),
    ],
)
def test_a_file_that_is_wrong_is_one_clear_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigInvalid, match=reason) as raised:
        read_bindings(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    with pytest.raises(ConfigInvalid, match="No such file"):
        read_bindings(tmp_path / "none.toml")


def test_commands_and_the_sources_page_know_it_from_the_environment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.from_environ({"VONGLAU_SOURCES": str(file)}, data=tmp_path)
    (found,) = (b for b in sources_bindings.own(settings, city("hue")).values() if b.id == "ais_thuan_an")
    assert isinstance(found, SourceBinding)
    monkeypatch.setenv("VONGLAU_SOURCES", str(file))
    answer = CliRunner().invoke(command, ["ais_thuan_an", "--city", "hue", "--seconds", "2", "--lang", "en"])
    assert answer.exit_code == 1, "nobody listens there"
    assert "127.0.0.1:1" in answer.output
