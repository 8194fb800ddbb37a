"""Words for those who look after a mailbox, the zones of mailboxes, and names that are only numbers."""

import re

import pytest

from sharing import words


def test_no_sentence_of_a_role_or_of_meeting_requests_says_you_where_a_mailbox_is_named():
    reception = words.Whose("Reception")
    said = [words.role_words(role, reception) for role in words.ROLES]
    texts = [text for one in said for text in (one.owner, one.sentence, one.choice, one.colleagues)]
    for delegates in (0, 1, 2):
        for one in words.delivery_choices(delegates, reception):
            texts += [one.title, one.sentence, one.short]
    texts += [words.no_delegate(reception), words.answer_anyway(reception), words.separate_rights(reception)]
    texts = [text.replace("You can’t change it here", "") for text in texts]
    assert [text for text in texts if re.search(r"\b(you|your|me|my|I)\b|[{}]", text, re.IGNORECASE)] == []


def test_a_mailbox_may_have_braces_in_its_name():
    odd = words.Whose("{you} {0} }{")
    assert words.role_words("freeBusyRead", odd).sentence == "Sees when {you} {0} }{ is free or busy. Nothing else."


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("pacific standard time", "America/Los_Angeles"),
        ("Europe/Paris", "Europe/Paris"),
        ("", None),
        (None, None),
        ("Customized Time Zone", None),
        ("tzone://Microsoft/Custom", None),
        ("../../../etc/passwd", None),
        ("Europe", None),
        ("/etc/localtime", None),
        ("a\x00b", None),
        ("\ud800", None),
        ("x" * 5000, None),
    ],
)
def test_a_zone_is_known_by_windows_name_and_by_ianas(name, zone):
    found = words.zone_of(name)
    assert (found.key if found else None) == zone


def test_an_account_number_is_a_sid_or_an_object_id():
    assert words.is_account_number("NT:S-1-5-21-1-2-3-500")
    assert words.is_account_number(" 3F2504E0-4F89-41D3-9A0C-0305E82C3301 ")
    assert not words.is_account_number("Adele Vance")
    assert not words.is_account_number("")
