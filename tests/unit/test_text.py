"""Both languages say the same things, and no page says anything outside them."""

import re
import string
from pathlib import Path

import pytest

import app
from app.text import LANGUAGES, NoSuchText, Text, catalogue, keys
from layers import words
from layers.words import Language

APP = Path(app.__file__).parent
VIETNAMESE = re.compile(r"[ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", re.IGNORECASE)
OURS = [*(APP / "pages").glob("*.py"), *(APP / "panels").glob("*.py"), *(APP / "panels").glob("*.js")]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_each_key_is_in_both_languages() -> None:
    vi, en = ({key for key, _ in keys(catalogue(language))} for language in LANGUAGES)
    assert vi == en


def test_both_languages_fill_the_same_fields() -> None:
    en = dict(keys(catalogue("en")))
    for key, text in keys(catalogue("vi")):
        if isinstance(text, str):
            assert fields(text) == fields(en[key]), key


def test_english_has_no_vietnamese_left() -> None:
    names = {"Vọng Lâu", "Tiếng Việt", "Hoàng Sa Is.", "Trường Sa Is."}
    left = {k: t for k, t in keys(catalogue("en")) if isinstance(t, str) and VIETNAMESE.search(t) and t not in names}
    assert not left


def test_vietnamese_has_no_forbidden_word() -> None:
    """look.md section 6: these are never said."""
    for key, text in keys(catalogue("vi")):
        for word in ("lỗi hệ thống", "vui lòng", "!", "realtime", "không xác định"):
            assert word not in str(text).lower(), key


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.name)
def test_pages_hold_no_words_of_their_own(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    without_docs = (
        re.sub(r'"""[\s\S]*?"""|//.*|#.*', "", source) if path.suffix == ".py" else re.sub(r"//.*", "", source)
    )
    found = [line.strip() for line in without_docs.splitlines() if VIETNAMESE.search(line)]
    allowed = {"BĐ", '["a", "ế"]'}  # the sign of an alarm level; the letters that load the Vietnamese font
    assert not [line for line in found if not any(word in line for word in allowed)]
    assert not re.findall(r">\s*[A-Za-z]{3,}[a-z ]*<", without_docs), "words between tags belong into app/locale"


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.name)
def test_every_text_a_page_asks_for_exists(path: Path) -> None:
    text = Text("vi")
    for key in re.findall(r'text\("([a-z_]+(?:\.[a-z_0-9]+)*)"', path.read_text(encoding="utf-8")):
        assert text(key)


def test_a_missing_text_says_where_to_add_it() -> None:
    with pytest.raises(NoSuchText, match=r"no text is named 'bar\.nowhere' in app/locale/vi\.toml"):
        Text("vi")("bar.nowhere")


def test_a_text_takes_its_fields() -> None:
    assert Text("vi")("age.hours", h=7, m="12") == "7 giờ 12"
    assert Text("en")("age.minutes", n=26) == "26 min"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seconds", [0, 8, 59, 60, 1560, 3599, 3600, 25920, 86399, 86400, 4 * 86400, 29 * 86400])
def test_ages_that_tick_in_the_browser_say_what_the_server_says(language: Language, seconds: int) -> None:
    """The browser ticks with these texts (app/panels/block.js); frames and tables use layers.words."""
    text = Text(language)
    if seconds < 60:
        ticked = text("age.seconds", n=seconds)
    elif seconds < 3600:
        ticked = text("age.minutes", n=seconds // 60)
    elif seconds < 86400:
        m = seconds // 60 % 60
        ticked = text("age.hours" if m else "age.hours_whole", h=seconds // 3600, m=f"{m:02d}")
    else:
        ticked = text("age.days" if seconds >= 2 * 86400 else "age.day", n=seconds // 86400)
    assert words.age(seconds, language) == ticked
