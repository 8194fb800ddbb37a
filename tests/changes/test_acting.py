"""Who may change what on calendars that are not theirs: operators, deputies, sharees, and a day that came."""

import pytest

from sharing import access, changes
from sharing.models import AuditEvent, Change, Deputy, RoleAssignment, Tenant, User
from tests.contoso import mailbox, permission, user

from .doing import truth

ALEX, ADELE, MEGAN, CHARLIE = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com", "CharlieR@contoso.com"
LIDIA, VIKRAM, ISAIAH = "LidiaH@contoso.com", "VikramS@contoso.com", "IsaiahL@contoso.com"
KIDS = "Kids parties"
DELEGATE, PRIVATE = "delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def box(sync, contoso):
    Tenant.objects.update(creates_on=True, deputies_on=True)
    sync()
    return mailbox(ALEX)


@pytest.fixture
def people(box, contoso, clock):
    """Lidia and Vikram operate, Charlie is Alex's deputy."""
    found = {who: user(contoso, who) for who in (ALEX, ADELE, MEGAN, CHARLIE, LIDIA, VIKRAM, ISAIAH)}
    for who in (LIDIA, VIKRAM):
        RoleAssignment.objects.create(user=found[who], role="operator", tenant=contoso, given_at=clock())
    Deputy.objects.create(
        tenant=contoso, mailbox=box, oid=found[CHARLIE].oid, given_by=found[ALEX], given_at=clock()
    )  # fmt: skip
    return found


@pytest.fixture
def may(box, people):
    """Why not, or nothing: `may(LIDIA, "operator", ADELE, "write")`."""

    def ask(who, kind, holder, role, *, calendar=KIDS, yes=None, address=""):
        row = permission(ALEX, holder, calendar) if holder else None
        return access.may_change(people[who], box, kind, row, role, people.get(yes), address=address)

    return ask


def test_an_operator_lowers_and_removes(may):
    assert may(LIDIA, "operator", ADELE, "freeBusyRead") == may(LIDIA, "operator", ADELE, None) == ""


@pytest.mark.parametrize(
    ("yes", "cause"),
    [(None, "needs_approval"), (LIDIA, "needs_approval"), (ISAIAH, "needs_approval"), (ADELE, "needs_approval"),
     (ALEX, ""), (VIKRAM, "")],
)  # fmt: skip
def test_an_operator_raises_and_adds_only_with_a_yes_that_counts(may, yes, cause):
    assert may(LIDIA, "operator", MEGAN, "write", yes=yes) == cause
    assert may(LIDIA, "operator", None, "read", yes=yes, address="HiroT@contoso.com") == cause


def test_never_as_a_gift_to_themselves_whoever_says_yes(may):
    for yes in (ALEX, VIKRAM):
        assert may(LIDIA, "operator", None, "read", yes=yes, address=LIDIA) == "own_access"
        assert may(LIDIA, "operator", "Default", "write", calendar="Calendar", yes=yes) == "own_access"
        assert may(LIDIA, "operator", None, "read", yes=yes, address="council@contoso.com") == "own_access"


def test_nobody_approves_what_is_a_gift_to_them(may):
    assert may(LIDIA, "operator", None, "read", yes=VIKRAM, address=VIKRAM) == "needs_approval"


def test_a_reviewer_and_an_owner_are_no_operators(may):
    assert may(ISAIAH, "operator", ADELE, None) == may(ALEX, "operator", ADELE, None) == "not_allowed"


def test_a_deputy_does_what_the_owner_may(may):
    assert may(CHARLIE, "deputy", ADELE, "write") == may(CHARLIE, "deputy", ADELE, None) == ""
    assert may(CHARLIE, "deputy", None, None) == ""  # who gets the meeting requests


def test_a_deputy_gives_private_events_only_where_that_was_ticked(may):
    assert may(CHARLIE, "deputy", MEGAN, PRIVATE, calendar="Calendar") == "no_private"
    Deputy.objects.update(lets_grant_private=True)
    assert may(CHARLIE, "deputy", MEGAN, PRIVATE, calendar="Calendar") == ""


