"""The activity log: filters, pages, names, the file, and who may read it."""

import ast
import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse

import sharing
from sharing.models import AuditEvent, Change, Person, RoleAssignment
from sharing.words import activity as words

from . import rows
from .rows import NOW

URL = "/it/activity/"


def record(contoso, verb="person.viewed", *, at=NOW, **fields):
    return AuditEvent.objects.record(now=at, verb=verb, tenant=contoso, **fields)


def shown(browser, url=URL):
    """The lines of the table as text, one string each."""
    page = browser.get(url).content.decode()
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    lines = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", line)).strip() for line in body.split("</tr>")]
    return [line for line in lines if line]


@pytest.fixture
def lidia(contoso):
    return rows.make_user(contoso, "Lidia Holloway", "operator")


def test_an_event_says_who_did_what_about_whom_and_from_where(it, contoso, alex, lidia):
    megan = Person.objects.get(name="Megan Bowen")
    record(
        contoso, "change.applied", actor=lidia, before="read", after="write", source="192.0.2.1 ab12",
        subject={"mailbox": alex.public_id, "person": megan.public_id, "change": "xyz"},
    )  # fmt: skip
    assert shown(it) == [
        "Change done Lidia Holloway About: Megan Bowen , Alex Wilber All details → Can edit change xyz "
        "from 192.0.2.1 ab12 today 10:00"
    ]


def test_who_is_no_person_is_named_too(it, contoso):
    stranger = "deadbeef-0000-4000-8000-000000000000.deadbeef-0000-4000-8000-000000000001"
    for name in ("system", "cli:root", "nobody", stranger):
        record(contoso, "signin.refused", actor_name=name)
    text = " ".join(shown(it))
    assert "Calwarden" in text and "Command line, root" in text and "Nobody who is signed in" in text
    assert stranger in text


def test_somebody_acted_for_is_said(it, contoso, alex, lidia):
    record(contoso, "change.requested", actor=lidia, on_behalf=alex.person)
    assert "Lidia Holloway for Alex Wilber" in shown(it)[0]


def test_filters_narrow_and_stand_above_the_list(it, contoso, alex, lidia):
    megan = Person.objects.get(name="Megan Bowen")
    record(contoso, "person.viewed", actor=lidia, subject={"person": megan.public_id}, at=NOW - timedelta(days=3))
    record(contoso, "change.applied", actor_name="system", subject={"mailbox": alex.public_id})
    record(contoso, "role.given", actor=lidia, subject={"oid": str(megan.oid)}, at=NOW - timedelta(days=1))
    record(contoso, "signin.refused", actor_name="nobody")
    expected = {
        "actor=lidia": ["Gave a portal role", "Looked at a person"],
        "actor=system": ["Change done"],
        f"actor={lidia.username}": ["Gave a portal role", "Looked at a person"],
        "actor=nobody in particular": [],
        "person=bowen": ["Gave a portal role", "Looked at a person"],
        f"person={megan.public_id}": ["Gave a portal role", "Looked at a person"],
        f"person={alex.person.public_id}": ["Change done"],
        "person=zzzz": [],
        "action=role.given": ["Gave a portal role"],
        "action=signin": ["Sign-in refused"],
        "action=nonsense": ["Sign-in refused", "Change done", "Gave a portal role", "Looked at a person"],
        "from=2026-11-20": ["Sign-in refused", "Change done", "Gave a portal role"],
        "to=2026-11-20": ["Gave a portal role", "Looked at a person"],
        "from=2026-11-19&to=2026-11-20": ["Gave a portal role"],
        "from=yesterday&to=2026-02-31": ["Sign-in refused", "Change done", "Gave a portal role", "Looked at a person"],
        "actor=lidia&person=bowen&action=looking": ["Looked at a person"],
        "actor=lidia&action=looking": ["Looked at a person"],
        "actor=lidia&person=alex": [],
        "actor=nobody in particular&action=changes": [],
        "person=zzzz&actor=lidia&action=changes": [],
    }
    labels = "|".join(map(re.escape, words.VERBS.values()))
    found = {query: [re.match(labels, line)[0] for line in shown(it, f"{URL}?{query}")] for query in expected}
    assert found == expected
    page = it.get(f"{URL}?actor=lidia&person=bowen&action=looking").content.decode()
    for chip in ("By Lidia Holloway", "About Megan Bowen", "Looking and exporting"):
        assert chip in page


def test_what_two_keys_find_is_shown_once(it, contoso, alex):
    record(contoso, "change.applied", subject={"mailbox": alex.public_id, "person": alex.person.public_id})
    assert len(shown(it, f"{URL}?person={alex.person.public_id}")) == 1


