"""Users: every mailbox of the directory, how well it is read and why not, and who is steward of the shared ones."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, mirror, tasks, words
from sharing.connect import ends
from sharing.models import Invitation, Mailbox, Stewardship, Tenant
from sharing.web.asked import Asked
from sharing.web.it.csv import csv_response
from sharing.web.it.frame import same_tenant
from sharing.web.it.tables import Filter, Option, Query, asked, containing, one_page, ordered, read_query
from sharing.web.limits import limited
from sharing.words.users import LOCKED, USER_STATUSES

from . import stewards
from .frame import setup_action, setup_form, setup_page, to
from .statuses import STATUS, cause_of, choices, count_by_status, is_locked, with_status

COLUMNS = (
    "id", "public_id", "state", "cause", "state_since", "fresh_at", "purpose", "person__name", "person__address",
    "person__ended_at", "status",
)  # fmt: skip
CSV = {  # column: what it is of a mailbox
    "name": "person__name", "address": "person__address", "object_id": "person__oid", "status": "status",
    "account_enabled": "person__enabled", "mailbox_state": "state", "cause": "cause", "since": "state_since",
    "last_read_at": "fresh_at", "kind": "purpose",
}  # fmt: skip
SORTS = {"person": ("person__name", "id"), "since": ("state_since", "id")}


def _is(purpose: str) -> Callable[[datetime, Tenant], Q]:
    return lambda now, tenant: Q(purpose=purpose)


PURPOSE = Filter("purpose", "Kind of mailbox", "Any mailbox", tuple(
    Option(purpose, words.purpose_label(purpose), _is(purpose))
    for purpose in ("user", "shared", "room", "equipment")
))  # fmt: skip


@setup_page
def users_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """100 mailboxes a page, by state."""
    every = access.mailboxes_for_it(request.user, tenant)
    by_state = dict(every.order_by().values_list("state").annotate(count=Count("pk")))
    by_status = count_by_status(with_status(every))
    wanted, state, cause, rows = _narrowed(request, tenant, every)
    page = one_page(
        request, [rows], tenant=tenant, values=COLUMNS, sort=wanted.sort,
        columns=SORTS[wanted.sort.lstrip("-")],
    )  # fmt: skip
    page.rows = _lines(request, tenant, page.rows)
    total = sum(by_state.values())
    page.total = _found(rows, wanted.chips or cause, by_state.get(state, total))
    return render(request, "setup/users.html", {
        "title": "Users",
        "lead": f"Every mailbox in the directory of {tenant}, and how well it was read.",
        "sort": wanted.sort,
        "chips": [*wanted.chips, *([(words.cause_words(cause.partition(",")[0]).what, "cause")] if cause else [])],
        "state": state,
        "purpose": PURPOSE,
        "statuses": choices(by_status, tenant),
        "invitations": _invitations(tenant),
        "invitations_href": to(request, reverse("setup:invitations")),
        "may_disconnect": tenant.people_may_disconnect,
        "locks_href": to(request, reverse("setup:locks")),
        "tabs": [
            ("All", reverse("setup:users") + same_tenant(request) or "?", total, not state),
            *(
                (said.it, reverse("setup:users") + same_tenant(request, state=value), by_state[value], value == state)
                for value, said in words.MAILBOX_STATES.items() if by_state.get(value)
            ),
        ],
        "page": page,
        "keep": same_tenant(request),
    })  # fmt: skip


@limited("exports", methods=("GET", "HEAD"))
@setup_page
def users_csv(request: Asked, tenant: Tenant) -> StreamingHttpResponse:
    """The same list, whole, in its order; written into the activity log."""
    wanted, _, _, rows = _narrowed(request, tenant, access.mailboxes_for_it(request.user, tenant))
    rows = ordered(rows, SORTS[wanted.sort.lstrip("-")], wanted.sort.startswith("-"))
    return csv_response(
        request, tenant, _csv_rows(rows), columns=tuple(CSV), name="users", asked=wanted, now=timezone.now()
    )


def _csv_rows(rows: QuerySet[Mailbox]) -> Iterator[dict[str, Any]]:
    for row in rows.values(*CSV.values()).iterator(chunk_size=2000):
        yield {column: row[field] for column, field in CSV.items()}


def _narrowed(request: Asked, tenant: Tenant, every: QuerySet[Mailbox]) -> tuple[Query, str, str, QuerySet[Mailbox]]:
    """What the address asks for: the query, the state and cause it names, and the mailboxes that are so."""
    wanted = read_query(request, filters=(PURPOSE, STATUS), sorts=SORTS, sort="person")
    state = asked(request, "state") if asked(request, "state") in words.MAILBOX_STATES else ""
    cause = asked(request, "cause")
    readable = with_status(every.with_freshness())  # type: ignore[attr-defined]
    rows = wanted.narrow(readable.filter(state=state) if state else readable, timezone.now(), tenant)
    rows = rows.filter(_because(cause)) if cause else rows
    return wanted, state, cause, containing(rows, wanted.q, "person__search")


def _invitations(tenant: Tenant) -> dict[str, int]:
    """How many invited addresses are nobody's, or more than one person's."""
    open_ones = Invitation.objects.filter(tenant=tenant, state__in=[Invitation.WAITING, Invitation.AMBIGUOUS])
    return dict(open_ones.order_by().values_list("state").annotate(count=Count("pk")))


def _because(causes: str) -> Q:
    """Mailboxes whose cause is one of those named, with commas between; "deleted" is an account that is gone."""
    if causes == "deleted":
        return Q(person__ended_at__isnull=False) & ~Q(cause="")
    return Q(cause__in=causes.split(","), person__ended_at=None)


def _found(rows: QuerySet[Mailbox], is_narrowed: object, known: int) -> int:
    return rows.order_by().count() if is_narrowed else known


def _lines(request: Asked, tenant: Tenant, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    stewards_of = dict(
        Stewardship.objects.filter(mailbox__in=[row["id"] for row in rows])
        .values_list("mailbox").annotate(count=Count("pk")).order_by()
    )  # fmt: skip
    keep = same_tenant(request)
    return [
        row
        | {
            "name": words.visible(row["person__name"] or row["person__address"]) or "No name",
            "href": reverse("setup:mailbox", args=[row["public_id"]]) + keep,
            "last_read": _last_read(row["fresh_at"]),
            "kind": words.purpose_label(row["purpose"]),
            "why": cause_of(row),
            "connection": USER_STATUSES[row["status"]],
            "is_locked": is_locked(row["status"], tenant),
            "stewards": stewards_of.get(row["id"], 0),
            "needs_steward": row["purpose"] in stewards.NOBODYS and not stewards_of.get(row["id"]),
        }
        for row in rows
    ]


def _last_read(at: datetime | None) -> str:
    """The hour where it was today or yesterday, else the day."""
    if at is None:
        return "Never"
    read, now = timezone.localtime(at), timezone.localtime()
    return words.moment(read, now) if now.date() - read.date() < timedelta(days=2) else words.short_day(read)


@setup_form
def mailbox_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """One mailbox; a POST makes somebody its steward."""
    mailbox = _mailbox(request, tenant, public_id)
    form = stewards.StewardForm(request.POST if request.method == "POST" else None, mailbox=mailbox, actor=request.user)
    if request.method == "POST" and form.is_valid():
        stewards.add(mailbox=mailbox, person=form.person, actor=request.user, now=timezone.now())
        return redirect(to(request, reverse("setup:mailbox", args=[public_id])))
    return render(request, "setup/mailbox.html", {
        "title": words.visible(str(mailbox.person)),
        "mailbox": mailbox,
        "said": words.state_words(mailbox.state),
        "why": words.cause_words(mailbox.cause, is_deleted=bool(mailbox.person.ended_at)) if mailbox.cause else None,
        "kind": words.purpose_label(mailbox.purpose),
        "is_waiting": mailbox.due_at is not None and mailbox.due_at <= timezone.now(),
        "connection": USER_STATUSES[mailbox.status],
        "locked": LOCKED if is_locked(mailbox.status, tenant) else "",
        "may_disconnect": mailbox.state != Mailbox.EXCLUDED and not mailbox.is_lent,
        "may_reconnect": mailbox.status == "disconnected" and not mailbox.is_lent,
        "may_have_steward": mailbox.purpose in stewards.NOBODYS,
        "stewards": stewards.of(mailbox),
        "form": form,
        "back": to(request, reverse("setup:users")),
        "keep": same_tenant(request),
    }, status=422 if form.errors else 200)  # fmt: skip


@setup_action
def check_mailbox(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Read one mailbox now; nothing happens where it is waiting already or held back."""
    mailbox = _mailbox(request, tenant, public_id)
    if mirror.ask_to_read(mailbox, now=timezone.now()) and mailbox.shard_id:
        tasks.ring(tasks.wake, mailbox.shard_id)
    return redirect(to(request, reverse("setup:mailbox", args=[public_id])))


