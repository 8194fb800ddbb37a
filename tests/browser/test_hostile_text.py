"""Names that want to run, in a real browser: nothing runs, nothing is refused, and the text is theirs."""

import pytest
from django.urls import reverse
from django.utils import timezone

from sharing import words
from sharing.models import Calendar, CalendarPermission, Tenant
from tests.cast import ALEX, ALLAN, ISAIAH, read
from tests.web.hostile import PAYLOADS, flat

from .conftest import listen

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# What a payload would have left behind: elements that no page of ours has, and attributes that run.
LEFT = """() => [...document.querySelectorAll('*')].filter(e =>
    ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'IMG', 'VIDEO', 'TEMPLATE', 'MATH', 'STYLE'].includes(e.tagName)
    || [...e.attributes].some(a => a.name.startsWith('on') || a.name.includes('hx-on') || a.name === 'style')
    || (e.tagName === 'SCRIPT' && !e.src.startsWith(location.origin + '/static/'))
    || (e.tagName === 'FORM' && !e.action.startsWith(location.origin))
    || /^(javascript|data):/.test(e.href?.baseVal ?? e.href ?? '')).map(e => e.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def hostile(portal):
    """Alex shares a calendar of each name with a new person of that name; Contoso has a name to match."""
    for number, name in enumerate(PAYLOADS):
        address = f"hostile{number}@contoso.com"
        for change in (
            {"do": "add_user", "name": name, "address": address},
            {"do": "add_calendar", "name": name},
            {"do": "share", "who": address, "role": "delegateWithoutPrivateEventAccess"},
            {"do": "share", "calendar": name, "who": address, "role": "read"},
        ):
            portal.cloud.state.apply({"mailbox": ALEX, **change})
    read(portal.cast.contoso, timezone.now())
    Tenant.objects.filter(pk=portal.cast.contoso.pk).update(name=PAYLOADS[0] + PAYLOADS[6])
    return portal


def pages():
    main = Calendar.objects.get(mailbox__person__address=ALEX, is_default=True, is_own=True)
    rows = CalendarPermission.objects.select_related("grantee").filter(calendar=main, address__startswith="hostile")
    someone = next(row for row in rows if "onerror" in row.name and row.name.startswith('"'))
    yield ALEX, "/", PAYLOADS
    yield ALEX, reverse("calendar", args=[main.public_id]), PAYLOADS
    yield ALEX, reverse("role", args=[main.public_id, someone.pk]), [someone.name]
    yield ALEX, reverse("remove", args=[main.public_id, someone.pk]), [someone.name]
    yield ALEX, reverse("delivery"), [someone.name]
    yield ALEX, reverse("history"), []
    yield ISAIAH, reverse("it:overview"), []
    yield ISAIAH, reverse("it:access") + "?q=onerror", [someone.name]
    yield (
        ISAIAH,
        reverse("it:access") + "?q=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E",
        ['"><img src=x onerror=alert(1)>'],
    )
    yield ISAIAH, reverse("it:delegates") + "?q=script", PAYLOADS[:4]
    yield ISAIAH, reverse("it:person", args=[someone.grantee.public_id]), [someone.name]
    yield ALLAN, reverse("setup:users") + "?q=hostile", PAYLOADS
    yield ALLAN, reverse("setup:connections"), [PAYLOADS[0] + PAYLOADS[6]]


def test_nothing_runs_and_all_is_read(hostile):
    for who, path, names in pages():
        page = hostile.context(who).new_page()
        heard = listen(page)
        page.goto(hostile.url + path, wait_until="load")
        text = flat(page.evaluate("document.body.textContent"))
        assert [name for name in names if flat(words.visible(name)) not in text] == [], path
        assert page.evaluate(LEFT) == [], path
        assert heard == [], path
        assert page.url == hostile.url + path
        page.close()


def test_an_element_that_a_name_made_would_be_noticed(hostile):
    page = hostile.open(ALEX, "/")
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('beforeend', '<b onclick=x>x</b><iframe></iframe>')")
    assert len(page.evaluate(LEFT)) == 2
    page.close()
