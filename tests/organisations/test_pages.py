"""Pages of further organisations, of settings and teams, and of a colleague's invitation."""

import pytest

from tests.factories import PASSWORD, join
from webapp.accounts import queries as people
from webapp.accounts.rules import Role
from webapp.organisations import queries

NEW_PASSWORD = "seven geese on a ladder"

COMPANY = {
    "kind": "company", "organisation_name": "Atelier Brun SA", "street": "Rue Haute 2", "postcode": "1003",
    "city": "Lausanne", "country": "CH", "register_number": "CHE-107.787.577",
    "vat_number": "CHE-107.787.577 TVA",
}  # fmt: skip


def error_at(page, field):
    """The message next to a field."""
    return page.root.by_id(f"{field}-error").text


# --- a further organisation ---------------------------------------------------------------------------------


def test_a_person_makes_a_further_organisation(client, cast):
    """RULES O1"""
    client.sign_in(cast.nadia)
    page = client.submit("/en/account/organisations/new", COMPANY)
    organisation = people.memberships(cast.nadia)[0].organisation
    assert organisation.name == "Atelier Brun SA"
    assert page.location == f"/en/o/{organisation.public_id}/"


def test_a_broken_key_of_the_form_is_replaced(client, cast):
    client.sign_in(cast.nadia)
    assert client.post_to("/en/account/organisations/new", {**COMPANY, "key": "../x"}).status == 303


# --- an organisation's settings -----------------------------------------------------------------------------


def test_settings_are_changed(client, cast):
    """RULES O3: address, currency, numbers, note on invoices."""
    client.sign_in(cast.adam)
    address = f"/en/o/{cast.lumen.public_id}/settings"
    page = client.submit(address, {
        "organisation_name": "Lumen Optik GmbH", "country": "DE", "city": "Köln",
        "register_number": "HRB 777", "vat_number": "DE 136695976", "invoice_note": "Bestellung 7",
        "language": "en",
    })  # fmt: skip
    assert page.location == address
    lumen = cast.lumen
    assert (lumen.name, lumen.country, lumen.currency, lumen.city) == (
        "Lumen Optik GmbH",
        "DE",
        "EUR",
        "Köln",
    )
    assert (lumen.vat_number, lumen.invoice_note, lumen.language) == ("DE136695976", "Bestellung 7", "en")


def test_wrong_numbers_in_the_settings_are_explained(client, cast):
    """RULES O3"""
    client.sign_in(cast.nadia)
    page = client.submit(
        f"/en/o/{cast.lumen.public_id}/settings", {"vat_number": "nonsense", "street": "Neuweg 3"}
    )
    assert page.status == 422 and "CHE-107.787.577 MWST" in error_at(page, "vat_number")
    assert page.root.by_id("street").get("value") == "Neuweg 3"
    assert cast.lumen.street == "Marktgasse 1"


def test_a_collaborator_reads_whom_to_ask(client, cast):
    """RULES O2"""
    client.sign_in(cast.hugo)
    page = client.get_page(f"/en/o/{cast.lumen.public_id}/settings", status=403)
    assert "Nadia Noser" in page and "Adam Ammann" in page and "Hugo Huber" not in page


# --- the team -----------------------------------------------------------------------------------------------


def team_of(organisation):
    return f"/en/o/{organisation.public_id}/team"


def of(organisation, person):
    return people.membership_in(organisation, person).public_id


def test_the_team_shows_what_each_may_do(client, another, cast):
    """RULES O2"""
    acts = {
        person.name: list(another().sign_in(person).get_page(team_of(cast.lumen)).links)
        for person in (cast.nadia, cast.adam, cast.hugo)
    }
    assert "Invite a colleague" in acts["Nadia Noser"] and "Invite a colleague" in acts["Adam Ammann"]
    assert acts["Hugo Huber"] == ["Leave"]


def test_a_role_is_changed(client, cast):
    """RULES O2"""
    client.sign_in(cast.nadia)
    address = f"{team_of(cast.lumen)}/{of(cast.lumen, cast.hugo)}/role"
    assert client.submit(address, {"role": "administrator"}).location == team_of(cast.lumen)
    assert people.membership_in(cast.lumen, cast.hugo).role is Role.ADMINISTRATOR


def test_the_last_legal_representative_is_told_why_not(client, cast):
    """RULES O2"""
    client.sign_in(cast.nadia)
    own = f"{team_of(cast.lumen)}/{of(cast.lumen, cast.nadia)}"
    demoted = client.submit(f"{own}/role", {"role": "collaborator"})
    assert demoted.status == 422 and "always keeps a legal representative" in demoted.errors[0]
    left = client.submit(f"{own}/removal")
    assert left.status == 409 and "always keeps a legal representative" in left.errors[0]
    assert people.membership_in(cast.lumen, cast.nadia).role is Role.LEGAL_REPRESENTATIVE


