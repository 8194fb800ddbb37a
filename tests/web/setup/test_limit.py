"""Limit to a security group: which group, what the last test found, the scripts, and the buttons."""

import uuid
from datetime import timedelta

import pytest

from sharing.models import AuditEvent, GroupLimit, Person, Tenant
from sharing.words import limits as said
from tests.web.it import rows

PAGE = "/setup/limit/"
NOT_YET = "Not limited yet. Run the script, then we test one person inside and one outside."


@pytest.fixture
def executives(contoso):
    return rows.make_person(contoso, "Executives", "executives@contoso.com", kind=Person.GROUP)


@pytest.fixture
def limit(contoso, executives, allan):
    return GroupLimit.objects.create(
        tenant=contoso, group_oid=executives.oid, group_name="Executives", group_address="executives@contoso.com",
        declared_by=allan, declared_at=rows.NOW, changed_at=rows.NOW, due_at=rows.NOW + timedelta(hours=1),
    )  # fmt: skip


@pytest.fixture
def shown(admin):
    def shown(**fields):
        GroupLimit.objects.update(**fields)
        return admin.get(PAGE).content.decode()

    return shown


def test_groups_are_found_by_name_or_address_in_the_mirror(admin, executives):
    for wanted in ("exec", "EXECUTIVES@contoso"):
        assert f'value="{executives.oid}"' in admin.get(PAGE, {"q": wanted}).content.decode()
    assert "No group of the directory" in admin.get(PAGE, {"q": "nobody-is-called-so"}).content.decode()


def test_groups_of_other_tenants_are_not_found(admin):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    rows.make_person(fabrikam, "Executives", "executives@fabrikam.com", kind=Person.GROUP)
    assert "No group of the directory" in admin.get(PAGE, {"q": "exec"}).content.decode()


def test_naming_a_group_limits_the_tenant_and_asks_for_a_test(admin, contoso, executives):
    answer = admin.post(PAGE, {"group": str(executives.oid)})
    assert (answer.status_code, answer["location"]) == (302, PAGE)
    limit = GroupLimit.objects.get()
    assert (limit.group_oid, limit.due_at, limit.verdict) == (executives.oid, rows.NOW, GroupLimit.UNTESTED)
    assert Tenant.objects.get(pk=contoso.pk).scope == Tenant.GROUP
    assert AuditEvent.objects.get(verb="limit.declared").subject == {"group": str(executives.oid)}


@pytest.mark.parametrize("group", ["", "executives", "executives@contoso.com", "'; drop"])
def test_what_is_no_object_id_is_refused(admin, group):
    answer = admin.post(PAGE, {"group": group})
    assert answer.status_code == 422
    assert not GroupLimit.objects.exists()


def test_a_group_without_an_address_is_refused_with_the_reason(admin, contoso):
    plain = rows.make_person(contoso, "Calendar Readers", kind=Person.GROUP)
    Person.objects.filter(pk=plain.pk).update(address="")
    answer = admin.post(PAGE, {"group": str(plain.oid)})
    assert answer.status_code == 422
    assert "This group is not mail-enabled." in answer.content.decode()


def test_before_the_script_ran_the_page_says_so(shown, limit):
    assert NOT_YET in shown(tested_at=None, due_at=rows.NOW + timedelta(hours=1))
    fields = {"verdict": GroupLimit.INEFFECTIVE, "found": {"granted": ["Calendars.Read"]}, "tested_at": rows.NOW}
    content = shown(**fields)
    assert NOT_YET in content
    assert "a tenant-wide grant is still present" in content
    assert "<code>Calendars.Read</code>" in content


@pytest.mark.parametrize("verdict", [value for value, _ in GroupLimit.VERDICTS])
def test_every_verdict_has_its_words(shown, limit, verdict):
    content = shown(verdict=verdict, tested_at=rows.NOW)
    assert said.VERDICTS[verdict].text in content


def test_a_verified_limit_names_who_was_tried(shown, limit, contoso):
    alex, megan = rows.make_person(contoso, "Alex Wilber"), rows.make_person(contoso, "Megan Bowen")
    found = {"inside": "read", "outside": "refused"}
    content = shown(verdict="verified", inside=alex, outside=megan, found=found, tested_at=rows.NOW, members=6,
                   members_read_at=rows.NOW)  # fmt: skip
    assert "Alex Wilber: Could be read" in content
    assert "Megan Bowen: Could not be read" in content
    assert "-Resource &#x27;MeganB@contoso.com&#x27;" in content


@pytest.mark.parametrize(
    ("found", "said"),
    [({}, "Not known"), ({"granted": None}, "Not known"), ({"granted": []}, "None"),
     ({"granted": ["Calendars.Read"]}, "<code>Calendars.Read</code>")],
)  # fmt: skip
def test_grants_that_were_not_seen_are_not_called_none(shown, limit, found, said):
    page = shown(found=found, tested_at=rows.NOW, verdict=GroupLimit.INCONCLUSIVE, cause="unreachable")
    assert f"<dt>Tenant-wide grants</dt><dd>{said}</dd>" in page


