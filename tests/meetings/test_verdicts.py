"""Every row of what Microsoft documents about refused free and busy times has its side, however it is written."""

import pytest

from sharing.meetings.verdicts import Verdict, seen, verdict
from sharing.models import Probe
from sharing.words import probes

# From the decision table: message, codes it was seen with, whose side, which reason.
ROWS = [
    ("Unable to resolve e-mail address nobody@partner.com to an Active Directory object.",
     ("5009", "ErrorMailRecipientNotFound", "MailRecipientNotFound"), "ours", "not_found"),
    ("Configuration information for forest/domain partner.com could not be found in Active Directory., LID: 47932",
     ("5009", "ErrorMailRecipientNotFound", "", "ErrorSomethingNew"), "ours", "domain_missing"),
    ("The organization relationship Fabrikam can't be used. Microsoft.Exchange.InfoWorker.Common.Availability."
     "InvalidOrganizationRelationshipForRequestDispatcherException",
     ("ErrorInvalidOrganizationRelationshipForFreeBusy", "", "5009"), "ours", "unusable"),
    ("The caller does not have access to free/busy data.",
     ("5037", "ErrorNoFreeBusyAccess", "NoFreeBusyAccess"), "theirs", "no_access"),
    ("The caller does not have access to free/busy data., LID: 47652", ("", "5037"), "theirs", "no_access"),
    ("Something else entirely, LID: 44348", ("", "ErrorOfTomorrow"), "theirs", "no_access"),
    ("Something else entirely, LID: 40764", ("",), "theirs", "no_access"),
    ("Proxy web request failed. , inner exception: The request failed with HTTP status 401: Unauthorized.",
     ("ErrorProxyRequestProcessingFailed", "", "ProxyRequestProcessingFailed"), "either", "endpoint"),
    ("Proxy web request failed. , inner exception: The request failed with HTTP status 404: Not Found.",
     ("",), "either", "endpoint"),
    ("Autodiscover failed for e-mail address kim@partner.com: InvalidUser., LID: 33676",
     ("ErrorAutodiscoverFailed", ""), "either", "endpoint"),
    ("Proxy request is not allowed., LID: 55328", ("ErrorProxyRequestNotAllowed", ""), "theirs", "not_allowed"),
    ("Proxy web request failed. , inner exception: The operation has timed out.",
     ("ErrorProxyRequestProcessingFailed", ""), "either", "transient"),
    ("", ("ErrorProxyRequestProcessingFailed",), "either", "transient"),
    ("The mailbox could not be opened.", ("ErrorMailboxLogonFailed", "", "5999"), "unknown", "unclear"),
    ("", ("", "missing", "empty"), "unknown", "unclear"),
]  # fmt: skip
CASES = [(message, code, side, reason) for message, codes, side, reason in ROWS for code in codes]


@pytest.mark.parametrize(("message", "code", "side", "reason"), CASES)
def test_a_refusal_is_on_the_side_that_microsoft_documents(message, code, side, reason):
    spellings = {code, code.upper(), code.lower(), f" {code}", code.removeprefix("Error")}
    for spelling in spellings:
        for said in (message, message.upper(), f"  {message.replace(' ', '  ')}"):
            assert verdict(spelling, said) == Verdict(side, reason), (spelling, said)


def test_a_message_does_not_talk_a_known_code_over_to_the_other_side():
    told = "Unable to resolve e-mail address x@partner.com to an Active Directory object., LID: 47932"
    assert verdict("ErrorNoFreeBusyAccess", told).outcome == Probe.THEIRS
    assert verdict("ErrorProxyRequestNotAllowed", "The operation has timed out.").outcome == Probe.THEIRS


@pytest.mark.parametrize(("has_entries", "has_details", "outcome"), [
    (True, False, "seen"), (True, True, "seen_details"), (False, False, "free_or_unreadable"),
    (False, True, "seen_details"),
])  # fmt: skip
def test_an_answer_proves_what_came_with_it_and_an_empty_one_proves_nothing(has_entries, has_details, outcome):
    assert seen(has_entries=has_entries, has_details=has_details) == Verdict(outcome, "")


def test_every_outcome_and_reason_has_words_with_a_next_step():
    assert set(probes.OUTCOMES) == {outcome for outcome, _ in Probe.OUTCOMES}
    reasons = {reason for _, _, _, reason in ROWS}
    for message, code, side, reason in CASES:
        words = probes.probe_words(*verdict(code, message))
        assert words.text and words.todo and words.label == probes.OUTCOMES[side].label
        reasons.discard(reason)
    assert not reasons
    assert probes.probe_words("failed", "failed").todo
    assert "hour" in probes.probe_words("either", "transient").todo
