"""Changing what one person can do: choose, be asked once more where it matters, save."""

from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from sharing.models import Change, Mailbox, Person, Role
from tests.contoso import permission, user

from .cast import ADELE, ALEX, KIDS, MEGAN, calendar_of, form_of, page_of


@pytest.fixture
def adele(alex):
    return permission(ALEX, ADELE, KIDS)


@pytest.fixture
def megan(alex):
    return permission(ALEX, MEGAN)


def test_every_allowed_role_is_offered_with_what_the_other_person_would_see(owner, adele):
    page = owner.get(page_of(adele)).text
    for role in adele.allowed_roles:
        assert f'value="{role}"' in page
    assert "What can Adele Vance do on Kids parties?" in page
    assert page.count("Budget review") == 3
    assert "Delegates exist only on your main calendar." in page


def test_saving_stores_the_change_and_sends_nothing(owner, alex, adele, cloud):
    cloud.log.clear()
    answer = owner.post(page_of(adele), form_of(adele, role="write"))
    change = Change.objects.get()
    assert (answer.status_code, answer.url) == (302, f"{calendar_of(adele)}#person-{adele.pk}")
    assert (change.state, change.before, change.after, change.actor) == ("open", "read", "write", alex)
    assert not cloud.log.since(0)


def test_the_row_waits_until_the_worker_is_done_and_then_shows_the_new_role(owner, adele, work):
    owner.post(page_of(adele), form_of(adele, role="write"))
    waiting = owner.get(calendar_of(adele)).text
    assert "Applying… · “Can edit”" in waiting
    assert f'<meta http-equiv="refresh" content="5; url={calendar_of(adele)}">' in waiting
    assert "Adele Vance’s access" not in waiting
    work()
    done = owner.get(calendar_of(adele)).text
    assert "Adele Vance now has “Can edit” on Kids parties." in done
    assert "Applying…" not in done
    assert 'http-equiv="refresh"' not in done


def test_a_second_click_on_save_makes_no_second_change(owner, adele):
    first = owner.post(page_of(adele), form_of(adele, role="write"))
    second = owner.post(page_of(adele), form_of(adele, role="write"))
    assert (second.status_code, second.url) == (302, first.url)
    assert Change.objects.count() == 1


def test_another_wish_while_one_is_underway_is_refused(owner, adele):
    owner.post(page_of(adele), form_of(adele, role="write"))
    answer = owner.post(page_of(adele), form_of(adele, role="limitedRead", confirmed="on"))
    assert answer.status_code == 409
    assert "Another change is underway" in answer.text
    assert Change.objects.count() == 1


def test_saving_what_is_so_already_changes_nothing(owner, adele):
    answer = owner.post(page_of(adele), form_of(adele, role="read"))
    assert answer.status_code == 302
    assert not Change.objects.exists()


def test_a_stale_form_is_refused_at_once_and_shows_the_current_value(owner, adele, outside, sync):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    sync()
    answer = owner.post(page_of(adele), form_of(adele, role="write"))
    assert answer.status_code == 409
    assert "Adele Vance’s access to Kids parties changed while this page was open" in answer.text
    assert "It is now “Can view titles and locations”, set outside Calwarden." in answer.text
    assert "Your change to “Can edit” was not saved." in answer.text
    assert '<input type="hidden" name="seen" value="limitedRead">' in answer.text
    assert not Change.objects.exists()


def test_a_stale_form_says_who_set_the_current_value_here(owner, adele, work, alex):
    old = form_of(adele, role="limitedRead", confirmed="on")
    owner.post(page_of(adele), form_of(adele, role="write"))
    work()
    at = Change.objects.get().finished_at.astimezone(ZoneInfo("America/Los_Angeles"))
    answer = owner.post(page_of(adele), old)
    assert answer.status_code == 409
    assert f"It is now “Can edit”, set here by you, today {at:%H:%M}. Your change" in answer.text
    Change.objects.update(actor=user(alex.tenant, MEGAN))
    assert "“Can edit”, set here by Megan Bowen, today" in owner.post(page_of(adele), old).text


def test_what_was_undone_outside_after_a_change_of_ours_was_set_outside(owner, adele, work, outside, sync, later):
    old = form_of(adele, role="limitedRead", confirmed="on") | {"seen": "write"}
    owner.post(page_of(adele), form_of(adele, role="write"))
    work()
    later(minutes=6)
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    sync()
    assert "It is now “Can view all details”, set outside Calwarden." in owner.post(page_of(adele), old).text


