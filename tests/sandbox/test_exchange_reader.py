"""The command reader: what PowerShell means by a script, and a refusal that names line and token for all the rest."""

import random
import re

import pytest

from sandbox.cast import CONTOSO
from sandbox.exchange.characters import Unreadable
from sandbox.exchange.reader import read
from sandbox.exchange.shell import run_script


@pytest.fixture
def shown(cloud):
    """What a script shows, and that it shows it without an error."""

    def run(script, **how):
        found = run_script(cloud, CONTOSO, script, **how)
        assert found.errors == []
        return found.output

    return run


QUOTES = "'\u2018\u2019\u201a\u201b"


@pytest.mark.parametrize("quote", QUOTES)
def test_every_form_of_a_quote_ends_a_text_and_two_of_them_are_one(shown, quote):
    assert shown(f"'O{quote * 2}Neil'") == [f"O{quote}Neil"]
    with pytest.raises(Unreadable):
        read(f"'O{quote}Neil'")


def test_nothing_means_anything_in_single_quotes(shown):
    text = '$(Get-OrganizationConfig) `n $x "a" # @{} ; | {'
    assert shown(f"'{text}'") == [text]


def test_double_quotes_hold_variables_and_commands(shown):
    script = """$name = 'Adatum'; $one = @{ a = 'b' }
"$name, $($one.a.ToUpper()) and `$name ""x""`t$($null)."
"""
    assert shown(script) == ['Adatum, B and $name "x"\t.']


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("@('one') | ForEach-Object { \"<$_>\" }", ["<one>"]),
        ("$x = @('one'); $x.Count; $y = @(); $y.Count; $null.Count; 'abc'.Count", ["1", "0", "0", "1"]),
        ("$x = Get-OrganizationRelationship | Where-Object Name -eq 'nobody'; @($x).Count", ["0"]),
        ("@($null).Count", ["1"]),
        ("@('b', 'a') + 'c' | Sort-Object", ["a", "b", "c"]),
        ("if ('ADATUM' -eq 'adatum' -and -not ('a' -ceq 'A')) { 'yes' } else { 'no' }", ["yes"]),
        ("if ('') { 1 } elseif (@()) { 2 } elseif ('False') { 3 }", ["3"]),
        ("@('a.com', 'B.com') -contains 'b.COM'; 'a' -in @('b'); @('a', 'b') -ne 'A'", ["True", "False", "b"]),
        ("'contoso.com' -like '*.com'; 'x' -notlike 'y*'", ["True", "True"]),
        ("@(3, 1, 2) -join '; '", ["3; 1; 2"]),
        ("'{0}:{1}' -f 'mailbox', 'folder'", ["mailbox:folder"]),
        ("1 + 2; '1' + 2; 5 - 3", ["3", "12", "2"]),
        ("$t = @{ A = 1; 'b c' = 2 }; $t.a; $t['B C']; $t.Count; $t.ContainsKey('x')", ["1", "2", "2", "False"]),
        ("$t = @{}; $t.New = 1; $t['other'] = 2; $t.Count", ["2"]),
        ("foreach ($x in 'a', 'b') { \"$x!\" }", ["a!", "b!"]),
        ("@('a', 'a', 'b') | Select-Object -Unique; @(1, 2, 3) | Select-Object -First 1", ["a", "b", "1"]),
        ("$x = 1; & { $x = 2; $x }; $x", ["2", "1"]),
        ("@(1, 2) | ForEach-Object { if ($_ -eq 1) { return }; $_ }", ["2"]),
        ("try { throw 'no' } catch { \"$_; $($_.Exception.Message)\" } finally { 'last' }", ["no; no", "last"]),
        ("[string]::IsNullOrEmpty(''); [bool]'x'; [int]'7' + 1; [string][char]246", ["True", "True", "8", "ö"]),
        ("# one\n<# two\nthree #> 'four' # five\n", ["four"]),
        ("'a' `\n  -eq 'A'", ["True"]),
        ("@{n = 'x'; v = 1}.v, 2", ["1", "2"]),
        ("return 'x'\n'never'", ["x"]),
    ],
)  # fmt: skip
def test_a_script_means_what_it_means_in_powershell(shown, script, said):
    assert shown(script) == said


def test_line_ends_of_windows_and_a_mark_in_front_do_not_matter(shown):
    assert shown("\ufeff$x = 'a'\r\nif ($x) {\r\n  $x\r\n}\r\n") == ["a"]


