"""Text beside pictures: colours, one font, and lines that fit."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageFont

from sonolesion.imaging.draw import RGB

BACKGROUND: RGB = (18, 22, 28)
FRAME: RGB = (58, 66, 78)
BRIGHT: RGB = (240, 243, 247)
DIM: RGB = (160, 170, 184)
EDGE_PX = 28

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=8)
def font(size: int) -> Font:
    """The font of all pictures, `size` px high."""
    return ImageFont.load_default(size)


def printable(text: str) -> str:
    """The text with a space for each character that has no sign."""
    return "".join(c if c.isprintable() else " " for c in text)


def clip(text: str, room_px: int, *, size: int) -> str:
    """Shorten a text in its middle until it is at most `room_px` wide."""
    if font(size).getlength(text) <= room_px:
        return text
    keep = len(text)
    while keep > 2 and font(size).getlength(_cut(text, keep)) > room_px:
        keep -= 1
    return _cut(text, keep)


def _cut(text: str, keep: int) -> str:
    return f"{text[: keep // 2]}...{text[len(text) - (keep - keep // 2) :]}"


def wrap(text: str, width_px: int, *, size: int = 14, edge_px: int = EDGE_PX) -> list[str]:
    """Break a text at spaces into lines that fit between the edges."""
    lines: list[str] = []
    for word in printable(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font(size).getlength(longer) <= width_px - 2 * edge_px:
            lines[-1] = longer
        else:
            lines.append(clip(word, width_px - 2 * edge_px, size=size))
    return lines
