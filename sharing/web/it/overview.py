"""The overview: how much is known and how fresh it is, then what people can do, then what changed."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from sharing import access, words
from sharing.models import UNKNOWN_REACH, Mailbox, Role, SyncRun, Tenant, reach
from sharing.web.asked import Asked

from . import figures, permissions
from .frame import it_page, same_tenant

USUAL = [role for role in Role if role not in (Role.NONE, Role.CUSTOM)]


@it_page
def overview_page(request: Asked, tenant: Tenant) -> HttpResponse:
    now = timezone.now()
    every = access.permissions_for_it(request.user, tenant)
    numbers = figures.reaches(every)
    weeks = figures.weeks(tenant, now)
    covered = figures.coverage(request, tenant)
    last = SyncRun.objects.filter(tenant=tenant, kind=SyncRun.FULL, outcome=SyncRun.DONE).order_by("-began_at").first()
    people = sum(numbers.people.values())
    return render(request, "it/overview.html", {
        "title": "Overview",
        "lead": f"{tenant}: {people:,} permissions of people, {numbers.shared:,} calendars shared with everyone.",
        "covered": covered,
        "gaps": _gaps(request, covered),
        "last_full": last,
        "figures": _key_figures(request, tenant, every, numbers, now),
        "bars": _bars(numbers),
        "people": people,
        "weeks": [(_week_of(week), week.given, week.removed) for week in weeks],
        "sentence": figures.in_words(weeks),
        "keep": same_tenant(request),
    })  # fmt: skip


def _week_of(week: figures.Week) -> str:
    return f"{week.monday.day} {week.monday:%b}"


def _list(request: Asked, **query: str) -> str:
    return reverse("it:access") + same_tenant(request, **query)


def _gaps(request: Asked, covered: figures.Coverage) -> list[dict[str, object]]:
    """Mailboxes that are not fully read, by state, each with the list of them."""
    return [
        {
            "state": state,
            "words": said,
            "count": covered.states[state],
            "href": reverse("it:people") + same_tenant(request, mailbox=state),
        }
        for state, said in words.MAILBOX_STATES.items()
        if state != Mailbox.OK and covered.states.get(state)
    ]


def _key_figures(
    request: Asked, tenant: Tenant, every: permissions.Rows, numbers: figures.Reaches, now: datetime
) -> list[dict[str, object]]:
    people = every.of_people()
    gone_count = people.filter(permissions.ACCOUNT.matches(now, tenant)).count()
    outside = people.filter(inside=False).count()
    return [
        {
            "label": "Delegates",
            "figure": f"{numbers.delegates:,}",
            "detail": f"{numbers.private:,} see private events",
            "href": reverse("it:delegates") + same_tenant(request),
        },
        {
            "label": "Held outside the organization",
            "figure": f"{outside:,}",
            "detail": "permissions of people outside",
            "href": _list(request, where="outside"),
        },
        {
            "label": "Account disabled or deleted",
            "figure": f"{gone_count:,}",
            "detail": "permissions of such accounts",
            "href": _list(request, flag="gone"),
        },
        {
            "label": "Everyone sees more than busy",
            "figure": f"{numbers.wide:,}",
            "detail": f"of {numbers.shared:,} calendars shared with everyone",
            "href": _list(request, rows="everyone"),
        },
    ]


def _bars(numbers: figures.Reaches) -> list[tuple[str, int, str]]:
    """How many permissions of people have each role; unusual roles only where somebody has them."""
    shown = [
        (role.value, numbers.people[reach(role)], "") for role in Role if role in USUAL or numbers.people[reach(role)]
    ]
    unknown = numbers.people[UNKNOWN_REACH]
    return [*shown, ("", unknown, "")] if unknown else shown
