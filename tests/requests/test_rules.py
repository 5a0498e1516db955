"""What is true of requests (RULES C7)."""

import pytest

from webapp.requests.rules import next_step


@pytest.mark.parametrize(
    ("done", "step"),
    [
        ([], "who"), (["who"], "ask"), (["who", "ask"], "message"), (["message", "ask"], "who"),
        (["ask", "message", "who"], "check"),
    ],
)  # fmt: skip
def test_the_wizard_goes_to_the_first_page_that_is_missing(done, step):
    """RULES C7"""
    assert next_step(done) == step
