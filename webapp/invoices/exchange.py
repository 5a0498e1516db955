"""Invoices as files: PDF for people, with EN 16931 inside, and the same XML by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from flask import Response, current_app

from webapp.invoices import electronic, paper
from webapp.invoices.documents import document_of
from webapp.invoices.rules import Document, NotDrawn
from webapp.orders.models import Invoice

log = logging.getLogger(__name__)


def _paper(document: Document) -> bytes:
    return paper.pdf(document, hue=current_app.config["SETTINGS"].brand_hue)


FILES: dict[str, tuple[str, Callable[[Document], bytes]]] = {
    "pdf": ("application/pdf", _paper),
    "xml": ("application/xml", electronic.xml),
}


@contextmanager
def drawing(number: str) -> Iterator[None]:
    """What goes wrong inside is logged with the document's number, and told plainly: raises NotDrawn."""
    try:
        yield
    except Exception as error:
        log.exception("The document of %s could not be made", number)
        raise NotDrawn(number=number) from error


def shown(invoice: Invoice, language: str) -> Document:
    """What the document says, for a page in this language."""
    with drawing(invoice.number):
        return document_of(invoice, language=language)


def download(invoice: Invoice, kind: str) -> Response:
    """The document as a file; `kind` is pdf or xml."""
    return sent(invoice.number, partial(document_of, invoice), filename(invoice, kind), kind)


def sent(number: str, document: Callable[[], Document], name: str, kind: str) -> Response:
    """A document as a file of this name that is saved, never shown inside a page; `kind` is pdf or xml."""
    content_type, draw = FILES[kind]
    with drawing(number):
        content = draw(document())
    return Response(
        content, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def filename(invoice: Invoice, kind: str) -> str:
    """`invoice-2026-00001.pdf`, `credit-note-2026-00001.pdf`."""
    if invoice.is_credit:
        return f"credit-note-{invoice.number.removeprefix('C-')}.{kind}"
    return f"invoice-{invoice.number}.{kind}"