def test_an_administrator_gives_no_role_of_a_legal_representative(client, cast):
    """RULES O2"""
    client.sign_in(cast.adam)
    hugos = f"{team_of(cast.lumen)}/{of(cast.lumen, cast.hugo)}/role"
    assert "Legal representative" not in client.get_page(hugos)
    assert client.post_to(hugos, {"role": "legal_representative"}).status == 422
    nadias = f"{team_of(cast.lumen)}/{of(cast.lumen, cast.nadia)}"
    assert "Only legal representatives" in client.get_page(f"{nadias}/role", status=403)
    assert "Only legal representatives" in client.get_page(f"{nadias}/removal", status=403)
    assert client.post_to(f"{nadias}/removal").status == 403
    assert client.post_to(f"{nadias}/role", {"role": "collaborator"}).status == 403


def test_removing_asks_once_and_acts_at_once(client, another, cast):
    """RULES O2"""
    hugo = another().sign_in(cast.hugo)
    hugo.get_page(team_of(cast.lumen))
    client.sign_in(cast.adam)
    address = f"{team_of(cast.lumen)}/{of(cast.lumen, cast.hugo)}/removal"
    assert "Remove Hugo Huber" in client.get_page(address).buttons
    assert people.membership_in(cast.lumen, cast.hugo)
    assert client.submit(address).location == team_of(cast.lumen)
    assert hugo.get(team_of(cast.lumen)).status_code == 404


def test_a_collaborator_leaves_and_starts_elsewhere(client, cast):
    client.sign_in(cast.hugo)
    page = client.submit(f"{team_of(cast.lumen)}/{of(cast.lumen, cast.hugo)}/removal")
    assert page.location == "/en/start"
    assert client.get("/en/start").location == "/en/account/organisations/new"


def test_a_collaborator_removes_nobody(client, cast):
    client.sign_in(cast.hugo)
    address = f"{team_of(cast.lumen)}/{of(cast.lumen, cast.adam)}/removal"
    assert client.post_to(address).status == 403
    assert people.membership_in(cast.lumen, cast.adam)


def test_other_organisations_are_not_there(client, cast):
    client.sign_in(cast.stefan)
    lumen, own = team_of(cast.lumen), team_of(cast.stefans)
    foreign = of(cast.lumen, cast.hugo)
    for address in (
        lumen,
        f"{lumen}/new",
        f"{lumen}/{foreign}/role",
        f"{own}/{foreign}/role",
        f"{own}/{foreign}/removal",
    ):
        assert client.get(address).status_code == 404, address
    assert client.post_to(f"{own}/{foreign}/removal").status == 404


# --- invitations --------------------------------------------------------------------------------------------


@pytest.fixture
def invite(another, outbox, cast):
    """Nadia invites; answers the link in the mail."""

    def send(email="new@example.com", role="collaborator"):
        nadia = another().sign_in(cast.nadia)
        page = nadia.submit(f"{team_of(cast.lumen)}/new", {"email": email, "role": role, "language": "en"})
        assert page.location == team_of(cast.lumen), page.errors
        return outbox.links(outbox.to(email)[-1])[0]

    return send


def test_a_newcomer_joins_with_a_new_account(client, cast, invite):
    link = invite(role="administrator")
    for _again in range(3):
        page = client.get_page(link)
    assert "Lumen Optik AG" in page and "Nadia Noser" in page and "Administrator" in page
    weak = client.submit(link, {"name": "Nele Neu", "new_password": "NeleNeu-12345"})
    assert weak.status == 422 and weak.root.by_id("name").get("value") == "Nele Neu"
    joined = client.submit(link, {"name": "Nele Neu", "new_password": NEW_PASSWORD})
    assert joined.location == f"/en/o/{cast.lumen.public_id}/"
    nele = people.user_by_email("new@example.com")
    assert nele.verified_at and people.membership_in(cast.lumen, nele).role is Role.ADMINISTRATOR
    assert "Nele Neu" in client.get_page(team_of(cast.lumen))


def test_who_has_an_account_signs_in_and_comes_back(client, cast, invite):
    link = invite(cast.stefan.email)
    page = client.get_page(link)
    back = client.submit(
        page.links["Sign in and come back"], {"email": cast.stefan.email, "password": PASSWORD}
    )
    assert back.location == link
    assert client.get_page(link).buttons == ["Join"]
    assert client.submit(link).location == f"/en/o/{cast.lumen.public_id}/"
    assert people.membership_in(cast.lumen, cast.stefan)


def test_another_account_is_told_and_may_switch(client, cast, invite):
    link = invite()
    client.sign_in(cast.stefan)
    page = client.get_page(link)
    assert cast.stefan.email in page and "new@example.com" in page
    client.post_to(link)
    assert people.membership_in(cast.lumen, cast.stefan) is None
    assert client.submit(link, to=f"{link}/switch").location == link
    assert client.get_page(link).h1 == "Join Lumen Optik AG"


