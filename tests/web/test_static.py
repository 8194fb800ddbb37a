"""What we carry and what templates name: the right bytes, icons that exist, and nothing that a strict CSP refuses."""

import hashlib
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import get_template
from django.test import override_settings

from sharing import words
from sharing.web import context
from sharing.web.tags.people import FLAGS, PERSON_ICONS
from sharing.words import changes, states

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ICONS = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))

# Where a tag takes an icon: its name and, in it, which argument.
ICON_ARGUMENTS = {"icon": 0, "note": 1, "empty_state": 0, "toast": 1, "pill": 2}
TAG = re.compile(r"{%\s*(\w+)\s+(.*?)%}", re.DOTALL)
ARGUMENT = re.compile(r"""(?:(\w+)=)?("[^"]*"|'[^']*'|[^\s'"]+)""")


def named_icons(source: str) -> set[str]:
    """The icons that a template names in so many words."""
    found = set()
    for tag, arguments in TAG.findall(source):
        if tag not in ICON_ARGUMENTS:
            continue
        positional = [value for name, value in ARGUMENT.findall(arguments) if not name]
        keywords = {name: value for name, value in ARGUMENT.findall(arguments) if name}
        place = ICON_ARGUMENTS[tag]
        value = keywords.get("drawn") or (positional[place] if len(positional) > place else "")
        if value[:1] in "'\"" and len(value) > 2:
            found.add(value[1:-1])
    return found


def test_what_we_carry_is_what_was_published():
    lines = (ROOT / "static/vendor/CHECKSUMS").read_text().splitlines()
    listed = dict(reversed(line.split("  ")) for line in lines)
    for path, expected in listed.items():
        assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == expected, path
    carried = {
        str(path.relative_to(ROOT))
        for folder in ("static/vendor", "tests/vendor")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert carried - set(listed) == {
        "static/vendor/CHECKSUMS",
        "static/vendor/README.md",
        "static/vendor/tabler/LICENSE",  # the package carries none
    }


def test_icons_are_found_where_tags_take_them():
    source = """{% icon 'clock' %}{% note "warn" "flag" title="x" %}{% note "warn" drawn="eye" %}{% icon page.icon %}"""
    assert named_icons(source) == {"clock", "flag", "eye"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_compiles_and_names_only_what_exists(path):
    source = path.read_text()
    get_template(str(path.relative_to(ROOT / "templates")))
    assert named_icons(source) - ICONS == set()
    for name in re.findall(r"""{%\s*static\s+['"]([^'"]+)""", source):
        assert finders.find(name), name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_nothing_that_a_strict_policy_refuses(path):
    source = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son\w+\s*=|javascript:|hx-on|hx-vals\s*=\s*['\"]js:", source)
    assert not re.search(r"\|\s*safe\b|autoescape\s+off|safeseq", source)
    for script in re.findall(r"<script[^>]*>(.*?)</script>", source, re.DOTALL):
        assert not script.strip()
    for attribute in ("src", "href"):
        assert not re.search(rf"""<(?:script|link|img|iframe)[^>]*{attribute}=["'](?:https?:)?//""", source)


def test_the_icons_that_python_names_exist():
    named = {drawn for _, drawn, _ in FLAGS.values()} | set(PERSON_ICONS.values())
    named |= {role.icon for role in words.ROLES.values()} | {words.role_words("new").icon}
    named |= {state.icon for state in states.MAILBOX_STATES.values()}
    named |= {drawn for _, _, drawn in context.IT_PAGES + context.SETUP_PAGES}
    for source in (ROOT / "sharing/web/context.py", Path(changes.__file__)):
        named |= set(re.findall(r"""icon["']?\s*[:=]\s*"([\w-]+)""", source.read_text()))
    assert named - ICONS == set()


def test_the_sprite_has_no_icon_that_is_drawn_with_nothing():
    sprite = (ROOT / "static/icons.svg").read_text()
    assert len(ICONS) == sprite.count("<symbol ") > 50
    assert not re.search(r"<symbol[^>]*></symbol>", sprite)


def test_every_file_is_found_by_the_names_that_production_gives(tmp_path):
    # A style sheet that names a missing file stops this, as it would stop a release.
    storages = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    sheet = next((tmp_path / "css").glob("calwarden.*.css")).read_text()
    fonts = re.findall(r'url\("\.\./([^"]+woff2)"\)', sheet)
    assert len(fonts) == 2
    assert all((tmp_path / font).is_file() for font in fonts)
