"""The OpenAPI description: valid, and true of what is answered, for good data and for bad."""

from __future__ import annotations

import contextvars
import io
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode, checks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks as openapi_checks

from tests.api.story import make_api_key, next_id, order_of, take
from tests.factories import make_plan, make_product
from tests.times import NOW
from webapp.api.signing import sign
from webapp.extensions import db

ADDRESS = "/api/v1/openapi.json"
EXAMPLES = 100  # of each address, good and bad


def test_it_is_openapi_for_everybody(client):
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert "Set-Cookie" not in answer.headers
    OpenAPIV31SpecValidator(answer.json).validate()
    assert answer.json["servers"] == [{"url": "http://localhost"}]


def test_it_describes_every_address_below_it(app, client):
    described = {
        (address, method.upper())
        for address, each in client.get(ADDRESS).json["paths"].items()
        for method in each
    }
    known = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert described == known


# --- schemathesis -------------------------------------------------------------------------------------------

CHECKS = [
    checks.not_a_server_error, openapi_checks.status_code_conformance, openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance, openapi_checks.negative_data_rejection,
    openapi_checks.missing_required_header, openapi_checks.ignored_auth,
]  # fmt: skip
TO_BE_SIGNED = "sign this"


class Signer:
    """Signs each request that asks for it, over the bytes that are really sent."""

    def __init__(self, app, secret, clock):
        self.app, self.secret, self.clock = app, secret, clock

    def __call__(self, environ, start_response):
        if environ.get("HTTP_WEBHOOK_SIGNATURE") == TO_BE_SIGNED:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            seconds = int(self.clock.now.timestamp())
            event_id = environ.get("HTTP_WEBHOOK_ID", "")
            environ["HTTP_WEBHOOK_TIMESTAMP"] = str(seconds)
            environ["HTTP_WEBHOOK_SIGNATURE"] = sign(self.secret, event_id, seconds, body)
        return contextvars.Context().run(self.app, environ, start_response)


@pytest.fixture
def described(app, cast, clock):
    """The description as schemathesis reads it, of an application whose messages are signed on the way."""
    return schemathesis.openapi.from_wsgi(ADDRESS, Signer(app, make_api_key(cast.olga).secret, clock))


def _tell(case, answers, clock):
    """Sends it, and looks whether the answer is one of those described."""
    db.session.commit()
    clock.forward(minutes=1)  # wrong signatures are limited
    response = case.call()
    case.validate_response(response, checks=CHECKS)
    answers[case.path, response.status_code] += 1


def _signed(case):
    """With good headers it is signed; with bad ones it goes as it is."""
    components = case.meta.components if case.meta else {}
    headers = components.get(ParameterLocation.HEADER)
    if headers is None or headers.mode is GenerationMode.POSITIVE:
        case.headers["webhook-signature"] = TO_BE_SIGNED


def _about_what_is_there(case, client, plan, product):
    """A good order or event under an id of its own, made to name a client, plans, a product and an order that
    there are; every other one."""
    case.headers["webhook-id"] = message = next_id()
    body, known = case.body, int(message.removeprefix("msg_")) % 2
    if "lines" in body:
        body |= {"client": client, "placed_at": NOW.isoformat()}
        if known:
            body |= {"external_id": message, "currency": "CHF", "expected_gross": None}
        for line in body["lines"]:
            line["plan"] = plan
            if line.get("product"):
                line["product"] = product
    else:
        body["timestamp"] = NOW.isoformat()
        if known:
            body["data"]["external_id"] = "1001"


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_those_described_whatever_comes(described, cast, clock, mode):
    """No crash, no status and no body that the description doesn't know; what it calls bad is refused."""
    product = make_product(cast.lumen, "a.ch", make_plan("web-pro"))
    there, answers = (cast.lumen.public_id, product.plan.code, product.public_id), Counter()
    take(order_of(cast.lumen, product.plan))
    for operation in described.get_all_operations():  # but its own
        told = operation.ok()

        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                  phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=told.as_strategy(generation_mode=mode))
        def tell(case):
            _signed(case)
            if mode is GenerationMode.POSITIVE:
                _about_what_is_there(case, *there)
            _tell(case, answers, clock)

        tell()
    statuses = {(path.rpartition("/")[2], status) for path, status in answers}
    if mode is GenerationMode.POSITIVE:
        assert statuses >= {("orders", 200), ("events", 200), ("events", 202)}, answers
    else:
        assert statuses >= {("orders", 422), ("events", 422)}, answers
        assert not {status for _path, status in statuses} & {200, 202}, answers
