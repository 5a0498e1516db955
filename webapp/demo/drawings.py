"""Small things that the demo's people hand in: drawn logos, and a PDF of plain lines."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageDraw
from werkzeug.datastructures import FileStorage

from webapp import uploads
from webapp.uploads import Checked

SIZE = 256
FINE = 4  # drawn larger and made smaller, for smooth edges


def logo(drawing: str) -> Checked:
    """A logo such as `sun:#c2410c`, as it comes through the upload."""
    shape, _, colour = drawing.partition(":")
    side = SIZE * FINE
    picture = Image.new("RGBA", (side, side), "#ffffff")
    SHAPES[shape](ImageDraw.Draw(picture), side, colour)
    small = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "PNG")
    file.seek(0)
    return uploads.check_picture(FileStorage(file, f"{shape}.png"), smallest=64, largest=480, square=False)


def _sun(draw: ImageDraw.ImageDraw, side: int, colour: str) -> None:
    middle = side / 2
    for ray in range(12):
        angle = math.radians(30 * ray)
        inner, outer = side * 0.3, side * (0.44 if ray % 2 else 0.38)
        start = (middle + inner * math.cos(angle), middle + inner * math.sin(angle))
        end = (middle + outer * math.cos(angle), middle + outer * math.sin(angle))
        draw.line([start, end], fill=colour, width=side // 28)
    draw.circle((middle, middle), side * 0.22, fill=colour)


def _peaks(draw: ImageDraw.ImageDraw, side: int, colour: str) -> None:
    draw.polygon([(side * x, side * y) for x, y in ((0.1, 0.78), (0.4, 0.24), (0.7, 0.78))], fill=colour)
    draw.polygon([(side * x, side * y) for x, y in ((0.48, 0.78), (0.68, 0.42), (0.9, 0.78))], fill=colour)
    draw.polygon([(side * x, side * y) for x, y in ((0.33, 0.37), (0.4, 0.24), (0.47, 0.37))], fill="#ffffff")


def _wave(draw: ImageDraw.ImageDraw, side: int, colour: str) -> None:
    for row in range(3):
        height = side * (0.35 + 0.16 * row)
        points = [
            (side * (0.1 + 0.8 * n / 60), height + side * 0.05 * math.sin(n / 60 * 4 * math.pi))
            for n in range(61)
        ]
        draw.line(points, fill=colour, width=side // (14 + 4 * row), joint="curve")


def _nine(draw: ImageDraw.ImageDraw, side: int, colour: str) -> None:
    for n in range(9):
        x, y = 0.26 + 0.24 * (n % 3), 0.26 + 0.24 * (n // 3)
        draw.circle((side * x, side * y), side * (0.1 if n == 4 else 0.075), fill=colour)


def _vault(draw: ImageDraw.ImageDraw, side: int, colour: str) -> None:
    draw.rounded_rectangle([side * 0.16, side * 0.2, side * 0.84, side * 0.8], side * 0.08, fill=colour)
    draw.circle((side / 2, side / 2), side * 0.17, outline="#ffffff", width=side // 28)
    draw.line([(side / 2, side / 2), (side / 2, side * 0.38)], fill="#ffffff", width=side // 28)


def _hexagon(draw: ImageDraw.ImageDraw, side: int, colour: str) -> None:
    draw.regular_polygon((side / 2, side / 2, side * 0.38), 6, rotation=30, fill=colour)
    draw.regular_polygon((side / 2, side / 2, side * 0.2), 6, rotation=30, fill="#ffffff")


def _bridge(draw: ImageDraw.ImageDraw, side: int, colour: str) -> None:
    width = side // 22
    draw.line([(side * 0.1, side * 0.68), (side * 0.9, side * 0.68)], fill=colour, width=width)
    for x in (0.32, 0.68):
        draw.line([(side * x, side * 0.28), (side * x, side * 0.78)], fill=colour, width=width)
    draw.arc([side * 0.32, side * 0.0, side * 0.68, side * 0.56], 0, 180, fill=colour, width=width)


SHAPES = {
    "sun": _sun,
    "peaks": _peaks,
    "wave": _wave,
    "nine": _nine,
    "vault": _vault,
    "hexagon": _hexagon,
    "bridge": _bridge,
}


def pdf(name: str, lines: tuple[str, ...]) -> Checked:
    """A page of lines in a typewriter's letters, as it comes through the upload."""
    shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in lines)
    page = f"BT /F1 10 Tf 14 TL 56 780 Td\n{shown}\nET".encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    file = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return uploads.check_pdf(FileStorage(io.BytesIO(bytes(file)), name))


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