@pytest.mark.parametrize(
    ("script", "line", "token"),
    [
        ("'a'\nwhile ($true) { }", 2, "while"),
        ("for ($i = 0; $i -lt 9; $i++) { }", 1, "for"),
        ("function f { }", 1, "function"),
        ("Invoke-Expression 'x'", 1, "Invoke-Expression"),
        ("Get-OrganizationRelationship\n  Get-Mailboxx -Identity a", 2, "Get-Mailboxx"),
        ("New-OrganizationRelationship -Name a `\n -DomainName b.com", 2, "-DomainName"),
        ("if ($x) { Remove-Item x }", 1, "Remove-Item"),
        ("@('x' | Frobnicate)", 1, "Frobnicate"),
        ("\"$(Get-Secret)\"", 1, "Get-Secret"),
        ("@{ a = Get-Secret }", 1, "Get-Secret"),
        ("$x = 'never ends", 1, "'never"),
        ("$x = \"never ends", 1, '"never'),
        ("$x = @(1, 2", 1, ""),
        ("'a' 'b'", 1, "'b'"),
        ("}", 1, "}"),
        ("$x -band 1", 1, "-band"),
        ("$env:TEMP", 1, "$env:TEMP"),
        ("$x++", 1, "+"),
        ("'a' -match '(a+)+b'", 1, "-match"),
        ("'x' * 5", 1, "*"),
        ("@'\nhere\n'@", 1, "@'"),
        ("& $command", 1, "$command"),
        ("Get-Date > file.txt", 1, ">"),
        ("Get-Date; .\\other.ps1", 1, ".\\other.ps1"),
        ("<# never ends", 1, "<#"),
        ("try { 1 }", 1, ""),
        ("1..100000", 1, "..100000"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_an_error_that_names_line_and_token_and_nothing_is_done(cloud, script, line, token):
    before = cloud.state.dump()
    found = run_script(cloud, CONTOSO, f"Set-SharingPolicy 'Default Sharing Policy' -Enabled $false\n{script}")
    (error,) = found.errors
    assert error["line"] == line + 1
    assert token in error["text"]
    assert found.output == []
    assert cloud.state.dump() == before


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("(Get-OrganizationConfig).SomethingElse", "the property SomethingElse"),
        ("'abc'.Normalize()", "the method Normalize"),
        ("[System.IO.File]::ReadAllText('x')", "ReadAllText"),
        ("[xml]'<a/>'", "the type [xml]"),
        ("$b = { 1 | ForEach-Object $b }; 1 | ForEach-Object $b", "nested so deeply"),
    ],
)
def test_what_shows_to_be_unknown_only_on_the_way_ends_the_run_and_no_script_catches_it(cloud, script, what):
    found = run_script(cloud, CONTOSO, f"try {{ {script} }} catch {{ 'caught' }}\n'on'")
    (error,) = found.errors
    assert what in error["text"]
    assert found.output == []


def test_a_script_that_grows_without_end_is_stopped(cloud):
    doubled = "\n".join(["$x = $x + $x"] * 40)
    (error,) = run_script(cloud, CONTOSO, f"$x = 'xxxxxxxx'\n{doubled}").errors
    assert "grows too long" in error["text"]


@pytest.mark.parametrize("opening", ["(", "@(", "{", "$(", "@{a=", "!", "if (1) {", "[string]"])
def test_brackets_without_end_are_refused_and_do_no_harm(cloud, opening):
    assert run_script(cloud, CONTOSO, opening * 20_000).errors


TOKENS = (
    *"'\"$(){}|;,+`#&\n", "@(", "@{", "<#", "::", "-eq", "-join", "-f", "$null", "$_", "[0]", ".Count", "[datetime]",
    "[string]", ".Replace('a')", "{1}", "1e9", "\u2019", "\0", "throw", "@x", "=", "+=", "-Identity", "ConvertTo-Json",
)  # fmt: skip
SCRIPT = """Connect-ExchangeOnline
$all = @(Get-OrganizationRelationship | Where-Object { $_.Enabled -and "$($_.Name)" -ne 'x' })
$settings = @{ DomainNames = @('a.com', 'b.com'); Enabled = $true }
if ($all.Count -ne 1) { throw "There are $($all.Count): $($all.Name -join ', ')" }
try { Set-OrganizationRelationship -Identity $all[0].Guid.ToString() @settings -ErrorAction Stop } catch { "$_" }
[ordered]@{ rows = @($all | Select-Object Name, @{n='Level';e={"$($_.FreeBusyAccessLevel)"}}) } |
  ConvertTo-Json -Depth 4 | Set-Content -Encoding utf8 .\\out.json
"""


def test_a_thousand_damaged_scripts_are_carried_out_or_refused_and_nothing_else(cloud):
    chance = random.Random(4)
    refused = 0
    for _ in range(1000):
        script = SCRIPT
        for _ in range(chance.randint(1, 3)):
            words = list(re.finditer(r"[$\w'.-]+", script))
            one, at = chance.choice(words), chance.randrange(len(script))
            new = chance.choice((*TOKENS, chance.choice(words)[0], ""))
            start, end = (at, at) if chance.random() < 0.5 else one.span()
            script = script[:start] + new + script[end:]
        refused += bool(run_script(cloud, CONTOSO, script, confirm=True).errors)
    assert 500 < refused < 1000
