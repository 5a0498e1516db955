"""What tests of the pages about calls for tenders share: a whole form, files, the next page, addresses."""

from __future__ import annotations

import io

import sqlalchemy as sa
from PIL import Image

from tests.client import Page, ProofreadingClient
from tests.tenders.story import CONTACT
from webapp import links
from webapp.accounts.models import Organisation
from webapp.extensions import db
from webapp.tenders.models import Tender

NEW = "/en/tenders/new"
CALL = {
    "title": "A shop for eyeglasses",
    "services": ["web", "shop"],
    "description": "We sell eyeglasses in three branches and want a shop on the web by spring.",
    "place": "CH-BE",
    "budget": "5000-20000",
    "start": "month",
    "reply_languages": ["en", "de"],
    "validity_days": "14",
    **CONTACT,
}
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n"


def picture(form: str = "PNG", size: tuple[int, int] = (30, 20)) -> bytes:
    """The bytes of a picture."""
    output = io.BytesIO()
    Image.new("RGB", size, "teal").save(output, form)
    return output.getvalue()


def file(name: str, data: bytes = PDF) -> tuple[io.BytesIO, str]:
    """A file for a form."""
    return io.BytesIO(data), name


def the_call() -> Tender:
    """The only call there is."""
    return db.session.scalars(sa.select(Tender).execution_options(populate_existing=True)).one()


def follow(client: ProofreadingClient, page: Page, status: int = 200) -> Page:
    """The page after a form was taken."""
    assert page.status == 303, (page.status, page.errors, page.text[:300])
    return client.get_page(page.location, status=status)


def manage(tender: Tender, language: str = "en") -> str:
    """The address of the requester's page."""
    return f"/{language}/t/{links.live('tender', tender.id).token}"


def at(organisation: Organisation, *rest: str, language: str = "en") -> str:
    """An address below an organisation's calls."""
    return "/".join([f"/{language}/o/{organisation.public_id}/tenders", *rest])
