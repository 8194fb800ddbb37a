"""What a change would send: the preview is what is sent, and its PowerShell means the values that it names."""

import json

import pytest

from sharing import changes, words
from sharing.changes import preview
from sharing.changes.preview import (
    RIGHTS,
    preview_create,
    preview_delivery,
    preview_of,
    preview_removal,
    preview_role,
    preview_undo,
)
from sharing.connect import client_for
from sharing.models import Calendar, CalendarPermission, Role
from tests.connect.test_scripts import HOSTILE, tokens
from tests.contoso import user

ALEX, MEGAN = "AlexW@contoso.com", "MeganB@contoso.com"
ALEX_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def megans(sync, cloud):
    sync()
    cloud.log.clear()
    rows = CalendarPermission.objects.open().select_related("calendar__mailbox__person", "mailbox__tenant")
    return rows.get(mailbox__person__address__iexact=ALEX, calendar__is_default=True, address__iexact=MEGAN)


def the_cmdlet(script):
    return script.strip().splitlines()[-1]


def test_a_role_is_shown_as_the_call_and_the_cmdlet_that_change_it(megans):
    shown = preview_role(megans, Role.READ)

    assert shown.method == "PATCH"
    assert shown.path.startswith(f"/users/{ALEX_ID}/calendar/calendarPermissions/")
    assert json.loads(shown.body) == {"role": "read"}
    assert the_cmdlet(shown.powershell).startswith("Set-MailboxFolderPermission -Identity ('")
    assert the_cmdlet(shown.powershell).endswith(f" -User '{megans.address}' -AccessRights Reviewer")


def test_a_removal_names_the_holder_and_nothing_else(megans):
    shown = preview_removal(megans)

    assert (shown.method, shown.body) == ("DELETE", "")
    assert the_cmdlet(shown.powershell).startswith("Remove-MailboxFolderPermission ")
    assert "AccessRights" not in shown.powershell


def test_adding_somebody_says_that_a_notice_goes_out(megans):
    shown = preview_create(megans.calendar, address="adele@contoso.com", name="Adele", role=Role.DELEGATE)

    assert shown.method == "POST" and shown.path.endswith("/calendar/calendarPermissions")
    assert json.loads(shown.body)["emailAddress"] == {"address": "adele@contoso.com", "name": "Adele"}
    assert "-SharingPermissionFlags Delegate -SendNotificationToUser $true" in shown.powershell


def test_every_role_that_can_be_written_has_rights_and_no_other(megans):
    assert {role.value for role in RIGHTS} == {role.value for role in Role} - {"custom"}
    assert preview_role(megans, "custom").cause == preview.CUSTOM
    assert all(cause in words.NO_POWERSHELL for cause in (preview.CUSTOM, preview.NO_ADDRESS, preview.NO_CMDLET))


def test_who_gets_the_meeting_requests_has_no_cmdlet_and_says_so(megans):
    shown = preview_delivery(megans.mailbox, "sendToDelegateOnly")

    assert shown.path == f"/users/{ALEX_ID}/mailboxSettings"
    assert (shown.powershell, shown.cause) == ("", preview.NO_CMDLET)


def test_a_holder_without_an_address_has_no_cmdlet(megans):
    megans.address = ""

    assert preview_removal(megans).cause == preview.NO_ADDRESS


def test_the_row_of_the_organization_is_default_in_exchange(megans):
    everyone = CalendarPermission.objects.open().select_related("calendar__mailbox__person").get(
        calendar=megans.calendar, is_organization=True
    )  # fmt: skip

    assert "-User 'Default' -AccessRights None" in preview_role(everyone, Role.NONE).powershell


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_name_stays_a_text_in_the_cmdlet(megans, hostile):
    calendar = Calendar(mailbox=megans.mailbox, name=hostile, graph_id="AAMkAGI2", is_default=False)

    shown = preview_create(calendar, address=f"{hostile}@contoso.com", name=hostile, role=Role.READ)

    texts = [text for kind, text in tokens(shown.powershell) if kind == "single"]
    assert hostile in texts and f"{hostile}@contoso.com" in texts


def test_a_name_with_a_line_end_is_written_into_no_script(megans):
    calendar = Calendar(mailbox=megans.mailbox, name="a\nRemove-Mailbox b", graph_id="AAMkAGI2", is_default=False)

    shown = preview_create(calendar, address="a@contoso.com", name="A", role=Role.READ)

    assert (shown.powershell, shown.cause) == ("", preview.UNQUOTABLE)


def test_the_preview_of_a_change_is_what_microsoft_is_then_sent(megans, contoso, cloud, clock):
    change = changes.request_role(
        permission=megans, role=Role.WRITE, seen=megans.role, actor=user(contoso, ALEX), now=clock()
    )
    shown = preview_of(change)

    change.calendar = megans.calendar
    changes.apply(client=client_for(contoso), change=change, clock=clock)

    assert [(sent.method, sent.path.removeprefix("/v1.0")) for sent in cloud.log.writes()] == [
        (shown.method, shown.path)
    ]


def test_the_preview_of_an_undo_is_what_microsoft_is_then_sent(megans, contoso, cloud, clock, do):
    alex = user(contoso, ALEX)
    for ask in (
        lambda: changes.request_role(permission=megans, role=Role.WRITE, seen=megans.role, actor=alex, now=clock()),
        lambda: changes.request_delivery(
            mailbox=megans.mailbox, option="sendToDelegateAndPrincipal", seen=megans.mailbox.delivery_option,
            actor=alex, now=clock(),
        ),
        lambda: changes.request_removal(permission=megans, seen="write", actor=alex, now=clock()),
    ):  # fmt: skip
        change = do(ask())
        shown = preview_undo(change)
        clock.forward(minutes=1)
        cloud.log.clear()
        undone = do(changes.undo(change=change, actor=alex, now=clock()))
        assert undone.state == "applied"
        sent = cloud.log.writes()
        assert [(each.method, each.path.removeprefix("/v1.0")) for each in sent] == [(shown.method, shown.path)]
        clock.forward(minutes=1)
        if change.kind == "role":
            megans.refresh_from_db()
            do(changes.request_role(permission=megans, role=Role.WRITE, seen=megans.role, actor=alex, now=clock()))


def test_the_preview_of_an_undo_names_what_was_before(megans, contoso, clock, do):
    alex, before = user(contoso, ALEX), megans.role
    lowered = do(changes.request_role(permission=megans, role=Role.READ, seen=before, actor=alex, now=clock()))
    assert json.loads(preview_undo(lowered).body) == {"role": before}
    assert "-AccessRights Editor -SharingPermissionFlags Delegate" in preview_undo(lowered).powershell
    option = megans.mailbox.delivery_option
    sent_on = do(
        changes.request_delivery(
            mailbox=megans.mailbox, option="sendToDelegateAndPrincipal", seen=option, actor=alex, now=clock()
        )
    )
    shown = preview_undo(sent_on)
    assert json.loads(shown.body) == {"delegateMeetingMessageDeliveryOptions": option}
    assert (shown.powershell, shown.cause) == ("", preview.NO_CMDLET)


def test_an_id_that_is_none_of_graphs_is_written_into_no_call(megans):
    megans.graph_id = ".."

    assert preview_removal(megans) is None and preview_role(megans, Role.READ) is None
