"""Exchange's audit log as a file: what is read of it, what is refused, and whose change it shows."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from sharing import audit
from sharing.audit import exchange
from sharing.models import AuditEvent, OutsideAct, PermissionPeriod, Role
from sharing.words.activity import made_outside
from tests.audit.chains import NOW
from tests.web.it import rows

pytestmark = pytest.mark.django_db

ALEX, MEGAN, ADELE = "AlexW@contoso.com", "MeganB@contoso.com", "AdeleV@contoso.com"
AT = "2026-11-20T09:30:00"


@pytest.fixture
def contoso(db):
    return rows.make_tenant()


@pytest.fixture
def alex(contoso):
    return rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))


@pytest.fixture
def megan(contoso, alex):
    return rows.give(alex.calendars.get(), rows.make_person(contoso, "Megan Bowen"), Role.READ)


@pytest.fixture
def allan(contoso):
    return rows.make_user(contoso, "Allan Deyoung", "admin")


def in_outlook(operation="UpdateFolderPermissions", *, at=AT, by=ALEX, of=ALEX, path="\\Calendar", who=MEGAN, **fields):
    """A record of a mailbox's own log."""
    folder = {"Id": "LgAAAA", "Name": "Calendar", "Path": path, "MemberUpn": who, "MemberRights": "ReadAny, Visible"}
    return {
        "CreationTime": at, "Id": f"{operation}-{at}-{who}-{by}"[:80], "Operation": operation, "RecordType": 2,
        "OrganizationId": rows.CONTOSO, "ResultStatus": "Succeeded", "UserId": by, "Workload": "Exchange",
        "LogonType": 0, "MailboxOwnerUPN": of, "Item": {"Id": "LgAAAA", "ParentFolder": folder},
    } | fields  # fmt: skip


def by_cmdlet(operation="Set-MailboxFolderPermission", *, identity=f"{ALEX}:\\Calendar", at=AT, **said):
    """A record of the log of administrators."""
    said = {"Identity": identity, "User": MEGAN, "AccessRights": "Editor"} | said
    return {
        "CreationTime": at, "Id": f"{operation}-{at}", "Operation": operation, "RecordType": 1,
        "OrganizationId": rows.CONTOSO, "ResultStatus": "True", "UserId": "admin@contoso.com", "Workload": "Exchange",
        "ObjectId": "Alex", "Parameters": [{"Name": name, "Value": value} for name, value in said.items()],
    }  # fmt: skip


