"""Users: every mailbox of the directory, how well it is read and why not, and who is steward of the shared ones."""

from typing import Any

from django.db.models import Count
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, mirror, tasks, words
from sharing.connect import ends
from sharing.models import Mailbox, Stewardship, Tenant
from sharing.web.asked import Asked
from sharing.web.it.csv import csv_response
from sharing.web.it.frame import same_tenant
from sharing.web.limits import limited
from sharing.words.users import LOCKED, USER_STATUSES

from . import stewards
from .frame import setup_action, setup_form, setup_page, to
from .statuses import OF_INVITATIONS, cause_of, choices, is_locked, with_status
from .user_rows import CSV, PURPOSE, Everybody, Users, last_read, wanted


@setup_page
def users_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """100 users a page, by state: mailboxes, and who was invited and is not matched to one person."""
    everybody, it = Everybody.of(request, tenant), wanted(request, tenant)
    counts, users = everybody.count(), Users.meant(everybody, it)
    by_status, by_state = counts.by("status"), counts.by("state")
    total: int = counts.of(it.counts)
    if it.query.q:
        users, total = users.found()
    page = users.page(request)
    page.rows, page.total = _lines(request, tenant, page.rows), total
    cause = it.cause
    return render(request, "setup/users.html", {
        "title": "Users",
        "lead": f"Every mailbox in the directory of {tenant}, how well it was read, and who was invited beside.",
        "sort": it.query.sort,
        "chips": [
            *it.query.chips, *([(words.cause_words(cause.partition(",")[0]).what, "cause")] if cause else [])
        ],
        "state": it.state,
        "purpose": PURPOSE,
        "statuses": choices(by_status, tenant),
        "invitations": {status: by_status.get(status, 0) for status in OF_INVITATIONS if by_status.get(status)},
        "invitations_href": to(request, reverse("setup:invitations")),
        "may_disconnect": tenant.people_may_disconnect,
        "locks_href": to(request, reverse("setup:locks")),
        "tabs": [
            ("All", reverse("setup:users") + same_tenant(request) or "?", counts.of(), not it.state),
            *(
                (
                    said.it, reverse("setup:users") + same_tenant(request, state=value), by_state[value],
                    value == it.state,
                )
                for value, said in words.MAILBOX_STATES.items() if by_state.get(value)
            ),
        ],
        "page": page,
        "keep": same_tenant(request),
    })  # fmt: skip


@limited("exports", methods=("GET",))
@setup_page
def users_csv(request: Asked, tenant: Tenant) -> StreamingHttpResponse:
    """The same list, whole, in its order; written into the activity log."""
    it = wanted(request, tenant)
    rows = Users.meant(Everybody.of(request, tenant), it).csv()
    return csv_response(request, tenant, rows, columns=tuple(CSV), name="users", asked=it.query, now=timezone.now())


def _lines(request: Asked, tenant: Tenant, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    mailboxes = [row["id"] for row in rows if row["status"] not in OF_INVITATIONS]
    kept = Stewardship.objects.filter(mailbox__in=mailboxes).values_list("mailbox").annotate(count=Count("pk"))
    stewards_of = dict(kept.order_by())
    return [
        _invited(request, row)
        if row["status"] in OF_INVITATIONS
        else _mailbox_line(request, tenant, row, stewards_of.get(row["id"], 0))
        for row in rows
    ]


def _mailbox_line(request: Asked, tenant: Tenant, row: dict[str, Any], count: int) -> dict[str, Any]:
    return row | {
        "name": words.visible(row["person__name"] or row["person__address"]) or "No name",
        "address": row["person__address"],
        "href": reverse("setup:mailbox", args=[row["public_id"]]) + same_tenant(request),
        "last_read": last_read(row["fresh_at"]),
        "kind": words.purpose_label(row["purpose"]),
        "why": cause_of(row),
        "connection": USER_STATUSES[row["status"]],
        "is_locked": is_locked(row["status"], tenant),
        "stewards": count,
        "needs_steward": row["purpose"] in stewards.NOBODYS and not count,
    }


def _invited(request: Asked, row: dict[str, Any]) -> dict[str, Any]:
    """Nobody's mailbox, so there is nothing to read."""
    label, meaning, tone = said = USER_STATUSES[row["status"]]
    state = OF_INVITATIONS[row["status"]]
    return row | {
        "name": words.visible(row["name"] or row["address"]),
        "href": reverse("setup:invitations") + same_tenant(request, state=state),
        "last_read": "",
        "kind": "Invited",
        "is_invited": True,
        "label": label,
        "tone": tone,
        "connection": said,
        "meaning": meaning,
    }


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