def test_a_deputy_never_touches_their_own_access(may, people, contoso, clock, box):
    Deputy.objects.create(
        tenant=contoso, mailbox=box, oid=people[MEGAN].oid, given_by=people[ALEX], given_at=clock(),
        lets_grant_private=True,
    )  # fmt: skip
    for role in (PRIVATE, "freeBusyRead", None):
        assert may(MEGAN, "deputy", MEGAN, role, calendar="Calendar") == "own_access"
    assert may(CHARLIE, "deputy", None, "read", address=CHARLIE) == "own_access"
    assert may(CHARLIE, "deputy", "Default", "write", calendar="Calendar") == "own_access"
    assert may(CHARLIE, "deputy", "Default", "none", calendar="Calendar") == ""


@pytest.mark.parametrize(
    "end",
    [
        lambda: Tenant.objects.update(deputies_on=False),
        lambda: Deputy.objects.update(ended_at="2026-11-01T00:00Z"),
        lambda: User.objects.filter(address__iexact=CHARLIE).update(is_active=False),
    ],
    ids=["switched off", "ended", "inactive"],
)
def test_a_deputy_whose_time_is_over_may_nothing(may, end):
    end()
    assert may(CHARLIE, "deputy", ADELE, None) == "not_allowed"


def test_a_sharee_ends_their_own_access_and_no_other(may):
    assert may(ADELE, "sharee", ADELE, None) == ""
    assert may(ADELE, "sharee", ADELE, "write") == may(ADELE, "sharee", MEGAN, None) == "not_allowed"
    assert may(ADELE, "sharee", None, None) == "not_allowed"  # copies in Alex's mailbox are not hers


def test_a_day_that_came_lowers_and_never_raises(may):
    User.objects.filter(address__iexact=ALEX).update(is_active=False)  # who set it may be gone
    assert may(ALEX, "end_date", ADELE, "freeBusyRead") == may(ALEX, "end_date", ADELE, None) == ""
    assert may(ALEX, "end_date", ADELE, "write") == "not_allowed"
    assert may(ALEX, "end_date", None, "read", address=CHARLIE) == "not_allowed"


@pytest.mark.parametrize(
    ("who", "kind", "holder"), [(LIDIA, "operator", MEGAN), (CHARLIE, "deputy", ADELE), (ADELE, "sharee", ADELE),
                                (ALEX, "end_date", ADELE), (ALEX, "", ADELE)],
)  # fmt: skip
def test_a_stop_counts_for_everybody(may, who, kind, holder, clock):
    assert may(who, kind, holder, None) == ""
    Tenant.objects.update(frozen_at=clock())
    assert may(who, kind, holder, None) == "frozen"


def test_an_approval_that_lost_its_ground_is_asked_again_right_before_sending(people, do, clock, cloud):
    change = changes.request_role(
        permission=permission(ALEX, MEGAN, KIDS), role="write", seen="read", actor=people[LIDIA], now=clock(),
        kind=Change.OPERATOR, approved_by=people[VIKRAM], reason="Books rooms",
    )  # fmt: skip
    RoleAssignment.objects.filter(user=people[VIKRAM]).delete()
    change = do(change)
    assert (change.state, change.cause, change.sent_at) == ("failed", "needs_approval", None)
    assert truth(cloud, ALEX, KIDS, MEGAN) == "read"


def test_what_a_deputy_does_is_written_for_the_owner(people, do, clock, cloud, box):
    change = changes.request_removal(
        permission=permission(ALEX, ADELE, KIDS), seen="read", actor=people[CHARLIE], now=clock(), kind=Change.DEPUTY
    )
    assert do(change).state == "applied"
    line = AuditEvent.objects.get(verb="change.requested")
    assert (line.subject["as"], line.on_behalf) == ("deputy", f"{box.tenant.tid}.{box.person.oid}")


def test_a_sharee_leaves_what_was_shared_with_them(people, do, clock, cloud):
    row = permission(ALEX, ADELE, KIDS)
    change = changes.request_removal(permission=row, seen="read", actor=people[ADELE], now=clock(), kind=Change.SHAREE)
    assert do(change).state == "applied"
    assert truth(cloud, ALEX, KIDS, ADELE) is None
