"""Every code of an export has words, and they say what is known."""

import inspect
import re

import pytest

from sharing.federation import disagreement, flags, opens, store, uploaded
from sharing.federation.differences import compare
from sharing.federation.export import parse_export
from sharing.models import ExchangeSnapshot
from sharing.words import exchange
from tests.cloud import CONTOSO
from tests.federation.exports import NOW, RELATIONSHIP, encoded, policy, relationship, whole


def refusals(kind=uploaded.ExportRefused):
    for each in kind.__subclasses__():
        yield each
        yield from refusals(each)


def test_every_refusal_has_a_sentence_and_says_where():
    assert store.OlderThanKnown in refusals()
    assert {each.cause for each in refusals()} == set(exchange._REFUSED)
    for each in refusals():
        assert exchange.export_refused(each.cause, "", tenant="Contoso").endswith(".")
    said = exchange.export_refused(
        "unknown_level", "organizationRelationships[1].FreeBusyAccessLevel", tenant="Contoso"
    )
    assert said.endswith("It stands at organizationRelationships[1].FreeBusyAccessLevel.")
    assert "Contoso" in exchange.export_refused("other_organization", "", tenant="Contoso")


def test_every_section_and_state_of_one_has_words():
    assert tuple(exchange.SECTIONS) == ExchangeSnapshot.SECTIONS
    assert set(exchange.SECTION_STATES) == {"read", "missing", "cut"}


def test_every_difference_is_said():
    bare = whole(
        acceptedDomains=[], organizationRelationships=[], sharingPolicies=[], sharingPolicyAssignments=[],
        publishedCalendars=[],
    )  # fmt: skip
    changed = whole(
        organizationConfig={"IsDehydrated": True},
        organizationRelationships=[
            RELATIONSHIP | {"Name": "Fab", "Enabled": False, "FreeBusyAccessLevel": "AvailabilityOnly",
                            "DomainNames": ["fabrikam.com", "fabrikam.de"], "FreeBusyAccessScope": "JV"},
            relationship(TargetSharingEpr="https://x", MailTipsAccessLevel="All"),
        ],
        sharingPolicies=[policy(Domains=["Anonymous:CalendarSharingFreeBusyReviewer", "a.com:ContactsSharing"])],
        sharingPolicyAssignments=[{"Address": "AlexW@contoso.com", "Policy": "Other"}],
        publishedCalendars=[whole()["publishedCalendars"][0] | {"detail": "FullDetails", "searchable": True}],
    )  # fmt: skip
    said = []
    for before, after in ((bare, whole()), (whole(), bare), (whole(), changed)):
        older, newer = (parse_export(encoded(export), tid=CONTOSO, now=NOW) for export in (before, after))
        for found in compare(older, newer):
            said.append(exchange.difference(found.section, found.kind, found.name))
            said += [exchange.field_change(*field) for field in found.fields]
    assert said == [
        "New domain of ours: contoso.com",
        "New domain of ours: contoso.onmicrosoft.com",
        "New relationship: Fabrikam",
        "New relationship: Northwind",
        "New sharing policy: Default Sharing Policy",
        "New sharing policy: Managers",
        "AlexW@contoso.com has a sharing policy of its own",
        "Newly published: AdeleV@contoso.com, Calendar",
        "Domain of ours gone: contoso.com",
        "Domain of ours gone: contoso.onmicrosoft.com",
        "Relationship gone: Fabrikam",
        "Relationship gone: Northwind",
        "Sharing policy gone: Default Sharing Policy",
        "Sharing policy gone: Managers",
        "AlexW@contoso.com has the default sharing policy again",
        "Published no more: AdeleV@contoso.com, Calendar",
        "Organization",
        "Organization customization never enabled: no → yes",
        "Relationship Fab",
        "Name: Fabrikam → Fab",
        "Domains: added fabrikam.de",
        "Enabled: yes → no",
        f"Level: {exchange.LEVELS['LimitedDetails'][0]} → Busy times",
        "Whose calendars: Everybody’s → JV",
        "Relationship Northwind",
        "MailTips: Limited → All",
        "Sharing address: none → https://x",
        "Sharing policy Managers",
        "Entries: added anyone with the link (all details) and a.com (ContactsSharing); taken away people invited from "
        "any organization (busy times) and fabrikam.com (titles and locations)",
        "Sharing policy gone: Default Sharing Policy",
        "AlexW@contoso.com",
        "Policy: Managers → Other",
        "Published: AdeleV@contoso.com, Calendar",
        f"Level: {exchange.LEVELS['LimitedDetails'][0]} → All details",
        "Found by search engines: no → yes",
    ]


def test_every_flag_has_words():
    source = inspect.getsource(flags)
    assert set(re.findall(r'Flag\("(\w+)"', source)) <= set(exchange._FLAGS) <= set(re.findall(r'"(\w+)"', source))
    for code in exchange._FLAGS:
        found = exchange.flag_words(code, ("limitedRead",))
        assert found.label and found.sentence.endswith(".") and "{" not in found.sentence
    assert "fabrikam.co.uk and fabrikam.de" in exchange.flag_words(
        "domains_missing", ("fabrikam.co.uk", "fabrikam.de")
    ).sentence  # fmt: skip
    assert "busy times" in exchange.flag_words("more_than_agreed", ("AvailabilityOnly",)).sentence
    assert "all details" in exchange.flag_words("anybody_details", ("read",)).sentence


@pytest.mark.parametrize(
    "code", [disagreement.MORE, disagreement.LESS, disagreement.NONE, disagreement.OFF, disagreement.UNCLEAR]
)
def test_every_disagreement_is_said(code):
    said = exchange.disagreement(code, policy="Managers", domains=["a.com", "b.com"], allowed="unknown", shown="none")
    assert "Managers" in said and "a.com and b.com" in said and said.endswith(".")


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        (opens.Opening({"freeBusyRead": 1060, "limitedRead": 28}, 5, 7),
         "Opens 1,088 of 1,100 main calendars: titles, locations of 28 and busy times of 1,060. 7 unknown."),
        (opens.Opening({}, 3, 0), "Opens 0 of 3 main calendars."),
        (opens.Opening(closed=3, off="disabled"), "The relationship is disabled, so it opens no calendar."),
        (opens.Opening(group="Joint venture", size=212),
         "Opens the calendars of the members of Joint venture (212 people), which are not counted."),
        (opens.Opening(group="Joint venture"),
         "Opens the calendars of the members of Joint venture, which are not counted."),
    ],
)  # fmt: skip
def test_what_a_relationship_opens_is_said(opening, said):
    assert (
        exchange.opened(
            opening.by_role, closed=opening.closed, unknown=opening.unknown, off=opening.off, group=opening.group,
            size=opening.size,
        )
        == said
    )  # fmt: skip


def test_every_reason_for_opening_nothing_is_said():
    reasons = {opens.DISABLED, opens.FREE_BUSY_OFF, opens.LEVEL_NONE, opens.NO_DOMAINS}
    assert set(exchange._OFF) == reasons
