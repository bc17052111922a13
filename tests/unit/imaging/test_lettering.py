from __future__ import annotations

from sonolesion.imaging.lettering import clip, font, printable, wrap


def test_long_name_is_cut_in_its_middle() -> None:
    text = "start" + "x" * 500 + "end.png"
    cut = clip(text, 300, size=15)
    assert cut.startswith("start")
    assert cut.endswith("end.png")
    assert "..." in cut
    assert font(15).getlength(cut) <= 300


def test_lines_fit_between_the_edges() -> None:
    lines = wrap("word " * 60 + "x" * 400, 300, size=14, edge_px=20)
    assert len(lines) > 5
    assert all(font(14).getlength(line) <= 260 for line in lines)
    assert " ".join(lines[:-1]).split() == ["word"] * 60


def test_control_characters_become_spaces() -> None:
    assert printable("a\nb\x00c") == "a b c"