def test_a_policy_of_before_is_explained(shown, limit):
    assert "application access policy limits the app" in shown(is_legacy=True, tested_at=rows.NOW)


def test_groups_within_the_group_are_pointed_out(shown, limit):
    assert "add them to the group itself" in shown(found={"groups": 2}, tested_at=rows.NOW)


def test_unknown_membership_says_why(shown, limit):
    content = shown(found={"members": "group_empty"}, tested_at=rows.NOW)
    assert "it is empty, or it hides its members" in content
    assert "Until it is known, nobody is read." in content


def test_scripts_hold_the_values_of_the_tenant(shown, limit, contoso):
    principal = str(uuid.uuid4())
    content = shown(found={"principal": principal})
    assert f"$SpObjId = &#x27;{principal}&#x27;" in content
    assert f"Calwarden {contoso.public_id}" in content
    assert "Application Calendars.Read&#x27;" in content
    assert "Remove-ManagementScope" in content


def test_where_owners_may_change_the_script_asks_for_more(shown, limit, contoso):
    Tenant.objects.update(writes_on=True)
    assert "Application Calendars.ReadWrite&#x27;" in shown()


def test_the_second_registration_has_a_script_of_its_own(shown, limit, contoso, settings):
    settings.MICROSOFT_WRITER_CLIENT_ID = "5ec0d000-0000-4000-8000-00000000c0de"
    assert "Script for the second registration" not in shown()
    Tenant.objects.update(has_writer=True, writes_on=True)
    content = shown()
    assert f"$AppId = &#x27;{settings.MICROSOFT_WRITER_CLIENT_ID}&#x27;" in content
    assert "is not tested: only a change can prove that." in content


def test_a_hostile_address_is_written_into_no_script(shown, limit):
    content = shown(group_address="a\u202eb@contoso.com")
    assert "Remove-ManagementScope" not in content
    assert "The script is written once the address of the group is known." in content


def test_a_hostile_name_is_shown_and_does_nothing(shown, limit):
    assert "<script>alert" not in shown(group_name="<script>alert(1)</script>")


def test_asking_for_a_test_makes_it_due_and_the_page_waits(admin, limit):
    assert admin.post("/setup/limit/test/").status_code == 302
    assert GroupLimit.objects.get().due_at == rows.NOW
    content = admin.get(PAGE).content.decode()
    assert "Being tested" in content
    assert "every 3s" in content
    assert "HX-Refresh" not in admin.get("/setup/limit/progress/")
    GroupLimit.objects.update(tested_at=rows.NOW, due_at=rows.NOW + timedelta(hours=1))
    assert admin.get("/setup/limit/progress/")["HX-Refresh"] == "true"


def test_a_test_that_runs_is_left_alone(admin, limit):
    claimed = rows.NOW + timedelta(minutes=2)
    GroupLimit.objects.update(due_at=claimed, attempt=1)
    admin.post("/setup/limit/test/")
    assert GroupLimit.objects.get().due_at == claimed


def test_lifting_is_asked_for_and_then_done(admin, limit, contoso):
    Tenant.objects.update(scope=Tenant.GROUP)
    assert "What Exchange was told stays" in admin.get("/setup/limit/lift/").content.decode()
    assert admin.post("/setup/limit/lift/").status_code == 302
    assert not GroupLimit.objects.exists()
    assert Tenant.objects.get(pk=contoso.pk).scope == Tenant.EVERYBODY
    assert admin.get("/setup/limit/lift/").status_code == 404


def test_a_tenant_that_waits_for_a_group_says_that_nobody_is_read(admin, contoso):
    Tenant.objects.update(scope=Tenant.GROUP)
    assert "No group of Contoso is named yet, so nobody is read." in admin.get(PAGE).content.decode()
    assert admin.get("/setup/limit/lift/").status_code == 200
    admin.post("/setup/limit/lift/")
    assert Tenant.objects.get(pk=contoso.pk).scope == Tenant.EVERYBODY
    assert "At Contoso everybody is read" in admin.get(PAGE).content.decode()


def test_a_group_is_chosen_by_hand_where_several_are_found(admin, contoso, executives):
    assert " checked" in admin.get(PAGE, {"q": "exec"}).content.decode()
    rows.make_person(contoso, "Executive Assistants", "assistants@contoso.com", kind=Person.GROUP)
    assert " checked" not in admin.get(PAGE, {"q": "exec"}).content.decode().partition("<main")[2]


def test_a_tenant_of_single_people_cannot_be_limited(admin, executives):
    Tenant.objects.update(mode=Tenant.INDIVIDUAL)
    assert "Only an organization that is connected as a whole" in admin.get(PAGE).content.decode()
    assert admin.post(PAGE, {"group": str(executives.oid)}).status_code == 404


def test_nothing_is_asked_of_microsoft_by_a_page(admin, executives, cloud):
    cloud.log.clear()
    admin.get(PAGE, {"q": "exec"})
    admin.post(PAGE, {"group": str(executives.oid)})
    admin.post("/setup/limit/test/")
    admin.get(PAGE)
    assert list(cloud.log.since()) == []
