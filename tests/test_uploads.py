"""Files that people send: judged by their content, pictures made anew, the rest served as downloads only."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from tests.factories import make_upload
from tests.times import NOW
from webapp import uploads
from webapp.unit import unit_of_work
from webapp.uploads import MEGABYTE, BadFile, check_attachment, check_pdf, check_picture

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"
EXE = b"MZ\x90\x00" + bytes(500)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def file(data, name="file.pdf"):
    return FileStorage(io.BytesIO(data), filename=name)


def picture(form="PNG", size=(300, 300), mode="RGB", **options):
    output = io.BytesIO()
    Image.new(mode, size).save(output, form, **options)
    return output.getvalue()


def avatar(data, name="me.png"):
    return check_picture(file(data, name), smallest=210, largest=420, square=True)


def opened(checked):
    return Image.open(io.BytesIO(checked.data))


def test_a_pdf_is_taken_as_it_is():
    checked = check_pdf(file(PDF, "Plan 2026.pdf"))
    assert (checked.filename, checked.content_type, checked.data) == ("Plan_2026.pdf", "application/pdf", PDF)


@pytest.mark.parametrize("data", [EXE, SVG, b"PDF", PDF[1:], PDF[:-8], b"GIF89a", picture(), b"<html>" + PDF])
def test_what_only_claims_to_be_a_pdf_is_refused(data):
    with pytest.raises(BadFile):
        check_pdf(file(data, "plan.pdf"))


@pytest.mark.parametrize(
    "data", [EXE, SVG, b"GIF89a" + bytes(50), b"BM" + bytes(50), b"PK\x03\x04" + bytes(50)]
)
@pytest.mark.parametrize("check", [check_attachment, avatar], ids=["attachment", "avatar"])
def test_programs_drawings_and_archives_are_refused_whatever_their_name(check, data):
    with pytest.raises(BadFile):
        check(data if check is avatar else file(data, "plan.pdf"))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_pictures_can_be_attached(form):
    checked = check_attachment(file(picture(form), "photo.exe"))
    assert opened(checked).format == form
    assert checked.content_type == f"image/{form.lower()}"
    assert checked.filename == {"PNG": "photo.png", "JPEG": "photo.jpg"}[form]


def test_an_empty_file_is_refused():
    for check in (check_pdf, check_attachment):
        with pytest.raises(BadFile, match="empty"):
            check(file(b""))


class Endless(io.RawIOBase):
    """A stream of 50 MB that counts what is read of it."""

    def __init__(self):
        self.left, self.read_so_far = 50 * MEGABYTE, 0

    def readable(self):
        return True

    def read(self, size=-1):
        n = self.left if size < 0 else min(size, self.left)
        self.left -= n
        self.read_so_far += n
        return b"%" * n


@pytest.mark.parametrize("check", [check_pdf, check_attachment])
def test_of_a_file_far_too_large_no_more_is_read_than_needed_to_say_so(check):
    stream = Endless()
    with pytest.raises(BadFile, match="larger") as refusal:
        check(FileStorage(stream, filename="film.pdf"))
    assert refusal.value.values == {"megabytes": 5}
    assert stream.read_so_far <= 5 * MEGABYTE + 1


def test_exactly_the_limit_is_taken():
    data = PDF[:-7] + b" " * (5 * MEGABYTE - len(PDF)) + PDF[-7:]
    assert len(check_pdf(file(data)).data) == 5 * MEGABYTE
    with pytest.raises(BadFile):
        check_pdf(file(b"%PDF-" + data))


def png_that_claims(width, height):
    """A PNG of a few bytes whose header promises a huge picture."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [7_000, 10_000, 20_000, 60_000])
def test_a_decompression_bomb_is_not_opened(side):
    for check in (check_attachment, avatar):
        bomb = png_that_claims(side, side)
        with pytest.raises(BadFile, match="too many pixels"):
            check(bomb if check is avatar else file(bomb))


SECRET = b"<script>alert('hidden')</script>"