def export(*records, head="RecordId,CreationDate,RecordType,Operation,UserId,AuditData,AssociatedAdminUnits"):
    """The file that Purview gives for `records`; a text stands for itself."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for record in records:
        data = record if isinstance(record, str) else json.dumps(record)
        line = {"AuditData": data, "Operation": "x", "CreationDate": AT, "UserIds": "x"}
        writer.writerow([line.get(name.strip('"'), "") for name in head.split(",")])
    return f"{head}\r\n{out.getvalue()}".encode()


def take(contoso, allan, *records, content=None):
    return audit.take_export(
        tenant=contoso, content=export(*records) if content is None else content, actor=allan, now=NOW
    )


def test_a_change_in_outlook_and_one_by_an_administrator_are_kept(contoso, alex, megan, allan):
    taken = take(contoso, allan, in_outlook(), by_cmdlet(at="2026-11-20T10:00:00.1234567Z"))
    assert (taken.lines, taken.new, taken.known, taken.unmatched) == (2, 2, 0, 0)
    kept = OutsideAct.objects.order_by("at").values_list("operation", "actor", "holder", "role", "mailbox")
    assert list(kept) == [
        ("UpdateFolderPermissions", ALEX, MEGAN.lower(), "ReadAny, Visible", alex.pk),
        ("Set-MailboxFolderPermission", "admin@contoso.com", MEGAN.lower(), "write", alex.pk),
    ]
    event = AuditEvent.objects.get(verb="outside.uploaded")
    assert event.subject == {"lines": 2, "new": 2, "known": 0, "unmatched": 0}
    assert event.before == "2026-11-20T09:30:00+00:00"


def test_the_same_file_twice_keeps_each_line_once(contoso, alex, megan, allan):
    take(contoso, allan, in_outlook())
    taken = take(contoso, allan, in_outlook(), in_outlook(at="2026-11-20T09:31:00"))
    assert (taken.new, taken.known) == (1, 1)
    assert OutsideAct.objects.count() == 2


@pytest.mark.parametrize(
    "record",
    [
        in_outlook("MailItemsAccessed"),
        in_outlook(path="\\Inbox"),
        in_outlook(Item={"ParentFolder": {"MemberUpn": MEGAN}}),
        in_outlook(ResultStatus="Failed"),
        in_outlook(AppId=settings.MICROSOFT_CLIENT_ID),
        by_cmdlet(identity=f"{ALEX}:\\Inbox"),
        by_cmdlet("Set-Mailbox"),
    ],
    ids=["other act", "other folder", "no folder", "failed", "our own", "other folder by cmdlet", "other cmdlet"],
)
def test_what_is_not_about_a_calendar_is_not_kept(contoso, alex, megan, allan, record):
    record = {name: value for name, value in record.items() if value is not None}
    assert (take(contoso, allan, record).new, OutsideAct.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("record", "holder", "role"),
    [
        (in_outlook("UpdateCalendarDelegation", Item=None), "", ""),
        (in_outlook(path="\\Calendar\\Kids parties"), MEGAN.lower(), "ReadAny, Visible"),
        (in_outlook(path="\\Familie", who="Everyone"), "default", "ReadAny, Visible"),
        (by_cmdlet(User="Default", AccessRights="LimitedDetails"), "default", "limitedRead"),
        (by_cmdlet(SharingPermissionFlags="Delegate, CanViewPrivateItems"), MEGAN.lower(),
         "delegateWithPrivateEventAccess"),
        (by_cmdlet(SharingPermissionFlags="Delegate"), MEGAN.lower(), "delegateWithoutPrivateEventAccess"),
        (by_cmdlet("Remove-MailboxFolderPermission", identity=f"{rows.CAST['Alex Wilber'][1]}:\\Calendar"),
         MEGAN.lower(), "write"),
    ],
)  # fmt: skip
def test_whose_calendar_and_whose_access_is_understood(contoso, alex, megan, allan, record, holder, role):
    rows.make_calendar(alex, "Familie")
    take(contoso, allan, record)
    act = OutsideAct.objects.get()
    assert (act.mailbox, act.holder, act.role) == (alex, holder, role)


def test_a_mailbox_that_is_not_known_is_counted_and_not_kept(contoso, alex, allan):
    taken = take(contoso, allan, in_outlook(of="stranger@fabrikam.com"))
    assert (taken.unmatched, OutsideAct.objects.count()) == (1, 0)


def test_a_name_that_grows_when_its_case_is_folded_is_cut_to_what_can_be_kept(contoso, allan, alex):
    take(contoso, allan, in_outlook(who="ß" * 320))
    assert len(OutsideAct.objects.get().holder) == 320


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda text: b"PK\x03\x04\x00\x00" + text, "not_text"),
        (lambda text: text.decode().encode("latin-1") + b"\xe4", "not_text"),
        (lambda text: text.replace(b"AuditData", b"Data"), "no_audit_data"),
        (lambda text: b"", "no_audit_data"),
        (lambda text: b"<html>Sign in</html>", "no_audit_data"),
        (lambda text: text + b'"unfinished', "malformed"),
        (lambda text: text.replace(b"CreationTime", b"Time"), "malformed"),
        (lambda text: text.replace(AT.encode() + b'""', b'yesterday""'), "malformed"),
        (lambda text: text.replace(b"OrganizationId", b"Organization"), "malformed"),
        (lambda text: text.replace(rows.CONTOSO.encode(), rows.FABRIKAM.encode()), "other_organization"),
        (lambda text: text + b" " * exchange.LARGEST, "too_large"),
        (lambda text: text + export("not json").partition(b"\n")[2], "malformed"),
        (lambda text: text + export("[]").partition(b"\n")[2], "malformed"),
        (lambda text: text + export("[" * 100_000).partition(b"\n")[2], "malformed"),
        (lambda text: text + export('{"Operation": 7}').partition(b"\n")[2], "malformed"),
        (lambda text: text + export(in_outlook(Id="x" * 81)).partition(b"\n")[2], "malformed"),
        (lambda text: text + export(in_outlook(Id="x\0")).partition(b"\n")[2], "malformed"),
        (lambda text: text + export(in_outlook(by="\ud800")).partition(b"\n")[2], "malformed"),
        (lambda text: text + export(in_outlook(who="\ud800@contoso.com")).partition(b"\n")[2], "malformed"),
        (lambda text: text + export(by_cmdlet(AccessRights="\0")).partition(b"\n")[2], "malformed"),
        (lambda text: text + export(by_cmdlet() | {"Parameters": "none"}).partition(b"\n")[2], "malformed"),
        (lambda text: text + b"x" * 200_000 + b"\r\n", "malformed"),
    ],
)
def test_what_is_no_export_of_this_organization_is_refused_by_name_and_whole(contoso, alex, allan, change, cause):
    with pytest.raises(audit.UploadRefused) as refused:
        take(contoso, allan, content=change(export(in_outlook())))
    assert refused.value.cause == cause
    assert not OutsideAct.objects.exists()
    assert not AuditEvent.objects.exists()


def test_the_ways_in_which_powershell_writes_are_read(contoso, alex, megan, allan):
    head = '"RecordType","CreationDate","UserIds","Operations","AuditData","ResultIndex"'
    text = export(in_outlook(), head=head).decode()
    for content in (
        text.encode("utf-16"), text.encode("utf-8-sig"), b"#TYPE Deserialized.Foo\r\n" + text.encode(),
        export(in_outlook()).replace(b",", b";").replace(b'";""', b'",""'),
    ):  # fmt: skip
        OutsideAct.objects.all().delete()
        try:
            assert take(contoso, allan, content=content).lines == 1
        except audit.UploadRefused:
            assert content.startswith(b"RecordId;")  # a comma of the JSON cannot stand for one of the file


# Who did it ------------------------------------------------------------------------------------------------


def seen(permission, began="2026-11-20T09:00", at="2026-11-20T13:00", **fields):
    """A difference that the reading of `at` showed and that of `began` did not."""
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (began, at)]
    return PermissionPeriod(
        permission=permission, role=Role.READ, began_at=moments[0] - timedelta(days=9),
        ended_after_at=moments[0], ended_at=moments[1], **fields,
    )  # fmt: skip


def who(*periods):
    found = audit.who_did([audit.Difference.ended(period) for period in periods])
    return [doer and doer.name for doer in found]


def test_a_difference_between_two_readings_has_its_author(contoso, alex, megan, allan, django_assert_num_queries):
    take(contoso, allan, in_outlook(by=ADELE))
    periods = [
        seen(megan), seen(megan, "2026-11-20T09:30"), seen(megan, "2026-11-20T09:29", "2026-11-20T09:30"),
        seen(megan, "2026-11-20T10:00"),
    ]  # fmt: skip
    with django_assert_num_queries(1):
        assert who(*periods) == [ADELE, None, ADELE, None]


def test_a_line_about_somebody_else_is_not_it(contoso, alex, megan, allan):
    take(contoso, allan, in_outlook(who=ADELE, by=ADELE))
    assert who(seen(megan)) == [None]


def test_the_last_line_about_this_person_made_what_was_read(contoso, alex, megan, allan):
    take(contoso, allan, in_outlook(by=ADELE), in_outlook(by=ALEX, at="2026-11-20T12:00:00"))
    assert who(seen(megan)) == [ALEX]


def test_lines_that_name_nobody_count_where_one_person_did_them_all(contoso, alex, megan, allan):
    take(contoso, allan, in_outlook("UpdateCalendarDelegation", Item=None))
    assert who(seen(megan)) == [ALEX]
    take(contoso, allan, in_outlook("UpdateCalendarDelegation", Item=None, by=ADELE, at="2026-11-20T12:00:00"))
    assert who(seen(megan)) == [None]


def test_the_row_of_everyone_is_found_too(contoso, alex, allan):
    everyone = rows.share_with_everyone(alex.calendars.get())
    take(contoso, allan, by_cmdlet(User="Default"))
    assert who(seen(everyone)) == ["admin@contoso.com"]


def test_who_did_it_or_between_which_readings_in_words():
    now = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    nine, one = now.replace(hour=9), now.replace(hour=13)
    assert made_outside(ALEX, nine, None, one, now) == f"{ALEX}, outside Calwarden, today 09:00"
    assert made_outside("", None, nine, one, now) == "unknown, outside Calwarden, between today 09:00 and 13:00"
    earlier = nine - timedelta(days=1)
    assert made_outside("", None, earlier, one, now).endswith("between yesterday 09:00 and today 13:00")
    assert made_outside("", None, None, one, now) == "unknown, outside Calwarden, before today 13:00"
