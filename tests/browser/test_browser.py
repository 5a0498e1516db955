"""The tools of these tests."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "misdeed",
    [
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')",
        "const s = document.createElement('script'); s.textContent = '1'; document.body.append(s)",
        "const i = new Image(); i.src = 'https://elsewhere.example/x.png'; document.body.append(i)",
        "setTimeout(() => { throw new Error('a bug') })",
        "fetch('/static/js/not-there.js')",
    ],
)
def test_what_a_page_must_not_do_is_noticed(page, complaints, misdeed):
    page.goto("/en/partners")
    page.evaluate(f"() => {{ {misdeed} }}")
    page.wait_for_timeout(300)
    assert complaints.found
    complaints.found.clear()


def test_a_good_page_is_not_complained_about(page, complaints):
    page.goto("/en/partners")
    page.wait_for_timeout(300)
    assert not complaints.found