def test_somebody_who_was_removed_meanwhile_cannot_be_changed(owner, adele, outside, sync):
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    sync()
    link, form = owner.get(page_of(adele)), owner.post(page_of(adele), form_of(adele, role="write"))
    assert (link.status_code, form.status_code) == (410, 409)
    for answer in (link, form):
        assert "Adele Vance no longer has access" in answer.text
        assert "It was removed outside Calwarden." in answer.text
    assert not Change.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("", "Choose what Adele Vance can do."),
        (Role.DELEGATE, "Microsoft 365 doesn’t allow “Delegate” for AdeleV@contoso.com."),
        ("custom", "Microsoft 365 doesn’t allow “Set in Outlook” for AdeleV@contoso.com."),
        ("<b>", "Microsoft 365 doesn’t allow “Set in Outlook” for AdeleV@contoso.com."),
    ],
)
def test_a_role_that_is_not_allowed_is_refused_at_its_field(owner, adele, wanted, words):
    answer = owner.post(page_of(adele), form_of(adele, role=wanted, confirmed="on"))
    assert answer.status_code == 422
    assert answer.text.count(words) == 2  # in the summary and at the field
    assert "<title>Error: " in answer.text
    assert not Change.objects.exists()


def test_lowering_is_saved_at_once(owner, adele):
    answer = owner.post(page_of(adele), form_of(adele, role="freeBusyRead"))
    assert (answer.status_code, answer.url) == (302, f"{calendar_of(adele)}#person-{adele.pk}")
    assert Change.objects.get().after == "freeBusyRead"


def test_who_wants_to_look_first_sees_before_and_after_and_what_is_sent(owner, adele):
    answer = owner.post(page_of(adele), form_of(adele, role="freeBusyRead", check="on"), follow=True)
    assert answer.redirect_chain[0][1] == 302
    assert "Change Adele Vance to “Can view when I’m busy” on Kids parties?" in answer.text
    assert "{&quot;role&quot;: &quot;freeBusyRead&quot;}" in answer.text
    assert "-User &#x27;AdeleV@contoso.com&#x27; -AccessRights AvailabilityOnly" in answer.text
    assert not Change.objects.exists()


def test_a_lower_role_or_none_is_one_click_on_the_page_of_a_person(owner, adele):
    page = owner.get(page_of(adele)).text
    assert '<button class="btn" name="role" value="limitedRead">' in page
    assert '<button class="btn" name="role" value="write">' not in page
    assert "Adele Vance falls back to what everyone at Contoso sees" in page
    assert f'action="{page_of(adele)}remove/"' in page


def test_who_is_named_on_the_start_page_is_two_clicks_from_less_access(owner, adele):
    assert f'href="{page_of(adele)}">Adele Vance</a>' in owner.get("/").text


def test_giving_access_to_private_events_says_so_first(owner, megan, outside, sync):
    outside("role", mailbox=ALEX, who=MEGAN, role=Role.DELEGATE)
    sync()
    megan.refresh_from_db()
    answer = owner.post(page_of(megan), form_of(megan, role=Role.PRIVATE_DELEGATE), follow=True)
    assert "Megan Bowen can then open and change your private events, too." in answer.text
    assert not Change.objects.exists()


def test_making_a_delegate_of_a_disabled_account_says_so_first(owner, adele, outside, sync):
    outside("share", mailbox=ALEX, who=ADELE, role="read")
    sync()
    row = permission(ALEX, ADELE)
    Person.objects.filter(pk=row.grantee_id).update(enabled=False)
    answer = owner.post(page_of(row), form_of(row, role=Role.DELEGATE), follow=True)
    assert "Adele Vance’s account is disabled: nobody there can answer meeting requests." in answer.text
    assert not Change.objects.exists()


def test_raising_to_a_delegate_is_asked_once_more(owner, adele, outside, sync):
    outside("share", mailbox=ALEX, who=ADELE, role="read")
    sync()
    row = permission(ALEX, ADELE)
    answer = owner.post(page_of(row), form_of(row, role=Role.DELEGATE), follow=True)
    assert "Change Adele Vance to “Delegate” on your main calendar?" in answer.text
    assert "Adele Vance can answer invitations for you. Who gets them: “Only my delegate”." in answer.text
    assert not Change.objects.exists()


def test_raising_somebody_outside_is_asked_once_more(owner, outside, sync):
    outside("share", mailbox=ALEX, calendar=KIDS, who="patti@fabrikam.com", role="freeBusyRead", name="Patti Fernandez")
    sync()
    row = permission(ALEX, "patti@fabrikam.com", KIDS)
    answer = owner.post(page_of(row), form_of(row, role="limitedRead"), follow=True)
    assert "Patti Fernandez is outside Contoso and will see more than now." in answer.text
    assert not Change.objects.exists()
    assert "allows no more for people outside." in owner.get(page_of(row)).text


