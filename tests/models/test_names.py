"""Names as they are searched: without case and without accents."""

import pytest

from sharing.mirror.holders import search_text
from sharing.models.names import folded


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Rosa HAAS", "rosa haas"),
        ("Müller", "muller"),
        ("Mu\u0308ller", "muller"),
        ("Straße", "strasse"),
        ("\u0130pek Işık", "ipek isik"),
        ("Łukasz Ørsted Đặng", "lukasz orsted dang"),
        ("\ufb01nance \uff21", "finance a"),
        ("Ψυχή", "ψυχη"),
        ("田中 が", "田中 か"),
        ("", ""),
    ],
)
def test_a_name_is_found_without_case_and_accents(name, plain):
    assert folded(name) == plain
    assert folded(plain) == plain


def test_a_person_is_found_by_an_address_with_accents_and_without():
    assert search_text("Zoë\nQuinn", ["Zoë@contoso.com", "zq@contoso.com"]).split("\n") == [
        "zoe quinn", "zoë@contoso.com", "zq@contoso.com", "zoe@contoso.com",
    ]  # fmt: skip


def test_addresses_that_differ_in_an_accent_alone_are_told_apart():
    assert search_text("Zoe", ["zoë@contoso.com"]) != search_text("Zoe", ["zoê@contoso.com"])
