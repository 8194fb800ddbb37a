"""Who acts for an owner: given and ended by the owner, never on their own access, written down as "Megan for Alex"."""

import pytest
from django.urls import reverse

from sharing import changes
from sharing.models import AuditEvent, Change, Cover, Deputy, Mailbox, Notice, Person, Proposal, Role
from tests.contoso import permission, user
from tests.web.owner.cast import calendar_of, form_of, page_of

ALEX, MEGAN, ADELE, CHARLIE = (f"{name}@contoso.com" for name in ("AlexW", "MeganB", "AdeleV", "CharlieR"))
KIDS = "Kids parties"
pytestmark = pytest.mark.django_db(transaction=True)


def person(address):
    return Person.objects.get(address__iexact=address)


def mailbox(address):
    return Mailbox.objects.select_related("person", "tenant").get(person__address__iexact=address)


@pytest.fixture
def acting(allowed, alex, clock):
    """Megan acts for Alex, without private events."""
    return changes.give_deputy(
        mailbox=mailbox(ALEX), person=person(MEGAN), lets_grant_private=False, by=alex, now=clock()
    )


@pytest.fixture
def megan(as_owner, acting):
    return as_owner(MEGAN)


def give(browser, who, **fields):
    form = {"mailbox": mailbox(ALEX).public_id, "person": person(who).public_id} | fields
    return browser.post(reverse("deputies"), form)


def test_an_owner_finds_somebody_and_makes_them_a_deputy(owner, allowed):
    assert person(MEGAN).public_id in owner.get(reverse("deputies"), {"q": "bowen"}).text
    assert give(owner, MEGAN).status_code == 302
    row = Deputy.objects.get()
    assert (row.oid, row.lets_grant_private, row.ended_at) == (person(MEGAN).oid, False, None)
    assert "May not give access to private events." in owner.get(reverse("deputies")).text
    assert [n.kind for n in Notice.objects.filter(person=person(MEGAN))] == ["deputy_given"]
    assert [e.verb for e in AuditEvent.objects.filter(verb__startswith="deputy")] == ["deputy.given"]


def test_where_it_is_switched_off_nobody_becomes_one(owner, alex):
    assert "Your IT can switch them on." in owner.get(reverse("deputies")).text
    assert give(owner, MEGAN).status_code == 409
    assert not Deputy.objects.exists()


def test_nobody_makes_a_deputy_for_somebody_else(as_owner, allowed):
    assert give(as_owner(CHARLIE), CHARLIE).status_code == 404
    assert not Deputy.objects.exists()


def test_the_owner_and_who_is_gone_cannot_be_one(owner, allowed):
    Person.objects.filter(address=CHARLIE).update(enabled=False)
    assert give(owner, ALEX).status_code == 422
    assert give(owner, CHARLIE).status_code == 422
    assert not Deputy.objects.exists()


def test_asking_twice_makes_one_and_other_terms_replace_the_first(owner, allowed):
    give(owner, MEGAN)
    give(owner, MEGAN)
    assert Deputy.objects.count() == 1
    give(owner, MEGAN, private="on")
    assert [row.lets_grant_private for row in Deputy.objects.filter(ended_at=None)] == [True]
    assert Deputy.objects.exclude(ended_at=None).count() == 1


def test_a_deputy_changes_the_owners_sharing_and_it_is_written_down_for_whom(megan, work, as_owner, cloud):
    adele = permission(ALEX, ADELE, KIDS)
    assert megan.post(page_of(adele), form_of(adele, role="freeBusyRead")).status_code == 302
    change = work()[0]
    assert (change.state, change.actor_kind, str(change.actor)) == ("applied", "deputy", "Megan Bowen")
    said = AuditEvent.objects.get(verb="change.requested")
    assert said.on_behalf.endswith(str(person(ALEX).oid))
    assert "Megan Bowen for Alex Wilber changed Adele Vance" in as_owner(ALEX).get(calendar_of(adele)).text


def test_a_deputy_never_changes_their_own_access(megan):
    own = permission(ALEX, MEGAN, KIDS)
    answer = megan.post(page_of(own), form_of(own, role="write"))
    assert answer.status_code in (403, 409)
    assert "own access" in answer.text
    assert not Change.objects.exists()


def test_private_events_only_where_the_owner_ticked_that(megan, as_owner, outside, sync, alex, clock):
    outside("share", mailbox=ALEX, who=ADELE, role="read")
    sync()
    adele = permission(ALEX, ADELE)
    wish = form_of(adele, role=Role.PRIVATE_DELEGATE, confirmed="on")
    assert megan.post(page_of(adele), wish).status_code in (403, 409)
    assert not Change.objects.exists()
    changes.give_deputy(mailbox=mailbox(ALEX), person=person(MEGAN), lets_grant_private=True, by=alex, now=clock())
    assert megan.post(page_of(adele), wish).status_code == 302