def test_pages_hang_together_with_every_filter(it, contoso, alex, lidia):
    for number in range(230):
        record(
            contoso, actor=lidia if number % 2 else None, at=NOW - timedelta(seconds=number // 3),
            subject={"mailbox": alex.public_id} if number % 3 else {"person": alex.person.public_id},
        )  # fmt: skip
    for query in ("", "actor=lidia", f"person={alex.person.public_id}", "action=looking", "from=2026-11-01"):
        seen, url = [], f"{URL}?{query}"
        while url:
            page = it.get(url).content.decode()
            seen += re.findall(r'action=person\.viewed|<tr><th scope="row" class="whole">', page)
            following = re.search(r'rel="next" href="([^"]+)"', page)
            url = URL + following[1].replace("&amp;", "&") if following else ""
        assert seen.count('<tr><th scope="row" class="whole">') == (115 if query == "actor=lidia" else 230), query


def test_the_file_holds_the_same_events_and_is_itself_written_down(it, contoso, alex, lidia):
    record(contoso, "change.applied", actor=lidia, before="read", subject={"mailbox": alex.public_id})
    record(contoso, "change.failed", actor=lidia, outcome="=cmd|' /C calc'!A0")
    for query, number in (("", 2), ("?action=change.failed", 1), ("?action=changes", 2), ("?actor=nobody", 0)):
        text = b"".join(it.get(f"/it/activity/csv/{query}")).decode("utf-8-sig")
        lines = [line for line in csv.DictReader(io.StringIO(text)) if line["verb"] != "list.exported"]
        assert len(lines) == number, query
    text = b"".join(it.get("/it/activity/csv/?action=changes")).decode("utf-8-sig")
    failed, applied = csv.DictReader(io.StringIO(text))
    assert failed["outcome"].startswith("'=")
    assert [applied[c] for c in ("actor_name", "mailbox_of", "before")] == ["Lidia Holloway", "Alex Wilber", "read"]
    event = AuditEvent.objects.filter(verb="list.exported").last()
    assert (event.subject["list"], event.subject["filters"]) == ("activity", {"action": "changes"})


def test_names_from_outside_are_text(it, contoso):
    rows.make_person(contoso, "<script>alert(1)</script>")
    person = Person.objects.get(name__startswith="<script>")
    record(contoso, subject={"person": person.public_id, "note": "<b>x</b>"}, outcome="<i>y</i>")
    page = it.get(URL).content.decode()
    assert "<script>alert" not in page and "<b>x" not in page and "<i>y" not in page


def test_a_reviewer_reads_nothing_of_another_tenant_or_of_the_installation(it, contoso):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam", ("fabrikam.com",))
    record(fabrikam, "role.given")
    AuditEvent.objects.record(now=NOW, verb="credential.made")
    assert shown(it) == []
    assert shown(it, f"{URL}?log=installation") == []
    other = AuditEvent.objects.get(tenant=fabrikam)
    assert shown(it, f"{URL}?after={other.pk}.1") == []
    assert it.get(f"{URL}?tenant={fabrikam.public_id}").status_code == 404


def test_an_admin_of_the_installation_reads_what_happened_in_no_tenant(client, contoso):
    admin = rows.make_user(contoso, "Allan Deyoung", "admin")
    client.force_login(admin)
    AuditEvent.objects.record(now=NOW, verb="credential.made", actor=admin)
    url = f"{reverse('setup:activity')}?log=installation"
    assert client.get(url).status_code == 404
    RoleAssignment.objects.create(user=admin, tenant=None, role="admin", given_at=NOW)
    assert [line.partition(" Allan")[0] for line in shown(client, url)] == ["Made a certificate or secret"]
    assert b"credential.made" in b"".join(client.get(f"{reverse('setup:activity_csv')}?log=installation"))
    assert shown(client, reverse("setup:activity"))[0].startswith("Exported a list")


# Words -----------------------------------------------------------------------------------------------------

VERB = re.compile(r"[a-z_]+\.[a-z_]+")
NO_VERBS = {"audit.heads", "people.json"}  # a key of the cache, a file
BUILT = {  # made from a part that is known at run time only
    "change.": [state for state, _ in Change.STATES if state != Change.OPEN],
    "run.": ["accepted", "rejected"],
    "booking.": ["booked", "cancelled", "failed", "unknown", "gone"],
    "proposal.": ["accepted", "declined", "expired", "withdrawn"],
}


def literals():
    """Every text of the code that looks like a verb, and every beginning of one that is put together."""
    begins = {verb.partition(".")[0] for verb in words.VERBS}
    for file in Path(sharing.__file__).parent.rglob("*.py"):
        if "migrations" in file.parts or file.name == "activity.py" and "words" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == "verb" and isinstance(keyword.value, ast.Constant):
                        yield keyword.value.value
            if isinstance(node, ast.JoinedStr) and len(node.values) == 2 and isinstance(node.values[0], ast.Constant):
                if node.values[0].value.rstrip(".") in begins and node.values[0].value.endswith("."):
                    yield node.values[0].value
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and VERB.fullmatch(node.value):
                if node.value.partition(".")[0] in begins:
                    yield node.value


def test_every_verb_anywhere_in_the_code_has_words_and_a_place():
    found = {literal for literal in literals() if isinstance(literal, str) and literal} - NO_VERBS
    built = {verb for verb in found if verb.endswith(".")}
    assert built <= set(BUILT)
    verbs = (found - built) | {begin + end for begin in built for end in BUILT[begin]}
    verbs = {verb for verb in verbs if VERB.fullmatch(verb)}
    assert sorted(verbs - set(words.VERBS)) == []
    assert sorted(set(words.VERBS) - verbs) == []
    grouped = [verb for group, _, _ in words.GROUPS for verb in words.verbs_in(group)]
    assert sorted(grouped) == sorted(words.VERBS)