def test_showing_everybody_more_than_busy_times_is_asked_once_more(owner, alex):
    row = permission(ALEX, "Default")
    answer = owner.post(page_of(row), form_of(row, role="read"), follow=True)
    assert "Change everyone at Contoso to “Can view all details” on your main calendar?" in answer.text
    assert not Change.objects.exists()


def test_a_confirm_page_that_is_stale_is_refused(owner, adele, outside, sync):
    owner.get(f"{page_of(adele)}?to=freeBusyRead&seen=read")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    sync()
    link = owner.get(f"{page_of(adele)}?to=freeBusyRead&seen=read")
    form = owner.post(page_of(adele), form_of(adele, role="freeBusyRead", confirmed="on"))
    assert (link.status_code, form.status_code) == (409, 409)
    assert not Change.objects.exists()


def test_lowering_the_last_delegate_offers_to_send_meeting_requests_to_the_owner(owner, megan):
    page = owner.get(f"{page_of(megan)}?to=read&seen={megan.role}").text
    assert "Megan Bowen is your only delegate" in page
    assert 'name="to_me" checked' in page
    assert "Megan Bowen stops getting your meeting requests" in page


def test_keeping_the_last_delegate_a_delegate_offers_nothing(owner, megan):
    page = owner.get(f"{page_of(megan)}?to={Role.DELEGATE}&seen={megan.role}").text
    assert "on your main calendar?" in page
    assert "only delegate" not in page


def test_lowering_that_would_give_more_is_stopped(owner, adele, outside, sync):
    outside("role", mailbox=ALEX, calendar=KIDS, who="Default", role="write")
    sync()
    page = owner.get(f"{page_of(adele)}?to=freeBusyRead&seen=read").text
    form = owner.post(page_of(adele), form_of(adele, role="freeBusyRead", confirmed="on"))
    for text in (page, form.text):
        assert "This would give Adele Vance more: everyone at Contoso sees all details, and can edit." in text
        assert "Lower that first." in text
        assert "Change access" not in text
    assert form.status_code == 422
    assert not Change.objects.exists()


def test_nothing_can_be_changed_while_changes_are_stopped(owner, adele, frozen):
    assert "Save changes" not in owner.get(page_of(adele)).text
    answer = owner.post(page_of(adele), form_of(adele, role="write"))
    assert answer.status_code == 409
    assert "Your IT stopped all changes. Nothing was changed." in answer.text
    assert not Change.objects.exists()


def test_other_peoples_calendars_do_not_exist(as_owner, adele):
    charlie = as_owner("CharlieR@contoso.com")
    for url in (page_of(adele), page_of(adele, "remove"), calendar_of(adele)):
        assert charlie.get(url).status_code == 404
    assert charlie.post(page_of(adele), form_of(adele, role="write")).status_code == 404
    assert charlie.post(page_of(adele, "remove"), form_of(adele)).status_code == 404


def test_a_permission_is_found_below_its_own_calendar_only(owner, adele, megan):
    assert owner.get(reverse("role", args=[megan.calendar.public_id, adele.pk])).status_code == 404


@pytest.mark.parametrize(
    ("name", "query", "texts"),
    [
        ("role", {}, ["Cancel"]),
        ("role", {"to": "freeBusyRead"}, ["Cancel"]),
        ("remove", {}, ["Keep access"]),
        ("role of everyone", {"to": "read"}, ["Cancel"]),
    ],
)
def test_the_way_back_leads_to_the_calendar(owner, adele, name, query, texts):
    row = permission(ALEX, "Default") if "everyone" in name else adele
    page = owner.get(page_of(row, name.split()[0]), query).text
    for text in texts:
        assert f'href="{calendar_of(row)}">{text}</a>' in page


def test_so_does_the_way_back_where_nothing_can_be_changed(owner, adele, frozen):
    for name in ("role", "remove"):
        assert f'href="{calendar_of(adele)}">Back to Kids parties</a>' in owner.get(page_of(adele, name)).text


def test_why_nothing_can_be_changed_is_said_also_below_a_banner_about_something_else(owner, alex, adele, later):
    later(days=3)  # nobody read Contoso since: a banner says so
    Mailbox.objects.filter(person__oid=alex.oid).update(state=Mailbox.EXCLUDED, cause="out_of_scope")
    page = owner.get(page_of(adele)).text
    assert "What you see may be out of date" in page
    assert "Calwarden does not read this mailbox." in page
