"""Words of the desk, without a browser."""

from __future__ import annotations

from app.pages.desk_blocks import unbroken


def test_a_list_breaks_between_its_entries() -> None:
    said = unbroken("Phường Kim Trà: 3, Phường An Cựu: 1, Phường Dương Nỗ: 1 +5")
    assert said.replace("\xa0", "·") == "Phường·Kim·Trà:·3, Phường·An·Cựu:·1, Phường·Dương·Nỗ:·1·+5"


def test_what_is_longer_than_a_line_may_break() -> None:
    long = "ranh giới vùng biển phía đông của thành phố"
    assert unbroken(long) == long
