"""A list that waits to be confirmed, and the job it becomes: its numbers, its progress, and every line of it."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, changes, tasks, words
from sharing.changes.preview import preview_item
from sharing.models import ChangeBatch, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.previews import shown as shown_preview
from sharing.words import batches as batch_words

from .bulk import refused
from .frame import it_page, may_operate, operator_action, person_links, same_tenant
from .rows import named, role_badge
from .tables import asked, one_page

LAST_KNOWN = words.rank("delegateWithPrivateEventAccess")
ITEM = (
    "id", "name", "address", "before", "after", "skipped", "change__state", "change__cause", "change__finished_at",
    "end_date", "handed_out_at", "permission__is_organization", "permission__calendar__name",
    "permission__calendar__is_default", "permission__mailbox__person__name", "permission__grantee__public_id",
    "permission__mailbox__person__public_id", "permission__grantee__name",
)  # fmt: skip


@it_page
def jobs_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """What was changed in many places at once, the newest first."""
    rows = access.batches_for_it(request.user, tenant)
    page = one_page(request, [rows], tenant=tenant, values=("id",), columns=("made_at", "id"), sort="-made")
    found = {row.pk: row for row in rows.filter(pk__in=[row["id"] for row in page.rows])}
    so_far = changes.progress_of(list(found.values()))
    page.rows = [_job_row(request, found[row["id"]], so_far[row["id"]]) for row in page.rows if row["id"] in found]
    return render(request, "it/jobs.html", {
        "title": "Changes",
        "lead": f"What IT changed in many places at once at {tenant}, and what waits for somebody’s yes.",
        "tabs": tabs(request, tenant, "jobs"),
        "page": page,
    })  # fmt: skip


def tabs(request: Asked, tenant: Tenant, current: str) -> list[tuple[str, str, int | None, bool]]:
    waiting = access.proposals_for_it(request.user, tenant).filter(state="waiting").count()
    keep = same_tenant(request)
    return [
        ("Jobs", reverse("it:jobs") + keep, None, current == "jobs"),
        ("Waiting for a yes", reverse("it:proposals") + keep, waiting, current == "proposals"),
        ("To look at", reverse("it:unsettled") + keep, None, current == "unsettled"),
    ]


def _job_row(request: Asked, batch: ChangeBatch, so_far: changes.Progress) -> dict[str, Any]:
    label, tone = batch_words.BATCH_STATES[batch.state]
    return {
        "href": reverse("it:job", args=[batch.public_id]) + same_tenant(request),
        "title": title_of(batch, so_far.total),
        "label": label,
        "tone": tone,
        "done": f"{so_far.done:,} of {so_far.total:,}",
        "by": words.visible(str(batch.actor)),
        "at": batch.confirmed_at or batch.made_at,
    }


def title_of(batch: ChangeBatch, count: int) -> str:
    return batch_words.batch_title(
        batch.kind, count, role=batch.role, ends_on=batch.ends_at, is_done=batch.state != ChangeBatch.CHECKED
    )


@it_page
def job_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """One list: to be confirmed by who made it, or as far as it got."""
    batch = access.batch_for_it(request.user, tenant, public_id)
    return _job(request, tenant, batch)


def _job(
    request: Asked, tenant: Tenant, batch: ChangeBatch, *, problem: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    is_checked = batch.state == ChangeBatch.CHECKED
    so_far = changes.progress(batch)
    shown = _shown(request, so_far)
    items = access.items_for_it(request.user, batch).filter(changes.OUTCOMES[shown])
    page = one_page(request, [items], tenant=tenant, values=ITEM, columns=("id",), sort="id")
    page.total = getattr(so_far, shown)
    link = person_links(request)
    org = str(tenant)
    page.rows = [_item_row(row, shown, org, link, now) for row in page.rows]
    return render(request, "it/job.html", {
        **_progress(request, batch, so_far),
        "title": title_of(batch, so_far.total),
        "tenant": tenant,
        "is_checked": is_checked,
        "is_expired": changes.is_expired(batch, now),
        "numbers": _figures(batch, so_far) if is_checked else None,
        **(_preview(request, batch, so_far.total) if is_checked else {}),
        "must_type": is_checked and so_far.total >= changes.TYPED_FROM,
        "button": batch_words.batch_button(batch.kind, so_far.total),
        "problem": problem,
        "by": words.visible(str(batch.actor)),
        "may_operate": may_operate(request, tenant),
        "shown": shown,
        "subtabs": _subtabs(request, so_far, shown),
        "says_why": shown in ("left_out", "refused", "not_made", "unknown"),
        "says_when": shown in ("done", "not_made", "unknown"),
        "says_then": shown not in ("left_out", "refused") and batch.kind != ChangeBatch.END_DATE,
        "page": page,
        "asks_delegates": batch_words.ASKS_DELEGATES if batch.kind == ChangeBatch.END_DATE else "",
        "are_told": batch_words.OWNERS_ARE_TOLD,
        "confirm_href": reverse("it:confirm_job", args=[batch.public_id]) + same_tenant(request),
        "cancel_href": reverse("it:cancel_job", args=[batch.public_id]) + same_tenant(request),
        "access_href": reverse("it:access") + same_tenant(request),
        "jobs_href": reverse("it:jobs") + same_tenant(request),
    }, status=status)  # fmt: skip


def _preview(request: Asked, batch: ChangeBatch, total: int) -> dict[str, Any]:
    """What is sent for the first entry of a list; the others differ in whose it is and in the role."""
    related = ("batch", "permission__calendar__mailbox__person")
    first = access.items_for_it(request.user, batch).filter(skipped="").select_related(*related).order_by("pk").first()
    page = shown_preview(preview_item(first) if first else None)
    return page | {"words_exactly": batch_words.exactly(total)}


@it_page
def job_progress(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """The part of a job's page that asks again every 3 seconds; once the job is over, the whole page is loaded."""
    batch = access.batch_for_it(request.user, tenant, public_id)
    page = _progress(request, batch, changes.progress(batch))
    response = render(request, "it/parts/job.html", page)
    if not page["is_running"]:
        response["HX-Refresh"] = "true"
    return response


