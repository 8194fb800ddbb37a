"""Sync runs: what was read when, how a run goes on, and what to do about one that the breaker held."""

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, mirror, tasks, words
from sharing.models import Mailbox, SyncRun, Tenant
from sharing.web.asked import Asked
from sharing.web.it import figures
from sharing.web.it.frame import same_tenant
from sharing.web.it.rows import COLUMNS as ROW
from sharing.web.it.rows import Row, row_of
from sharing.web.it.tables import one_page

from .frame import setup_action, setup_form, setup_page, to

Found = tuple[str, str, bool, int]  # state, cause, is the account deleted, how many mailboxes

SAMPLE = 20  # mailboxes of a held run that are shown
COLUMNS = (
    "id", "public_id", "kind", "began_at", "finished_at", "outcome", "cause", "mailboxes", "mailboxes_read", "added",
    "changed", "ended", "held_back", "settled_as", "throttled", "asked_by__name",
)  # fmt: skip


@setup_page
def runs_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Newest first, 100 a page."""
    rows = access.runs_for_setup(request.user, tenant)
    page = one_page(request, [rows], tenant=tenant, values=COLUMNS, columns=("began_at", "id"), sort="-began")
    page.total = rows.count()
    keep = same_tenant(request)
    for row in page.rows:
        row["href"] = reverse("setup:run", args=[row["public_id"]]) + keep
        row["kind"] = words.RUN_KINDS[row["kind"]]
        row["label"], row["tone"] = words.RUN_OUTCOMES[row["outcome"] if row["finished_at"] else ""]
        row["waits"] = row["outcome"] == SyncRun.HELD and not row["settled_as"]
    return render(request, "setup/runs.html", {
        "title": "Sync runs",
        "lead": _lead(tenant),
        "tenant": tenant,
        "page": page,
        "underway": rows.filter(finished_at=None).first(),
        "check_href": to(request, reverse("setup:check")),
        "keep": keep,
    })  # fmt: skip


def _lead(tenant: Tenant) -> str:
    if not tenant.is_read:
        return f"{tenant} is not connected, so nothing of it is read."
    return f"{tenant} is read whole every night; every hour what is new, not readable, or changed lately."


@setup_action
def check_now(request: Asked, tenant: Tenant) -> HttpResponse:
    """Read the whole tenant now; where it is being read already, that run is shown."""
    if not tenant.is_read:
        return redirect(to(request, reverse("setup:runs")))
    try:
        run = mirror.begin_run(tenant=tenant, kind=SyncRun.FULL, now=timezone.now(), asked_by=request.user)
        tasks.ring(tasks.list_directory, run.pk)
    except mirror.RunUnderway as underway:
        if underway.run is None:  # it ended in between
            return redirect(to(request, reverse("setup:runs")))
        run = underway.run
    return redirect(to(request, reverse("setup:run", args=[run.public_id])))


@setup_page
def run_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """One run: its progress while it goes on, its numbers, and what could not be read."""
    run = _run(request, tenant, public_id)
    newest = access.runs_for_setup(request.user, tenant).first()
    is_newest = newest is not None and newest.pk == run.pk
    found = _found(tenant) if is_newest else run.found
    return render(request, "setup/run.html", {
        **_progress(request, run, found),
        "title": f"{words.RUN_KINDS[run.kind]}, {words.moment(timezone.localtime(run.began_at), timezone.localtime())}",
        "tenant": tenant,
        "causes": _causes(request, found, is_now=is_newest),
        "is_newest": is_newest,
        "is_known": is_newest or bool(found),
        "would_end": _would_end(request, run) if run.is_waiting else [],
        "held": _held_mailboxes(tenant) if run.is_waiting else [],
        "held_count": _held(tenant).count() if run.is_waiting else 0,
        "sample": SAMPLE,
        "back": to(request, reverse("setup:runs")),
    })  # fmt: skip


@setup_page
def run_progress(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """The part of a run's page that asks again every 3 seconds; once the run is over, the whole page is loaded."""
    run = _run(request, tenant, public_id)
    response = render(request, "setup/parts/progress.html", _progress(request, run))
    if run.finished_at:
        response["HX-Refresh"] = "true"
    return response


@setup_form
def settle_run(request: Asked, tenant: Tenant, public_id: str, how: str) -> HttpResponse:
    """Asks, then accepts or rejects what a held run did not let through."""
    run = _run(request, tenant, public_id)
    refusal = "" if run.is_waiting else "Somebody has decided about this run already."
    if request.method == "POST" and not refusal:
        try:
            if how == "accept":
                run = mirror.accept_run(run=run, actor=request.user, now=timezone.now())
                tasks.ring(tasks.list_directory, run.pk)
            else:
                mirror.reject_run(run=run, actor=request.user, now=timezone.now())
            return redirect(to(request, reverse("setup:run", args=[run.public_id])))
        except mirror.NotHeld:
            refusal = "Somebody has decided about this run already."
        except mirror.RunUnderway:
            refusal = "The tenant is being read right now. Decide when that run has ended."
    return render(request, "setup/run_settle.html", {
        "title": "Accept what this run found?" if how == "accept" else "Keep what was known?",
        "run": run,
        "tenant": tenant,
        "is_accept": how == "accept",
        "refusal": refusal,
        "held_count": _held(tenant).count(),
        "back": to(request, reverse("setup:run", args=[public_id])),
        "runs_href": to(request, reverse("setup:runs")),
    }, status=409 if refusal else 200)  # fmt: skip


