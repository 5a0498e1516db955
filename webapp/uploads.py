"""Files that people send: kept in the database (one backup, one transaction), judged by their content.

Pictures are decoded and encoded again, which drops whatever else was in the file; SVG is never taken.
Attachments are served as downloads only.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from flask import Flask, Response, current_app, request, send_file
from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy.orm import Mapped, deferred, mapped_column
from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from webapp.database import Base, new_public_id
from webapp.extensions import db
from webapp.refused import Refused

View = TypeVar("View", bound=Callable[..., object])

MEGABYTE = 1024 * 1024
ATTACHMENT_BYTES = 5 * MEGABYTE
PICTURE_BYTES = 5 * MEGABYTE
PICTURE_PIXELS = 40_000_000
REQUEST_BYTES = 64 * MEGABYTE  # a file far too big is still read, so that nothing typed beside it is lost
_EASEL = threading.Lock()  # one picture at a time: a large one takes 300 MB while it is drawn again


def takes_files(view: View) -> View:
    """The view's form has files: its requests may have REQUEST_BYTES."""
    view.takes_files = True  # type: ignore[attr-defined] # a mark on the function, read below
    return view


def init_app(app: Flask) -> None:
    """Raises the limit where files are taken. Must come before the CSRF check, which reads the form."""

    @app.before_request
    def make_room() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        if request.method == "POST" and getattr(view, "takes_files", False):
            request.max_content_length = REQUEST_BYTES


class BadFile(Refused):
    """A file that is not taken; the sentence stands next to the field."""

    status = 422


class Upload(Base):
    """A stored file. `draft` ties it to an unfinished form; a row that refers to it keeps it."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True, default=new_public_id)
    filename: Mapped[str] = mapped_column(sa.String(120))
    content_type: Mapped[str] = mapped_column(sa.String(60))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    draft: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    data: Mapped[bytes] = deferred(mapped_column(sa.LargeBinary))


@dataclass(frozen=True)
class Checked:
    """A file that passed: safe name, true type, content."""

    filename: str
    content_type: str
    data: bytes


def _read(file: FileStorage, most: int) -> bytes:
    data = file.stream.read(most + 1)
    if len(data) > most:
        raise BadFile("The file is larger than %(megabytes)s MB.", megabytes=most // MEGABYTE)
    if not data:
        raise BadFile("The file is empty.")
    return data


def _name(file: FileStorage, extension: str) -> str:
    stem = secure_filename(file.filename or "").rpartition(".")[0] or "file"
    return f"{stem[:80]}.{extension}"


def check_pdf(file: FileStorage) -> Checked:
    """A PDF of at most 5 MB, by content. Raises BadFile."""
    data = _read(file, ATTACHMENT_BYTES)
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-2048:]:
        raise BadFile("This is not a PDF file.")
    return Checked(_name(file, "pdf"), "application/pdf", data)


def check_attachment(file: FileStorage) -> Checked:
    """A PDF, JPEG or PNG of at most 5 MB, by content. Raises BadFile."""
    data = _read(file, ATTACHMENT_BYTES)
    if data.startswith(b"%PDF-"):
        file.stream.seek(0)
        return check_pdf(file)
    if not data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        raise BadFile("Only PDF, JPEG and PNG files can be attached.")
    with _EASEL:
        picture = _decode(data)
        return _encode(picture, _name(file, "png" if picture.format == "PNG" else "jpg"))


def check_picture(file: FileStorage, *, smallest: int, largest: int, square: bool) -> Checked:
    """A JPEG, PNG or WebP of at least `smallest` pixels a side, made at most `largest`. Raises BadFile.

    `square` cuts the middle out (avatars, RULES O4); else the proportions stay (logos).
    """
    data = _read(file, PICTURE_BYTES)
    with _EASEL:
        picture = _decode(data)
        if min(picture.size) < smallest:
            raise BadFile("The picture must be at least %(pixels)s × %(pixels)s pixels.", pixels=smallest)
        upright = ImageOps.exif_transpose(picture)
        upright = ImageOps.fit(upright, (largest, largest)) if square else upright
        upright.thumbnail((largest, largest))
        return _encode(upright, _name(file, "png"), "PNG")


def _decode(data: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
        if picture.width * picture.height > PICTURE_PIXELS:
            raise BadFile("The picture has too many pixels.")
        picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFile("The picture has too many pixels.") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise BadFile("This is not a JPEG, PNG or WebP picture.") from None
    return picture


def _encode(picture: Image.Image, name: str, form: str | None = None) -> Checked:
    form = form or ("PNG" if picture.format == "PNG" else "JPEG")
    output = io.BytesIO()
    clean = ImageOps.exif_transpose(picture).convert("RGB" if form == "JPEG" else "RGBA")
    clean.info.clear()  # comments and colour profiles would be written again
    clean.save(output, form, quality=88, optimize=True)
    return Checked(name, f"image/{form.lower()}", output.getvalue())


def store(checked: Checked, *, now: datetime, draft: str | None = None) -> Upload:
    """Adds the file in the caller's unit of work."""
    upload = Upload(
        filename=checked.filename,
        content_type=checked.content_type,
        size=len(checked.data),
        sha256=hashlib.sha256(checked.data).hexdigest(),
        created_at=now,
        draft=draft,
        data=checked.data,
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def download(upload: Upload) -> Response:
    """The file as an attachment that a browser saves and never shows."""
    return send_file(
        io.BytesIO(upload.data),
        mimetype=upload.content_type,
        as_attachment=True,
        download_name=upload.filename,
        etag=upload.sha256,
    )


def picture(upload: Upload) -> Response:
    """A picture that was encoded here, shown in pages; its address changes with its content."""
    response = send_file(
        io.BytesIO(upload.data), mimetype=upload.content_type, etag=upload.sha256, max_age=86400
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response
