"""Banners with the operator's name and colour, laid out once and drawn as SVG and as PNG."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import current_app, render_template
from PIL import Image, ImageDraw, ImageFont

from webapp import kept
from webapp.i18n import gettext as _
from webapp.i18n import speaking

SIZES = {"300x250": (300, 250), "728x90": (728, 90), "160x600": (160, 600)}
TYPES = {"svg": "image/svg+xml; charset=utf-8", "png": "image/png"}
FONT = Path(__file__).parent.parent.parent / "static" / "fonts" / "inter-latin-wght-normal.woff2"
DRAWN = 64  # pictures kept
FINER = 4  # shapes are drawn so much larger and made smaller: smooth edges
REGULAR, BOLD = 450, 650
LEADING = 1.28
SMALLEST = 9  # letters that can be read


@dataclass(frozen=True)
class Words:
    """One line of text: its left end and baseline in pixels."""

    text: str
    x: float
    y: float
    size: float
    weight: int
    width: float
    light: bool  # on the dark ground; else dark on the button


@dataclass(frozen=True)
class Banner:
    """Everything on it. `rings` and `button` are (x, y, width, height)."""

    width: int
    height: int
    ground: str
    rings: tuple[float, float, float, float]
    button: tuple[float, float, float, float]
    words: tuple[Words, ...]


def picture(language: str, size: str, kind: str) -> bytes:
    """The banner as a file; drawn once."""
    shelf = kept.shelf("banners", DRAWN)
    key = (language, size, kind)
    drawn: bytes | None = shelf.get(key)
    if drawn is None:
        settings = current_app.config["SETTINGS"]
        with speaking(language, settings.operator_country):
            banner = laid_out(*SIZES[size], settings.brand_name, settings.brand_hue)
        drawn = svg(banner) if kind == "svg" else png(banner)
        shelf.put(key, drawn)
    return drawn


def alternative(language: str) -> str:
    """What somebody reads who does not see the picture."""
    settings = current_app.config["SETTINGS"]
    with speaking(language, settings.operator_country):
        return f"{settings.brand_name}: {_('Websites, mail and servers in good hands')}"


def laid_out(width: int, height: int, brand: str, hue: int) -> Banner:
    """Name, sentence and button, in as large letters as they fit: in a row when it is wide, else in a column."""
    sentence, call = _("Websites, mail and servers in good hands"), _("See the offers")
    wide, edge = width > 3 * height, round(min(width, height) * 0.08 + 6)
    mark = 30.0 if wide else 26.0
    button_size = 15.0 if wide else 14.0
    button_width = length(call, button_size, BOLD) + 28
    button_height = 38.0
    if wide:
        room = width - 3 * edge - button_width - mark - 12
        lines = [*fitted(brand, room, 22, BOLD, most=1), *fitted(sentence, room, 16, REGULAR, most=1)]
        left, top = edge + mark + 12, (height - _height(lines)) / 2
        button = (width - edge - button_width, (height - button_height) / 2, button_width, button_height)
        rings = (float(edge), (height - mark * 0.7) / 2, mark, mark * 0.7)
    else:
        room = width - 2 * edge
        left, top = float(edge), edge + mark * 0.7 + 16
        button = (left, height - edge - button_height, min(button_width, room), button_height)
        lines = []
        for large, small in ((26, 20), (22, 18), (18, 15), (14, 12), (SMALLEST, SMALLEST)):
            lines = [
                *fitted(brand, room, large, BOLD, most=3),
                *fitted(sentence, room, small, REGULAR, most=6),
            ]
            if top + _height(lines) <= button[1]:
                break
        rings = (left, float(edge), mark, mark * 0.7)
    words = []
    for text, size, weight in lines:
        top += size * LEADING
        words.append(_line(text, left, top - size * 0.3, size, weight, light=True))
    call_size = fitted(call, button[2] - 12, button_size, BOLD, most=1)[0][1]
    x = button[0] + (button[2] - length(call, call_size, BOLD)) / 2
    words.append(_line(call, x, button[1] + button[3] / 2 + call_size * 0.36, call_size, BOLD, light=False))
    return Banner(width, height, colour(0.36, 0.13, hue), rings, button, tuple(words))


def _line(text: str, x: float, y: float, size: float, weight: int, *, light: bool) -> Words:
    return Words(text, round(x, 1), round(y, 1), size, weight, round(length(text, size, weight), 1), light)


def _height(lines: list[tuple[str, float, int]]) -> float:
    return sum(size * LEADING for _text, size, _weight in lines)


def fitted(text: str, room: float, size: float, weight: int, *, most: int) -> list[tuple[str, float, int]]:
    """The text in at most so many lines, smaller where it has to be: (line, size, weight)."""
    while True:
        lines = wrapped(text, room, size, weight)
        if len(lines) <= most and all(length(line, size, weight) <= room for line in lines):
            return [(line, size, weight) for line in lines]
        if size <= SMALLEST:
            return [(cut(line, room, size, weight), size, weight) for line in lines[:most]]
        size -= 1


def wrapped(text: str, room: float, size: float, weight: int) -> list[str]:
    """Lines that are no longer than there is room, as far as words allow it."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and length(longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def cut(text: str, room: float, size: float, weight: int) -> str:
    """As much of it as there is room for."""
    while length(text, size, weight) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return text


def length(text: str, size: float, weight: int) -> float:
    """How wide the text is, in pixels."""
    return _font(100, weight).getlength(text) * size / 100


@lru_cache(maxsize=64)
def _font(size: float, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(FONT), size)
    font.set_variation_by_axes([weight])
    return font


def svg(banner: Banner) -> bytes:
    """For sites that take SVG: sharp at any size. Letters are those of the reader's system."""
    return render_template("affiliation/banner.svg", banner=banner, rings=_circles(banner)).encode()


def _circles(banner: Banner) -> list[tuple[float, float, float]]:
    x, y, width, height = banner.rings
    radius = height / 2
    return [(x + radius, y + radius, radius - 1.5), (x + width - radius, y + radius, radius - 1.5)]


def png(banner: Banner) -> bytes:
    """For all others."""
    size = (banner.width, banner.height)
    drawing = Image.new("RGB", (size[0] * FINER, size[1] * FINER), banner.ground)
    pen = ImageDraw.Draw(drawing)
    for x, y, radius in _circles(banner):
        box = [(x - radius) * FINER, (y - radius) * FINER, (x + radius) * FINER, (y + radius) * FINER]
        pen.ellipse(box, outline="#ffffff", width=3 * FINER)
    left, top, wide, high = (value * FINER for value in banner.button)
    pen.rounded_rectangle([left, top, left + wide, top + high], radius=8 * FINER, fill="#ffffff")
    image = drawing.resize(size, Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(image)
    for each in banner.words:
        fill = "#ffffff" if each.light else banner.ground
        pen.text((each.x, each.y), each.text, fill=fill, font=_font(each.size, each.weight), anchor="ls")
    output = io.BytesIO()
    image.save(output, "PNG", optimize=True)
    return output.getvalue()


def colour(lightness: float, chroma: float, hue: int) -> str:
    """An OKLCH colour as sRGB, `#224488`; what no screen shows is cut off."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(min(1.0, max(0.0, part)))):02x}" for part in linear)


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