def _run(request: Asked, tenant: Tenant, public_id: str) -> SyncRun:
    """The tenant's run of that id; 404 also for one of another tenant of the same admin."""
    return get_object_or_404(access.runs_for_setup(request.user, tenant), public_id=public_id)


def _progress(request: Asked, run: SyncRun, found: Sequence[Found] = ()) -> dict[str, Any]:
    """`found` is how the tenant's mailboxes are now, where nothing was read after this run; else as it found them."""
    label, tone = words.RUN_OUTCOMES[run.outcome if run.finished_at else ""]
    now = timezone.now()
    elapsed = now - (run.listed_at or run.began_at)
    left = ""
    if not run.finished_at and run.mailboxes_read and run.mailboxes:
        left = words.left(elapsed * (run.mailboxes - run.mailboxes_read) / run.mailboxes_read)
    percent = 100 * run.mailboxes_read // run.mailboxes if run.mailboxes else 0
    return {
        "run": run,
        "label": label,
        "tone": tone,
        "is_running": run.finished_at is None,
        "left": left,
        "spoken": f"{percent // 10 * 10} percent read",
        "reading": _reading(run, found),
        "took": _took(run),
        "cause": _cause(run.cause) if run.cause else None,
        "poll_href": to(request, reverse("setup:run_progress", args=[run.public_id])),
        "is_waiting": run.is_waiting,
        "keep": same_tenant(request),
    }


def _cause(cause: str) -> words.CauseWords:
    """A run that stopped while the directory was listed says so before the cause."""
    listing, _, rest = cause.partition("directory_")
    said = words.cause_words(rest if not listing and rest else cause)
    return words.CauseWords(f"While listing the directory: {said.what}", said.todo, said.code) if rest else said


def _took(run: SyncRun) -> str:
    seconds = round((run.finished_at - run.began_at).total_seconds()) if run.finished_at else 0
    return f"Took {seconds:,} {'second' if seconds == 1 else 'seconds'}"


def _reading(run: SyncRun, found: Sequence[Found]) -> str:
    """How far a run is; where it is known how many of those tried were read, as a mailbox may not be readable."""
    if run.finished_at is None:
        return f"{run.mailboxes_read:,} of {run.mailboxes:,} mailboxes" if run.listed_at else "Listing the directory"
    is_whole = run.kind == SyncRun.FULL and run.outcome == SyncRun.DONE
    found = run.found or (found if is_whole else [])
    if not found:
        return f"{run.mailboxes_read:,} of {run.mailboxes:,} mailboxes tried"
    total = sum(count for *_, count in found)
    read = sum(count for state, *_, count in found if state == Mailbox.OK)
    unread = sum(count for state, *_, count in found if state in figures.UNREAD)
    said = f"{read:,} read, {unread:,} could not be read" if unread else f"{read:,} of {total:,} mailboxes read"
    left = run.mailboxes - run.mailboxes_read
    return f"{said}, {left:,} not tried" if left > 0 else said


def _found(tenant: Tenant) -> list[Found]:
    """How many mailboxes have each state and cause now, most first; those of deleted accounts apart."""
    is_deleted = ExpressionWrapper(Q(person__ended_at__isnull=False), output_field=BooleanField())
    rows = access.counted_mailboxes([tenant]).covered().values_list("state", "cause", is_deleted)
    return list(rows.annotate(count=Count("pk")).order_by("-count", "state", "cause"))


def _causes(request: Asked, found: Sequence[Found], *, is_now: bool) -> list[dict[str, Any]]:
    """Mailboxes that are not fully read, by state and what is said of the cause, most first; listed if they are now."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for state, cause, is_deleted, count in found:
        if state == Mailbox.OK:
            continue
        no_cause = words.CauseWords(words.state_words(state).sentence, "")
        why = words.cause_words(cause, is_deleted=is_deleted) if cause else no_cause
        row = rows.setdefault((state, why.what), {"state": state, "why": why, "codes": [], "causes": [], "count": 0})
        row["count"] += count
        row["codes"] += [why.code] if why.code else []
        row["causes"] += ["deleted" if is_deleted else cause] if cause else []
    for row in rows.values() if is_now else ():
        causes = {"cause": ",".join(dict.fromkeys(row["causes"]))} if row["causes"] else {}
        row["href"] = reverse("setup:users") + same_tenant(request, state=row["state"], **causes)
    return sorted(rows.values(), key=lambda row: -row["count"])


def _would_end(request: Asked, run: SyncRun) -> list[Row]:
    """The permissions that a held run would end, as many as it kept, by owner; some may have ended since."""
    held = access.held_back_for_setup(request.user, run).order_by("owner_sort", "calendar_id", "name_sort", "pk")
    org, now = str(run.tenant), timezone.now()
    return [row_of(values, org=org, now=now, link=lambda public_id: "") for values in held.values(*ROW)]


def _held(tenant: Tenant) -> QuerySet[Mailbox]:
    return access.counted_mailboxes([tenant]).filter(cause="breaker")


def _held_mailboxes(tenant: Tenant) -> list[Mailbox]:
    """Some of the mailboxes that were held back, with how many permissions are known of each (`known`)."""
    rows = (
        _held(tenant)
        .select_related("person")
        .annotate(known=Count("permissions", filter=Q(permissions__ended_at=None)))
    )
    return list(rows.order_by("-known", "pk")[:SAMPLE])