def with_archive(data):
    """The same picture with a ZIP archive behind it: valid as both."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("x.html", SECRET)
    return data + archive.getvalue()


def exif_with_place():
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    return exif


@pytest.mark.parametrize(
    "data",
    [
        with_archive(picture("PNG")),
        with_archive(picture("JPEG")),
        picture("JPEG", comment=SECRET),
        picture("JPEG", exif=exif_with_place()),
        picture("PNG", exif=exif_with_place()),
        picture("PNG", icc_profile=SECRET),
        picture("JPEG", icc_profile=SECRET),
    ],
    ids=["png+zip", "jpeg+zip", "comment", "jpeg exif", "png exif", "png profile", "jpeg profile"],
)
def test_whatever_else_is_in_a_picture_is_dropped(data):
    for checked in (check_attachment(file(data, "a.jpg")), avatar(data)):
        assert SECRET not in checked.data and b"PK\x03\x04" not in checked.data
        assert not opened(checked).getexif() and "icc_profile" not in opened(checked).info


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_an_avatar_and_an_attachment(mode):
    """RULES O4."""
    data = picture("PNG", mode=mode)
    assert opened(avatar(data)).size == (420, 420)
    assert opened(check_attachment(file(data))).size == (300, 300)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_kind_of_jpeg_does(mode):
    data = picture("JPEG", mode=mode)
    assert opened(avatar(data)).size == (420, 420)
    assert opened(check_attachment(file(data))).format == "JPEG"


def test_a_webp_becomes_an_avatar():
    assert opened(avatar(picture("WEBP"))).format == "PNG"


def test_an_avatar_has_at_least_210_pixels_a_side_and_is_cut_square():
    """RULES O4."""
    with pytest.raises(BadFile) as refusal:
        avatar(picture(size=(209, 900)))
    assert refusal.value.values == {"pixels": 210}
    assert (
        opened(avatar(picture(size=(210, 900)))).size[0] == opened(avatar(picture(size=(210, 900)))).size[1]
    )
    assert opened(avatar(picture(size=(2000, 1000)))).size == (420, 420)


def test_a_logo_keeps_its_proportions():
    checked = check_picture(file(picture(size=(1600, 400))), smallest=100, largest=800, square=False)
    assert opened(checked).size == (800, 200)


def test_a_photo_taken_upright_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    checked = check_attachment(file(picture("JPEG", size=(400, 200), exif=exif), "a.jpg"))
    assert opened(checked).size == (200, 400)


def test_broken_files_are_refused_and_never_a_crash():
    chance = random.Random(2026)
    whole = [picture("PNG"), picture("JPEG", quality=60), picture("WEBP"), PDF]
    for _n in range(400):
        data = bytearray(chance.choice(whole))
        for _bit in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        data = bytes(data[: chance.randint(len(data) // 2, len(data))])
        for check in (check_attachment, check_pdf, avatar):
            try:
                checked = check(data if check is avatar else file(data))
            except BadFile:
                continue
            assert checked.content_type in ("application/pdf", "image/png", "image/jpeg")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "etc_passwd.pdf"),
        ("C:\\Users\\me\\plan.pdf", "CUsersmeplan.pdf"),
        ("plan.pdf.exe", "plan.pdf.pdf"),
        ("報告.pdf", "file.pdf"),
        (".pdf", "file.pdf"),
        ("", "file.pdf"),
        ("a" * 300 + ".pdf", "a" * 80 + ".pdf"),
        ('x"\r\nSet-Cookie: a=b.pdf', "x_Set-Cookie_ab.pdf"),
    ],
)
def test_a_file_keeps_a_harmless_name_with_its_true_ending(given, kept):
    assert check_pdf(file(PDF, given)).filename == kept


def test_a_stored_file_is_a_download_that_nobody_sniffs(app):
    upload = make_upload(PDF, filename='a"b.pdf')
    with app.test_request_context("/"):
        response = app.process_response(uploads.download(upload))
        response.direct_passthrough = False
        assert response.get_data() == PDF
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.mimetype == "application/pdf"


def test_what_is_stored_comes_back_byte_by_byte(app):
    checked = check_attachment(file(picture("JPEG"), "photo.jpg"))
    upload = unit_of_work(uploads.store)(checked, now=NOW, draft="x")
    assert (upload.data, upload.size) == (checked.data, len(checked.data))
    assert len(upload.public_id) == 26