def test_what_is_underway_is_not_sent_once_the_owner_ended_it(megan, acting, alex, clock, work, cloud):
    adele = permission(ALEX, ADELE, KIDS)
    megan.post(page_of(adele), form_of(adele, role="freeBusyRead"))
    changes.end_deputy(deputy=acting, by=alex, now=clock())
    cloud.log.clear()
    change = work()[0]
    assert (change.state, change.cause) == ("failed", "not_allowed")
    assert not cloud.log.writes()


def test_the_owner_ends_it_and_the_pages_are_gone(acting, owner, as_owner):
    adele = permission(ALEX, ADELE, KIDS)
    owner.post(reverse("deputy_end", args=[acting.public_id]))
    browser = as_owner(MEGAN)
    assert browser.get(page_of(adele)).status_code == 404
    assert browser.get(calendar_of(adele)).status_code == 404


def test_switching_deputies_off_ends_what_they_may_at_once(megan, allowed):
    adele = permission(ALEX, ADELE, KIDS)
    assert megan.get(calendar_of(adele)).status_code == 200
    allowed.deputies_on = False
    allowed.save(update_fields=["deputies_on"])
    assert megan.get(calendar_of(adele)).status_code == 404


def test_a_deputy_makes_no_deputies_and_answers_no_questions(megan):
    assert give(megan, CHARLIE).status_code == 404
    assert "Alex Wilber" not in megan.get(reverse("deputies")).text


def test_one_page_lists_for_whom_i_act_and_who_gets_their_requests(megan):
    page = megan.get(reverse("for_others")).text
    assert "You change the sharing for Alex Wilber." in page
    assert "You are a delegate." in page
    assert "Delegates only" in page


def test_a_deputy_can_stop_and_the_owner_is_told(megan, acting):
    megan.post(reverse("deputy_end", args=[acting.public_id]))
    acting.refresh_from_db()
    assert acting.ended_at is not None
    assert Notice.objects.get(kind="deputy_left").person == person(ALEX)


def test_cover_is_asked_once_and_each_owner_agrees_with_one_click(megan, as_owner, allowed):
    allowed.creates_on = True
    allowed.save(update_fields=["creates_on"])
    asked = {
        "person": person(CHARLIE).public_id, "starts": "2026-11-10", "ends": "2026-11-20",
        "owner": [mailbox(ALEX).public_id], "reason": "Holiday",
    }  # fmt: skip
    answer = megan.post(reverse("ask_cover"), asked)
    assert "Alex Wilber: asked" in answer.text
    proposal = Proposal.objects.get()
    assert (proposal.kind, str(proposal.person)) == ("cover", str(person(CHARLIE)))
    assert Notice.objects.get(kind="cover_asked").person == person(ALEX)
    assert not Cover.objects.exists()

    browser = as_owner(ALEX)
    page = browser.get(reverse("asked", args=[proposal.public_id])).text
    assert "From 10 November 2026 to" in page
    browser.post(reverse("asked", args=[proposal.public_id]), {"answer": "accept"})
    cover = Cover.objects.get()
    assert (str(cover.starts_on), str(cover.ends_on), cover.by) == ("2026-11-10", "2026-11-20", user(allowed, ALEX))
    proposal.refresh_from_db()
    assert proposal.cover == cover


def test_cover_asked_twice_waits_once_and_somebody_who_serves_nobody_asks_nobody(megan, as_owner):
    asked = {
        "person": person(CHARLIE).public_id, "starts": "2026-11-10", "ends": "2026-11-20",
        "owner": [mailbox(ALEX).public_id],
    }  # fmt: skip
    megan.post(reverse("ask_cover"), asked)
    assert "This was asked already" in megan.post(reverse("ask_cover"), asked).text
    assert Proposal.objects.count() == 1
    assert as_owner(CHARLIE).post(reverse("ask_cover"), asked | {"person": person(ADELE).public_id}).status_code == 422
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("person", "", "Choose who covers for you."),
        ("starts", "soon", "The first day is no date."),
        ("ends", "", "Give the last day."),
        ("ends", "2026-11-01", "The last day comes before the first one."),
        ("owner", [], "Choose at least one owner."),
    ],
)
def test_what_is_missing_is_said(megan, field, value, why):
    asked = {
        "person": person(CHARLIE).public_id, "starts": "2026-11-10", "ends": "2026-11-20",
        "owner": [mailbox(ALEX).public_id],
    }  # fmt: skip
    answer = megan.post(reverse("ask_cover"), asked | {field: value})
    assert answer.status_code == 422
    assert why in answer.text
    assert not Proposal.objects.exists()