def test_withdrawn_expired_answered_and_unknown_invitations_look_alike(client, clock, cast, another, invite):
    answered, withdrawn, expired = invite("a@example.com"), invite("b@example.com"), invite("c@example.com")
    another().submit(answered, {"name": "Anna", "new_password": NEW_PASSWORD})
    nadia = another().sign_in(cast.nadia)
    waiting = {each.email: each for each in queries.open_invitations(cast.lumen)}
    taken_back = f"{team_of(cast.lumen)}/invitations/{waiting['b@example.com'].public_id}/withdrawal"
    assert nadia.get_page(taken_back).buttons == ["Withdraw the invitation"]
    assert nadia.submit(taken_back).location == team_of(cast.lumen)
    clock.forward(days=14)
    links_over = (answered, withdrawn, expired, "/en/join/unknown")
    assert len({client.get_page(each, status=410).text for each in links_over}) == 1


def test_an_invitation_is_sent_again_after_a_while(client, clock, cast, another, outbox, invite):
    first = invite()
    nadia = another().sign_in(cast.nadia)
    (invitation,) = queries.open_invitations(cast.lumen)
    again = f"{team_of(cast.lumen)}/invitations/{invitation.public_id}/mail"
    nadia.submit(team_of(cast.lumen), to=again)
    assert any("less than 10 minutes ago" in notice for notice in nadia.get_page(team_of(cast.lumen)).notices)
    clock.forward(minutes=10)
    nadia.submit(team_of(cast.lumen), to=again)
    second = outbox.links(outbox.to("new@example.com")[-1])[0]
    client.get_page(first, status=410)
    client.get_page(second)


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("hugo@lumen.example", "This person belongs to the organisation already."),
        ("new@example.com", "This address has an open invitation already."),
        ("", "Enter the mail address of your colleague."),
        ("hugo", "Enter a mail address such as name@example.com."),
    ],
)
def test_who_can_not_be_invited(client, cast, invite, email, sentence):
    invite("new@example.com")
    client.sign_in(cast.nadia)
    page = client.submit(f"{team_of(cast.lumen)}/new", {"email": email, "role": "collaborator"})
    assert page.status == 422 and error_at(page, "email").startswith(sentence)


def test_an_administrator_does_not_invite_legal_representatives(client, cast):
    """RULES O2"""
    client.sign_in(cast.adam)
    address = f"{team_of(cast.lumen)}/new"
    assert "Legal representative" not in [label.text for label in client.get_page(address).main.all("strong")]
    assert (
        client.post_to(
            address, {"email": "x@example.com", "role": "legal_representative", "language": "en"}
        ).status
        == 422
    )
    assert queries.open_invitations(cast.lumen) == []


def test_an_administrator_leaves_the_invitation_of_a_legal_representative_alone(client, cast, invite):
    """RULES O2"""
    invite(role="legal_representative")
    (invitation,) = queries.open_invitations(cast.lumen)
    client.sign_in(cast.adam)
    assert "Withdraw" not in client.get_page(team_of(cast.lumen))
    client.post_to(f"{team_of(cast.lumen)}/invitations/{invitation.public_id}/withdrawal")
    assert [each.id for each in queries.open_invitations(cast.lumen)] == [invitation.id]


def test_foreign_invitations_are_not_there(client, cast, invite):
    invite()
    (invitation,) = queries.open_invitations(cast.lumen)
    client.sign_in(cast.stefan)
    for organisation in (cast.lumen, cast.stefans):
        base = f"{team_of(organisation)}/invitations/{invitation.public_id}"
        assert client.post_to(f"{base}/mail").status == 404
        assert client.post_to(f"{base}/withdrawal").status == 404


def test_a_person_who_belongs_already_just_arrives(client, cast, invite):
    link = invite(cast.stefan.email)
    join(cast.stefan, cast.lumen, Role.ADMINISTRATOR)
    client.sign_in(cast.stefan)
    assert client.submit(link).location == f"/en/o/{cast.lumen.public_id}/"
    assert people.membership_in(cast.lumen, cast.stefan).role is Role.ADMINISTRATOR


# --- every page, every language -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_every_page_of_organisations_is_sound_in_every_language(another, cast, invite, language):
    """The client proofreads: one heading, labels, actions, no leak."""
    org, hugos = cast.lumen.public_id, of(cast.lumen, cast.hugo)
    invited = invite(cast.stefan.email).replace("/en/", f"/{language}/")
    (invitation,) = queries.open_invitations(cast.lumen)
    visitor, nadia = another(), another().sign_in(cast.nadia)
    for path in (
        "account/organisations/new",
        f"o/{org}/settings", f"o/{org}/team", f"o/{org}/team/new", f"o/{org}/team/{hugos}/role",
        f"o/{org}/team/{hugos}/removal", f"o/{org}/team/invitations/{invitation.public_id}/withdrawal",
    ):  # fmt: skip
        nadia.get_page(f"/{language}/{path}")
    for reader in (visitor, nadia, another().sign_in(cast.stefan)):
        reader.get_page(invited)
