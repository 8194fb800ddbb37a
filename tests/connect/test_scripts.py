"""Scripts for Exchange: hostile values stay texts. Read by a small tokenizer that ends texts where PowerShell does."""

import pytest

from sharing.connect import scripts
from sharing.connect.scripts import Values
from sharing.words.powershell import ValueRefused, literal

QUOTES = "'\u2018\u2019\u201a\u201b"
DOUBLE_QUOTES = '"\u201c\u201d\u201e'
HOSTILE = [
    "O'Brien; Remove-Mailbox x",
    "'; Remove-ManagementScope 'x",
    "\u2019; Remove-Mailbox alex; \u2018",
    "\u201a\u201b\u2018\u2019'",
    "''",
    "'",
    "$(Remove-Mailbox alex)",
    "$env:PATH",
    "`' ; Remove-Mailbox alex #",
    "a # b",
    '"; exit',
    "\u201d; exit",
    "@' x",
    "ends in a backtick`",
    "--%",
    "<# not a comment #>",
    "Größe 山田 ✂",
]
VALUES = Values(
    app_id="ca1e4da2-0000-4000-8000-00000000c0de", principal_id="1526a935-a809-4065-8941-009daa2e5f46",
    connection="AbC-12_x", group="executives@contoso.com", member="alexw@contoso.com", outsider="meganb@contoso.com",
)  # fmt: skip


def tokens(script):
    """What PowerShell would see, as (kind, text): code, texts in either quotes, comments."""
    found, code, place = [], "", 0

    def end_code():
        nonlocal code
        if code.strip():
            found.append(("code", code.strip()))
        code = ""

    while place < len(script):
        character = script[place]
        kind = QUOTES if character in QUOTES else DOUBLE_QUOTES if character in DOUBLE_QUOTES else ""
        if kind:
            end_code()
            text, place = "", place + 1
            while True:
                assert place < len(script), "a text without an end"
                if script[place] in kind:
                    if place + 1 < len(script) and script[place + 1] in kind:
                        place += 1
                    else:
                        break
                elif kind == DOUBLE_QUOTES and script[place] == "`":
                    place += 1
                text += script[place]
                place += 1
            found.append(("single" if kind == QUOTES else "double", text))
        elif character == "#" and (not code or code[-1] in " \n;{}("):
            end_code()
            line_end = script.index("\n", place)
            found.append(("comment", script[place:line_end]))
            place = line_end
        else:
            code += character
        place += 1
    end_code()
    return found


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_one_text_that_means_itself(value):
    assert tokens(f"Get-Group -Identity {literal(value)}\n") == [("code", "Get-Group -Identity"), ("single", value)]


@pytest.mark.parametrize("write", [scripts.set_up, scripts.migrate, scripts.undo])
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_change_no_word_of_a_script(write, value):
    def code_of(script):
        return [token for token in tokens(script) if token[0] in ("code", "comment")]

    hostile = Values(VALUES.app_id, VALUES.principal_id, value, value, VALUES.roles, value, value)
    texts = [text for kind, text in tokens(write(hostile)) if kind == "single"]
    assert code_of(write(hostile)) == code_of(write(VALUES))
    assert f"Calwarden {value}" in texts
    if write is not scripts.undo:
        assert texts.count(value) == 3


@pytest.mark.parametrize(
    "odd", ["\n", "\r", "\x00", "\t", "\x1b", "\x85", "\u2028", "\u2029", "\u202e", "\u200b", "\ud800"]
)
def test_line_ends_and_unseen_characters_are_refused(odd):
    with pytest.raises(ValueRefused):
        literal(f"a{odd}b")
    with pytest.raises(ValueRefused):
        scripts.set_up(Values(VALUES.app_id, VALUES.principal_id, "x", f"group{odd}@contoso.com"))


def test_the_set_up_script_ends_tenant_wide_grants_after_the_scope_stands():
    script = scripts.set_up(VALUES)
    steps = ["New-ManagementScope", "New-ServicePrincipal", "New-ManagementRoleAssignment",
             "Test-ServicePrincipalAuthorization", "Remove-MgServicePrincipalAppRoleAssignment"]  # fmt: skip
    assert sorted(steps, key=script.index) == steps
    assert "Remove-ApplicationAccessPolicy" not in script
    assert "'Application Calendars.Read', 'Application MailboxSettings.Read'" in script


def test_migrating_removes_policies_last():
    script = scripts.migrate(VALUES)
    assert script.index("Remove-ApplicationAccessPolicy") > script.index("Remove-MgServicePrincipalAppRoleAssignment")


def test_undo_never_removes_unfiltered():
    script = scripts.undo(VALUES)
    assert "Get-ManagementRoleAssignment -RoleAssignee $SpObjId |\n  Where-Object" in script
    assert f"$SpObjId = '{VALUES.principal_id}'" in script


def test_without_the_object_id_the_script_asks_entra_for_it():
    script = scripts.undo(Values(VALUES.app_id, "", "x", "g@contoso.com"))
    assert "Get-MgServicePrincipal -Filter" in script
    assert "if (-not $SpObjId) { throw" in script


@pytest.mark.parametrize("write", [scripts.set_up, scripts.migrate, scripts.undo])
def test_brackets_and_texts_are_closed(write):
    code = "".join(text for kind, text in tokens(write(VALUES)) if kind == "code")
    for opening, closing in ("()", "{}"):
        assert code.count(opening) == code.count(closing)