@setup_form
def disconnect_mailbox(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Asks, then lets the app read one mailbox no more."""
    mailbox, refusal = _mailbox(request, tenant, public_id), ""
    back = to(request, reverse("setup:mailbox", args=[public_id]))
    if request.method == "POST":
        try:
            ends.disconnect_mailbox(mailbox=mailbox, actor=request.user, now=timezone.now(), is_admin=True)
            return redirect(back)
        except ends.NotThatWay:
            refusal = "The app does not read this mailbox."
    return render(request, "setup/mailbox_disconnect.html", {
        "title": f"Disconnect {words.visible(str(mailbox.person))}?",
        "refusal": refusal,
        "back": back,
    }, status=409 if refusal else 200)  # fmt: skip


@setup_action
def reconnect_mailbox(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    mailbox = _mailbox(request, tenant, public_id)
    try:
        ends.reconnect_mailbox(mailbox=mailbox, actor=request.user, now=timezone.now(), is_admin=True)
        if mailbox.shard_id:
            tasks.ring(tasks.wake, mailbox.shard_id)
    except ends.NotThatWay:
        pass  # it is connected: the page says so
    return redirect(to(request, reverse("setup:mailbox", args=[public_id])))


@setup_action
def end_stewardship(request: Asked, tenant: Tenant, public_id: str, pk: int) -> HttpResponse:
    mailbox = _mailbox(request, tenant, public_id)
    stewardship = get_object_or_404(Stewardship, mailbox=mailbox, pk=pk)
    stewards.end(stewardship=stewardship, actor=request.user, now=timezone.now())
    return redirect(to(request, reverse("setup:mailbox", args=[public_id])))


def _mailbox(request: Asked, tenant: Tenant, public_id: str) -> Any:
    rows = with_status(access.mailboxes_for_it(request.user, tenant).with_freshness())
    return get_object_or_404(rows, public_id=public_id)
