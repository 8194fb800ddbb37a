"""Names of others in scripts for Exchange: they arrive unchanged, or no script is written."""

import random
import unicodedata
import uuid

import pytest

from sharing.federation.quoting import ValueRefused, domain, guid
from sharing.federation.scripts import as_file, partner_script, plan_script
from sharing.models import FederationPlan, Partner, Tenant
from tests.connect.test_scripts import tokens
from tests.federation.powershell import read

ODD = [
    *"'\u2018\u2019\u201a\u201b", *'"\u201c\u201d\u201e',
    "''", "$(", ")", "$env:PATH", "`", "`'", "#", "<#", "#>", "@{", "}",
    "@'", "'@", "{", ";", "|", "&", "--%", ",", " ", "\\", "%", "é", "ö", "ő", "山田", "✂", "\U0001f512",
]  # fmt: skip
REFUSED = [
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x1b",
    "\x85",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\udc80",
]
WORDS = ["Fabrikam", "O", "Brien", "x", "Remove-Mailbox alex", "Set-OrganizationRelationship"]
SIDES = {"domains": ["fabrikam.com"], "is_enabled": True, "has_free_busy": True, "level": "AvailabilityOnly"}


def names(count=1000):
    """Names from nowhere good, the same in every run; about every third has a character that is refused."""
    chance = random.Random(20261121)
    for _ in range(count):
        parts = [chance.choice(chance.choice([ODD, ODD, WORDS])) for _ in range(chance.randint(1, 8))]
        if chance.random() < 0.35:
            parts.insert(chance.randint(0, len(parts)), chance.choice(REFUSED))
        yield "".join(parts)


def plan(name, kind=FederationPlan.CHANGE):
    tenant = Tenant(tid="5f1e6d1a-3b1c-4d0e-8b7a-2f4c6e8a0b1c", name=name, domains=["contoso.com"])
    entries = [{"domain": name, "actions": "CalendarSharingFreeBusySimple"}]
    is_policy = kind == FederationPlan.POLICY
    sides = {"is_enabled": True, "entries": entries} if is_policy else {**SIDES, "scope_group": name}
    return FederationPlan(
        public_id="x", tenant=tenant, kind=kind, guid=uuid.UUID(int=1), partner=Partner(domains=["fabrikam.com"]),
        before={**sides, "name": name}, wanted={**sides, "name": name, "scope_group": f"{name}2"},
    )  # fmt: skip


def singles(script):
    return [text for kind, text in tokens(script) if kind == "single"]


def test_a_thousand_names_arrive_unchanged_or_are_refused():
    arrived = refused = 0
    calm = {text: plan_script(plan(text)) for text in ("calm", "ruhig ö!")}
    for name in names():
        if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in name):
            with pytest.raises(ValueRefused):
                plan_script(plan(name))
            refused += 1
            continue
        text = "calm" if name.isascii() else "ruhig ö!"
        named = {text: name, f"{text}2": f"{name}2"}
        shape, texts = read(calm[text])
        assert texts.count(text) == 2  # the name, and the scope group that it had
        script = plan_script(plan(name))
        assert read(script) == (shape, [named.get(each, each) for each in texts]), name
        assert singles(script) == [named.get(each, each) for each in singles(calm[text])], name
        arrived += 1
    assert arrived > 500 and refused > 250


@pytest.mark.parametrize("kind", [kind for kind, _ in FederationPlan.KINDS])
@pytest.mark.parametrize("write", [plan_script, partner_script])
def test_names_change_no_word_of_any_script(write, kind):
    def words(name):
        found = write(plan(name, kind))
        return [token for token in tokens(found) if token[0] != "single"], len(read(found)[1]) if found else 0

    calm = words("calm")
    for name in [name for name in names(60) if name.isascii() and name.isprintable()]:
        assert words(name) == calm, name


def test_a_script_is_one_block_so_that_a_check_stops_all_of_it():
    for kind, _ in FederationPlan.KINDS:
        lines = plan_script(plan("calm", kind)).splitlines()
        code = [line for line in lines if not line.startswith("#")]
        assert code[0] == "& {" and code[-1] == "}"
        assert all(line.startswith("  ") for line in code[1:-1])


def test_a_file_says_its_encoding_and_a_script_finds_out_when_it_is_read_in_another():
    script = plan_script(plan("Győr"))
    assert as_file(script).decode("utf-8-sig") == script.replace("\n", "\r\n")
    assert as_file(script).startswith(b"\xef\xbb\xbf")
    first = script.index("throw 'PowerShell reads this file in another encoding.'")
    assert first < script.index("Győr")
    # What a file without its mark turns into on a Western machine ends a text: the first check comes before that.
    wrong = script.encode().decode("cp1252")
    assert "\u2018" in wrong and "'ö'" not in wrong.partition("Connect-ExchangeOnline")[0]
    assert "another encoding" not in plan_script(plan("Gyor"))


@pytest.mark.parametrize(
    "text",
    ["", "com", "fabrikam", "fabrikam.com.", ".fabrikam.com", "fabrikam..com", "-x.com", "x-.com", "a b.com", "x_y.com",
     "*.fabrikam.com", "fabrikam.com/x", "fabrikam.com'", "x.com\ny", "münchen.example", "fabrikam\uff0ecom", "1.2.3.4",
     f"{'a' * 64}.com", f"{'a.' * 126}com", "user@fabrikam.com", "[::1]", "ｆabrikam.com"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(text):
    with pytest.raises(ValueRefused):
        domain(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("Fabrikam.COM", "fabrikam.com"), (" fabrikam.co.uk ", "fabrikam.co.uk"),
     ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
     ("a.bc", "a.bc"), ("1.fabrikam.com", "1.fabrikam.com"), (f"{'a' * 63}.com", f"{'a' * 63}.com")],
)  # fmt: skip
def test_a_domain_is_written_in_lower_case(text, meant):
    assert domain(text) == meant


def test_an_id_is_written_as_one_or_refused():
    assert guid("{1062CB0B-C477-4378-A111-FF7B920163F0}") == "'1062cb0b-c477-4378-a111-ff7b920163f0'"
    with pytest.raises(ValueRefused):
        guid("1062cb0b'; x")