@limited("saving")
@operator_action
def confirm_job(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Begin; posted twice it is still one job."""
    batch = access.batch_for_it(request.user, tenant, public_id)
    here = reverse("it:job", args=[public_id]) + same_tenant(request)
    try:
        batch = changes.confirm_batch(
            batch=batch, actor=request.user, now=timezone.now(), typed=request.POST.get("typed", ""),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except changes.NotTyped as wrong:
        return _job(request, tenant, batch, problem=f"Type the number of entries, {wrong.count}.", status=422)
    except changes.NothingLeft:
        return _job(request, tenant, batch, problem="Every entry is left out, so there is nothing to do.", status=422)
    except changes.Expired:
        return _job(request, tenant, batch, status=409)
    except changes.NotNow as never:
        return refused(request, "Nothing was done", batch_words.not_possible(never.cause))
    tasks.ring(tasks.step_batch, batch.pk)
    return redirect(here)


@limited("saving")
@operator_action
def cancel_job(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Hand out nothing more; any operator may stop a job."""
    batch = access.batch_for_it(request.user, tenant, public_id)
    was_checked = batch.state == ChangeBatch.CHECKED
    changes.cancel_batch(batch=batch, actor=request.user, now=timezone.now())
    if was_checked:
        return redirect(reverse("it:access") + same_tenant(request))
    return redirect(reverse("it:job", args=[public_id]) + same_tenant(request))


def _progress(request: Asked, batch: ChangeBatch, so_far: changes.Progress) -> dict[str, Any]:
    label, tone = batch_words.BATCH_STATES[batch.state]
    is_running = batch.state == ChangeBatch.RUNNING or (
        batch.state == ChangeBatch.CANCELLED and batch.confirmed_at is not None and so_far.underway > 0
    )
    percent = 100 * so_far.settled // so_far.total if so_far.total else 0
    return {
        "batch": batch,
        "so_far": so_far,
        "is_running": is_running,
        "label": label,
        "tone": tone,
        "reading": f"{so_far.settled:,} of {batch_words.counted_entries(so_far.total)}",
        "result": _result(so_far),
        "spoken": f"{percent // 10 * 10} percent done",
        "paused": batch_words.PAUSED.get(batch.cause, "") if batch.state == ChangeBatch.RUNNING else "",
        "ended": batch_words.ENDED.get(batch.cause, "") if batch.state == ChangeBatch.CANCELLED else "",
        "at_once": changes.AT_ONCE,
        "hourly": changes.HOURLY,
        "poll_href": reverse("it:job_progress", args=[batch.public_id]) + same_tenant(request),
    }  # fmt: skip


def _result(so_far: changes.Progress) -> str:
    """ "36 done, 2 not possible" """
    parts = [(so_far.done, "done"), (so_far.underway, "underway"), (so_far.waiting, "waiting"),
             (so_far.refused, "not possible any more"), (so_far.not_made, "not made"),
             (so_far.unknown, "not confirmed")]  # fmt: skip
    return ", ".join(f"{count:,} {what}" for count, what in parts if count) or "Nothing to do"


def _shown(request: Asked, so_far: changes.Progress) -> str:
    """The part of the list that is looked at: what the address names, or the first that is not empty."""
    wanted = asked(request, "show")
    if wanted in batch_words.TABS:
        return wanted
    troubles_first = ("not_made", "unknown", "refused", "underway", "done", "waiting", "left_out")
    has_begun = so_far.settled or so_far.underway
    wanted_first = troubles_first if has_begun else ("waiting", "left_out")
    return next((name for name in wanted_first if getattr(so_far, name)), "waiting")


def _subtabs(request: Asked, so_far: changes.Progress, shown: str) -> list[tuple[str, str, int | None, bool]]:
    found = []
    for name, label in batch_words.TABS.items():
        count = getattr(so_far, name)
        if count or name == shown:
            found.append((label, same_tenant(request, show=name), count, name == shown))
    return found


def _figures(batch: ChangeBatch, so_far: changes.Progress) -> dict[str, Any]:
    found = changes.numbers(batch)
    bare = found.last_delegates
    return {
        "figures": [
            {"label": "To change", "figure": f"{found.count:,}", "detail": "entries"},
            {"label": "Owners", "figure": f"{found.owners:,}", "detail": "each told by one mail"},
            {"label": "Outside", "figure": f"{found.outside:,}", "detail": "of these entries"},
            {"label": "Left out", "figure": f"{so_far.left_out:,}", "detail": "entries stay as they are"},
        ],
        "by_role": [(role_badge(role), count) for role, count in found.by_role],
        "delegates": found.delegates,
        "told": batch_words.told([words.visible(name) for name in found.owner_names], found.owners),
        "custom": sum(count for role, count in found.by_role if words.rank(role) > LAST_KNOWN),
        "bare": f"{bare:,} {'owner' if bare == 1 else 'owners'} will have no delegate then" if bare else "",
        "to_nobody": found.to_nobody,
        "left_out": [(batch_words.left_out_words(cause), count) for cause, count in found.left_out],
    }


def _item_row(values: dict[str, Any], shown: str, org: str, link: Any, now: datetime) -> dict[str, Any]:
    """One line as its table says it."""
    is_everyone = bool(values["permission__is_organization"])
    name = words.everyone_at(org) if is_everyone else values["name"] or values["permission__grantee__name"]
    owner = words.visible(values["permission__mailbox__person__name"] or "")
    finished = values["change__finished_at"]
    return {
        "who": named(words.visible(name or values["address"] or "No name"),
                     link(values["permission__grantee__public_id"] or "")),
        "whose": named(owner, link(values["permission__mailbox__person__public_id"] or "")) if owner else "",
        "calendar": words.visible(values["permission__calendar__name"] or ""),
        "is_main": values["permission__calendar__is_default"],
        "before": role_badge(values["before"], is_everyone) if values["before"] else "",
        "after": role_badge(values["after"], is_everyone) if values["after"] else "",
        "why": _why(values, shown),
        "at": words.moment(timezone.localtime(finished), timezone.localtime(now)) if finished else "",
    }  # fmt: skip


def _why(values: dict[str, Any], shown: str) -> str:
    if values["skipped"]:
        return batch_words.left_out_words(values["skipped"])
    if shown == "not_made":
        return batch_words.why_not_made(values["change__state"], values["change__cause"])
    return words.CONFIRMING if shown == "unknown" else ""
