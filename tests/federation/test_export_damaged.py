"""Six hundred damaged exports: each is read as what is true, or refused by name, or says what it lacks."""

import copy
import dataclasses
import json
import random

import pytest

from sharing.federation.export import parse_export
from sharing.federation.uploaded import ExportRefused
from tests.cloud import CONTOSO
from tests.federation import exports
from tests.federation.exports import NOW, encoded, policy, relationship, whole

EACH = 75
ODD_GUID = "00000000-0000-4000-8000-00000000000b"
WORDS = ("FreeBusyAccessLevel", "MailTipsAccessLevel", "MailboxMoveCapability", "detail", "from", "to")


def sound():
    """An export in which every kind of row and value stands."""
    export = whole(
        organizationRelationships=[
            exports.RELATIONSHIP,
            relationship(FreeBusyAccessScope="Joint venture ö", DomainNames=["northwind.com", "northwind.co.uk"]),
            relationship("Off", "00000000-0000-4000-8000-000000000002", Enabled=False, FreeBusyAccessLevel="None"),
        ],
        sharingPolicies=[exports.POLICY, policy(), policy("Odd", ODD_GUID, Domains=["Anonymous:0"])],
    )
    return export | {"errors": {}}


def places(value, path=()):
    """The path of every value in an export."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def reach(export, path):
    for key in path[:-1]:
        export = export[key]
    return export, path[-1]


# Ways of damage: each takes chance and a sound export, and gives a file ------------------------------------


def dropped(chance, export):
    parent, key = reach(export, chance.choice([*places(export)]))
    del parent[key]
    return encoded(export)


def retyped(chance, export):
    parent, key = reach(export, chance.choice([*places(export)]))
    was = parent[key]
    others = [None, True, False, 0, 2, -1, 1.5, 10**40, "", "True", "2", [], {}, [was], {"value": was}, str(was),
              "System.Collections.ArrayList", "@{Name=x}", [None], "x" * 2000]  # fmt: skip
    parent[key] = chance.choice([other for other in others if type(other) is not type(was) or isinstance(was, dict)])
    return encoded(export)


def cut(chance, export):
    content = encoded(export, chance.choice(["utf-8", "utf-8-sig", "utf-16"]))
    return content[: chance.randrange(len(content))]


def swapped(chance, export):
    """Another case of some keys and some words of Exchange's."""
    for path in chance.sample([*places(export)], 40):
        try:
            parent, key = reach(export, path)
            if key in WORDS:
                parent[key] = parent[key].swapcase()
            elif isinstance(parent[key], str) and ":Calendar" in parent[key]:
                domain, _, actions = parent[key].partition(":")
                parent[key] = f"{domain}:{actions.swapcase()}"
            elif isinstance(key, str):
                parent[key.swapcase()] = parent.pop(key)
        except KeyError:
            pass  # its parent has another name already
    return encoded(export)


def numbered(chance, export):
    at = [path for path in places(export) if path[-1] in WORDS]
    for path in chance.sample(at, chance.randint(1, 3)):
        parent, key = reach(export, path)
        parent[key] = chance.choice([chance.randrange(4), str(chance.randrange(4)), float(chance.randrange(4))])
    return encoded(export)


def recoded(chance, export):
    text = json.dumps(export, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 1, 4]))
    text = text.replace("\n", chance.choice(["\n", "\r\n"]))
    coding = chance.choice(
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp850", "latin-1"]
    )
    mark = b"\xfe\xff" if coding == "utf-16-be" and chance.random() < 0.5 else b""
    return mark + text.encode(coding, "replace")


def doubled(chance, export):
    """A key, or a row, once more with another value or the same."""
    path = chance.choice([*places(export)])
    parent, key = reach(export, path)
    if isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
        return encoded(export)
    also = chance.choice([key, key.swapcase()])
    parent[f"{key}\0"] = chance.choice([None, True, False, "None", "LimitedDetails", [], parent[key]])
    return encoded(export).replace(json.dumps(f"{key}\0").encode(), json.dumps(also).encode())


def broken(chance, export):
    """Some bytes are lost or others."""
    content = bytearray(encoded(export))
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(content))
        if chance.random() < 0.5:
            del content[at : at + chance.choice([1, 1, 8, 200])]
        else:
            content[at] = chance.choice(b'x"{}[],:0 \\\xff')
    return bytes(content)


SECTIONS = {
    "is_dehydrated": "organizationConfig", "domains": "acceptedDomains", "relationships": "organizationRelationships",
    "policies": "sharingPolicies", "assignments": "sharingPolicyAssignments", "published": "publishedCalendars",
}  # fmt: skip


EXPECTED = {  # what each kind of damage must lead to at least once, or it damages nothing
    dropped: "malformed", retyped: "malformed", cut: "cut_short", swapped: "true", numbered: "number_for_word",
    recoded: "not_text", doubled: "twice", broken: "not_json",
}  # fmt: skip


@pytest.mark.parametrize("damage", EXPECTED, ids=lambda damage: damage.__name__)
def test_a_damaged_export_never_says_what_is_not_so(damage):
    truth = parse_export(encoded(sound()), tid=CONTOSO, now=NOW)
    outcomes = set()
    for seed in range(EACH):
        content = damage(random.Random(f"{damage.__name__} {seed}"), sound())
        try:
            export = parse_export(content, tid=CONTOSO, now=NOW)
        except ExportRefused as refused:
            assert type(refused) is not ExportRefused
            outcomes.add(refused.cause)
            continue
        outcomes.add("true" if export == truth else "less")
        if damage in (cut, swapped, numbered, recoded):
            assert is_true_or_lacks(export, truth), seed
        check_rows(export, truth, seed, is_exact=damage is not broken)
    assert EXPECTED[damage] in outcomes


def is_true_or_lacks(export, truth):
    """Is all that differs, but for the case of free words, in sections that say so themselves?"""
    return all(
        export.sections[section] != "read"
        or repr(getattr(export, name)).casefold() == repr(getattr(truth, name)).casefold()
        for name, section in SECTIONS.items()
    )


def check_rows(export, truth, seed, *, is_exact):
    """Whatever was read of a row that is known is true, or says that it is unknown."""
    for name in ("relationships", "policies", "published"):
        if export.sections[SECTIONS[name]] == "read":
            assert len(getattr(export, name)) == len(getattr(truth, name)), seed
    known = {row.guid: row for row in (*truth.relationships, *truth.policies)}
    for row in (*export.relationships, *export.policies):
        true = known.get(row.guid)
        assert true or not is_exact, seed
        for field in dataclasses.fields(row) if true else ():
            check_value(field.name, getattr(row, field.name), getattr(true, field.name, None), seed, is_exact)
    levels = {row.level for row in truth.published}
    assert all(row.level in levels for row in export.published), seed


def check_value(name, value, true, seed, is_exact):
    if name == "entries":
        levels = {}
        for entry in true:
            levels.setdefault(entry.domain, set()).add(entry.level)
        for entry in value:
            assert entry.level == "unknown" or entry.level in levels.get(entry.domain, {entry.level}), seed
            assert entry.domain in levels or not is_exact, seed
    elif name == "domains":
        assert set(value) <= set(true) or not is_exact, seed
    elif name in ("level", "is_enabled", "has_free_busy", "is_default"):
        assert value == true, seed
    else:
        assert str(value).casefold() == str(true).casefold() or value in (None, "") or not is_exact, (seed, name)
