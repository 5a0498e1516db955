"""The operator's page of rates, and the command."""

from io import BytesIO

from tests.rates.test_files import DAILY
from webapp.rates import queries


def test_a_file_is_taken_in(client, cast):
    """RULES F9."""
    client.sign_in(cast.olga)
    page = client.get_page("/en/admin/rates")
    assert "No rates yet" in page
    client.post_to("/en/admin/rates", {"file": (BytesIO(DAILY), "eurofxref-daily.xml")})
    page = client.get_page("/en/admin/rates")
    assert "1 day was imported" in page.text and "0.934500" in page.text and "1.070091" in page.text


def test_a_wrong_file_changes_nothing(client, cast):
    client.sign_in(cast.olga)
    page = client.post_to("/en/admin/rates", {"file": (BytesIO(DAILY[:-9]), "eurofxref-daily.xml")})
    assert page.status == 422 and "Line 11: this is not well-formed XML" in page.text
    assert queries.newest(1) == []


def test_the_command_takes_a_file_in(app, tmp_path):
    file = tmp_path / "rates.xml"
    file.write_bytes(DAILY)
    run = app.test_cli_runner().invoke
    assert run(args=["rates", "import", str(file)]).output == "1 days were imported.\n"
    file.write_bytes(DAILY.replace(b"0.9345", b"0.9346"))
    wrong = run(args=["rates", "import", str(file)])
    assert wrong.exit_code == 1 and "2026-11-20" in wrong.output
    file.write_bytes(b"<")
    assert "not well-formed" in run(args=["rates", "import", str(file)]).output
