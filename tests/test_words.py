"""Words: every value of Graph's has them, for owners and for IT, and they claim no more than is known."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from sharing import words
from sharing.models import Change, Mailbox, PermissionPeriod, Person, Role, RoleAssignment, SyncRun, Tenant, reach
from sharing.words import states

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
UNKNOWN = "readWithCoffee"


@dataclass
class Row:
    """One permission, as a summary sees it."""

    name: str
    role: str
    is_organization: bool = False


@dataclass
class Wish:
    """One change, as its words see it."""

    kind: str = "role"
    name: str = "Adele Vance"
    before: str = "read"
    after: str = "write"
    found: str = ""
    state: str = "open"
    cause: str = ""
    sent_at: datetime | None = None


# Roles


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_words_and_ranks_as_the_mirror_ranks_it(role):
    said = words.role_words(role)
    assert said.owner and said.it and said.sentence and said.choice and said.colleagues
    assert words.rank(role) == reach(role)


def test_a_role_that_we_do_not_know_is_shown_as_microsoft_writes_it_and_reaches_furthest():
    assert words.role_label(UNKNOWN) == UNKNOWN
    assert words.role_label(UNKNOWN, words.OWNER) == "Set in Outlook"
    assert words.rank(UNKNOWN) == reach(UNKNOWN) > words.rank("custom")


def test_only_the_row_of_an_organization_is_not_shared():
    assert words.role_label("none", words.OWNER, is_organization=True) == "Not shared"
    assert words.role_label("none", words.OWNER) == "No access"


def test_a_sentence_speaks_of_colleagues_for_the_organization_and_of_one_person_else():
    assert words.role_sentence("freeBusyRead", is_organization=True).startswith("Colleagues see")
    assert words.role_sentence("freeBusyRead").startswith("Sees")


# Summaries


def test_a_summary_names_people_by_what_they_can_do_furthest_first():
    rows = [
        Row("Nestor Wilke", "read"),
        Row("My Organization", "freeBusyRead", True),
        Row("Megan Bowen", "delegateWithPrivateEventAccess"),
        Row("Patti Fernandez", "read"),
    ]
    assert words.summary(rows, "Contoso") == (
        "Megan Bowen acts for you and sees private events. "
        "Nestor Wilke and Patti Fernandez can view all details. "
        "Everyone at Contoso can see when you’re busy."
    )


def test_a_summary_of_many_names_one_and_counts_the_rest():
    rows = [Row(name, "write") for name in ("Adele Vance", "Lee Gu", "Diego Siciliani", "Joni Sherman")]
    assert words.summary(rows, "Contoso") == "Adele Vance and three more can edit."


def test_three_names_are_still_named():
    rows = [Row(name, "write") for name in ("Adele Vance", "Lee Gu", "Joni Sherman")]
    assert words.summary(rows, "Contoso") == "Adele Vance, Lee Gu and Joni Sherman can edit."


@pytest.mark.parametrize("rows", [[], [Row("My Organization", "none", True)]])
def test_a_calendar_that_nobody_sees_is_not_shared_with_anyone(rows):
    assert words.summary(rows, "Contoso") == "Not shared with anyone."


def test_custom_and_unknown_roles_are_summed_up_as_set_in_outlook():
    rows = [Row("Adele Vance", "custom"), Row("Lee Gu", UNKNOWN)]
    assert words.summary(rows, "") == "Lee Gu and Adele Vance have access set in Outlook."


def test_only_names_are_marked_as_names():
    row = Row("Can Edit", "write")
    assert words.summary_parts([row], "Contoso") == [("Can Edit", row), (" can edit.", None)]


# Falling back


def fall(role="read", everyone="freeBusyRead", **more):
    return words.falls_back_to(name="Adele Vance", role=role, everyone=everyone, org="Contoso", **more)


def test_a_removal_says_what_the_person_falls_back_to():
    assert fall() == words.Fallback(
        "Adele Vance falls back to what everyone at Contoso sees: when you’re busy.", stops=False
    )


def test_a_removal_that_would_give_more_says_so_and_stops():
    assert fall(role="freeBusyRead", everyone="read") == words.Fallback(
        "This would give Adele Vance more: everyone at Contoso sees all details. Lower that first.", stops=True
    )


def test_the_same_role_as_everyone_is_not_more():
    assert not fall(role="read", everyone="read").stops


def test_somebody_outside_falls_back_to_nothing_of_the_organization():
    assert fall(role="freeBusyRead", everyone="read", inside=False) == words.Fallback(
        "Adele Vance is outside Contoso and loses this access.", stops=False
    )


def test_what_was_set_in_outlook_for_everyone_is_not_claimed_to_be_more():
    assert not fall(everyone="custom").stops


# Meeting requests


@pytest.mark.parametrize("option", words.DELIVERY_OPTIONS)
def test_every_delivery_option_speaks_of_one_delegate_or_of_several(option):
    one, several = words.delivery_words(option, 1), words.delivery_words(option, 3)
    assert "delegates" not in one.title + one.sentence + one.short
    assert several.title != one.title
    assert one.it == several.it


def test_two_are_both_and_three_are_all():
    assert words.delivery_words("sendToDelegateAndPrincipal", 1).title == "Both of us"
    assert words.delivery_words("sendToDelegateAndPrincipal", 2).title == "All of us"


def test_no_delegate_is_spoken_of_as_one_to_come():
    assert words.delivery_words("sendToDelegateOnly", 0).title == "Only my delegate"


def test_a_delivery_option_that_was_not_read_is_not_guessed():
    assert words.delivery_words("").title == "Not known"
    assert words.delivery_words("sendToTheMoon").it == "sendToTheMoon"


# States


def test_every_state_kind_and_outcome_of_the_models_has_words():
    for state, _ in Mailbox.STATES:
        assert words.state_words(state).it
    for kind, _ in Person.KINDS:
        assert words.kind_label(kind)
    for kind, _ in SyncRun.KINDS:
        assert words.RUN_KINDS[kind]
    for outcome in ("", *(outcome for outcome, _ in SyncRun.OUTCOMES)):
        assert words.RUN_OUTCOMES[outcome]
    for state, _ in Tenant.STATES:
        assert words.TENANT_STATES[state]
    for role, label in RoleAssignment.ROLES:
        assert words.PORTAL_ROLES[role][0] == label
    for state, _ in Change.STATES:
        assert words.STATE_LABELS[state]


def test_every_code_of_microsofts_leads_to_a_cause_that_has_words():
    for code, cause in states._CODES.items():
        said = words.cause_words(code)
        assert (said.what, said.code) == (states.CAUSES[cause].what, code)


def test_an_answer_with_a_code_is_never_called_no_answer():
    for code in (*states._CODES, "ErrorQuotaOnTheMoon"):
        assert "not answer" not in words.cause_words(code).what
    assert "not answer" not in words.state_words("unreachable").sentence


def test_a_deleted_account_explains_why_nothing_can_be_read():
    gone = words.cause_words("ResourceNotFound", is_deleted=True)
    assert (gone.what, gone.todo, gone.code) == ("The account is deleted", "", "ResourceNotFound")
    assert words.cause_words("no_mailbox", is_deleted=True).code == ""


def test_a_code_nobody_knows_is_kept_beside_plain_words():
    said = words.cause_words("ErrorQuotaOnTheMoon")
    assert said.what == "Microsoft 365 answered with an error"
    assert said.code == "ErrorQuotaOnTheMoon"


def test_a_group_says_its_size_or_that_nobody_knows_it():
    assert words.kind_label("group", size=1) == "Group, 1 member"
    assert words.kind_label("group", size=1200) == "Group, 1,200 members"
    assert words.kind_label("group") == "Group, size unknown"


# Changes


def said(**what):
    return words.change_outcome(Wish(**what), "Kids parties")


def test_a_change_is_applying_until_it_was_sent_and_unconfirmed_after():
    assert said().text == "Applying…"
    assert said(sent_at=NOW).text == words.CONFIRMING
    assert not said().is_over


def test_an_applied_change_says_what_is_true_now():
    assert said(state="applied").text == "Adele Vance now has “Can edit” on Kids parties."
    assert said(state="applied", kind="remove", after="").text == "Adele Vance was removed from Kids parties."
    delivery = said(state="applied", kind="delivery", after="sendToDelegateAndPrincipal")
    assert delivery.text == "Saved. Who gets your meeting requests: “Both of us”."


def test_a_conflict_says_what_it_is_now_and_what_was_not_saved():
    outcome = said(state="conflict", found="delegateWithoutPrivateEventAccess")
    assert outcome.title == "Adele Vance’s access to Kids parties changed while this page was open"
    assert outcome.text == "It is now “Delegate”, set outside Calwarden. Your change to “Can edit” was not saved."


def test_a_removal_in_conflict_was_not_saved_either():
    assert "Your removal was not saved." in said(state="conflict", kind="remove", after="", found="write").text


def test_a_conflict_with_nothing_found_is_access_already_gone():
    outcome = said(state="conflict", found="")
    assert (outcome.title, outcome.text) == (
        "Adele Vance no longer has access",
        "It was removed outside Calwarden.",
    )


@pytest.mark.parametrize("cause", ["frozen", "writes_off", "ErrorAccessDenied", "SomethingNew"])
def test_nothing_was_changed_is_said_only_where_nothing_was_sent(cause):
    assert words.NOTHING_CHANGED in said(state="failed", cause=cause).text
    assert words.NOTHING_CHANGED not in said(state="failed", cause=cause, sent_at=NOW).text


def test_a_cancelled_change_says_why_and_that_nothing_was_changed():
    assert said(state="cancelled", cause="frozen").text == "Your IT stopped all changes. Nothing was changed."
    assert said(state="cancelled").text == words.NOTHING_CHANGED


def test_a_change_that_could_not_be_checked_first_does_not_blame_a_refusal():
    text = said(state="failed", cause="timeout").text
    assert text == "Microsoft 365 could not be asked what is true now. Nothing was changed."


def test_an_unknown_change_does_not_claim_that_nothing_happened():
    assert said(state="unknown", sent_at=NOW).text.startswith("It may have been made, or not")


def test_a_history_says_what_was_asked_and_how_it_went():
    done = words.change_sentence(Wish(state="applied"), "Kids parties")
    assert done == "You changed Adele Vance from “Can view all details” to “Can edit” on Kids parties"
    lost = words.change_sentence(Wish(state="conflict", kind="remove", after=""), "Kids parties", "Lidia Holloway")
    assert (
        lost == "Lidia Holloway asked to remove Adele Vance from Kids parties (was “Can view all details”): not saved"
    )


def test_the_main_calendar_has_no_name_in_a_sentence():
    assert words.calendar_words("Calendar", True) == "your main calendar"
    assert words.calendar_words("Kids parties", False) == "Kids parties"


def test_what_was_noticed_names_no_doer():
    assert words.noticed_sentence("Megan Bowen", "read", "write") == (
        "Megan Bowen changed from Can view all details to Can edit"
    )
    assert words.noticed_sentence("Megan Bowen", "", "write") == "Megan Bowen got access: Can edit"
    assert words.noticed_sentence("Megan Bowen", "write", "") == "Megan Bowen no longer has access (was Can edit)"
    assert words.noticed_sentence("Megan Bowen", "write", "", PermissionPeriod.MAILBOX_REMOVED) == (
        "Megan Bowen’s access ended: the mailbox was deleted"
    )
    assert words.noticed(NOW, NOW) == "Noticed today 14:30, outside Calwarden"


def test_what_was_there_at_the_first_reading_began_before_it():
    assert words.since(NOW, None, words.day) == "before 20 November 2026"
    assert words.since(NOW, NOW - timedelta(days=1), words.short_day) == "20 Nov 2026"


# Times


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (-5, "just now"),
        (0.9, "just now"),
        (1, "1 minute ago"),
        (59.9, "59 minutes ago"),
        (60, "1 hour ago"),
        (23 * 60 + 59, "23 hours ago"),
        (24 * 60, "yesterday 14:30"),
        (10 * 24 * 60, "10 November 2026, 14:30"),
    ],
)
def test_how_long_ago_is_said_until_a_day_and_then_the_moment(minutes, expected):
    assert words.ago(NOW - timedelta(minutes=minutes), NOW) == expected


def test_today_ends_at_midnight_not_after_a_day():
    just_after_midnight = NOW.replace(hour=0, minute=5)
    assert words.moment(just_after_midnight, NOW) == "today 00:05"
    assert words.moment(just_after_midnight - timedelta(minutes=10), NOW) == "yesterday 23:55"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (20, "Less than a minute left"),
        (70, "About 1 minute left"),
        (530, "About 9 minutes left"),
        (7200, "About 2 hours left"),
    ],
)
def test_time_left_is_rounded(seconds, expected):
    assert words.left(timedelta(seconds=seconds)) == expected


# Names


def test_what_hides_in_a_name_is_shown_as_an_escape():
    assert words.visible("Adele\u202eecnaV") == "Adele\\u202eecnaV"
    assert words.visible("Ad\u200bele\u00ad Va\u2066nce\ufeff") == "Ad\\u200bele\\u00ad Va\\u2066nce\\ufeff"
    assert words.visible("Me\u200dgan") == "Me\\u200dgan"
    assert words.visible("Me\x1bg\x08an\u2028\u3164") == "Me\\u001bg\\u0008an\\u2028\\u3164"
    assert words.visible("Me\U000e0041gan") == "Me\\ue0041gan"
    assert words.visible(words.visible("Ad\u202eele")) == words.visible("Ad\u202eele")


def test_names_of_every_script_and_emoji_stay_as_they_are():
    for name in (
        "Żółć Ångström",
        "\u0642\u0627\u0633\u0645\u200c\u062e\u0627\u0646\u06cc",
        "\U0001f468\u200d\U0001f469",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "two\nlines",
        "李 明",
    ):
        assert words.visible(name) == name


def test_the_number_of_an_account_is_no_name():
    assert words.is_sid("S-1-5-21-1-2-3") and words.is_sid("NT:S-1-5-21-1085031214-1563985344")
    assert not words.is_sid("S-1-5 Room") and not words.is_sid("Adele Vance")


@pytest.mark.parametrize(
    "guard",
    [
        "custom_lost",
        "private_granted",
        "outsider_raised",
        "disabled_delegate",
        "disabled_left",
        "last_delegate",
        "last_delegate_only",
    ],  # fmt: skip
)
def test_a_guard_is_a_sentence_with_the_names_as_they_are(guard):
    icon, sentence = words.guard_words(guard, name="{org} {0}", org="{name}", whose=words.Whose("Front desk"))
    assert icon and sentence.endswith(".")
    assert "{org} {0}" in sentence or guard == "disabled_left"
    assert ("{name} and will see" in sentence) == (guard == "outsider_raised")
