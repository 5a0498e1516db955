"""Pages of this feature."""

from __future__ import annotations

from flask import Blueprint

from webapp.products import labels

blueprint = Blueprint("products", __name__)

for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)
