"""Update from Exchange: the script that exports, the file it wrote, and what an export says."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from sharing.access import organizations
from sharing.federation import scripts, uploaded
from sharing.federation.export import OLD
from sharing.federation.store import differences_of, take_export
from sharing.models import ExchangeSnapshot, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import it_page
from sharing.web.it.tables import asked
from sharing.web.limits import limited
from sharing.words import day, visible
from sharing.words import exchange as exchange_words
from sharing.words import organizations as said

from .lines import difference_lines, plan_line
from .links import to, uploading

SHOWN = 200  # differences of one export
EARLIER = 20


@it_page
def exchange_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """The script to copy, with what was asked for, and where to give its file."""
    return _page(request, tenant)


@it_page
def script_file(request: Asked, tenant: Tenant) -> HttpResponse:
    """The script as a file that every PowerShell reads."""
    return as_file(_script(request, tenant), "calwarden-export.ps1")


@limited("saving")
@uploading
def upload_export(request: Asked, tenant: Tenant) -> HttpResponse:
    """Keeps one export, given as a file or as text; nothing of one that is refused is kept."""
    file, pasted = request.FILES.get("file"), request.POST.get("pasted", "").strip()
    try:
        if getattr(request, "is_too_large", False):
            raise uploaded.TooLarge
        if file is None and not pasted:
            return _page(request, tenant, refusal=said.NO_FILE, status=422)
        content = file.read() if file else pasted.encode("utf-8", "surrogatepass")
        taken = take_export(tenant=tenant, content=content, actor=request.user, now=timezone.now())
    except uploaded.ExportRefused as no:
        refusal = exchange_words.export_refused(no.cause, no.hint, tenant=visible(str(tenant)))
        return _page(request, tenant, refusal=refusal, status=422)
    again = {"again": "yes"} if taken.is_known else {}
    return redirect(to(request, "snapshot", taken.snapshot.public_id, **again))


@it_page
def snapshot_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """What one export says: which sections whole, what changed by it, and which plans it settled."""
    snapshot = organizations.snapshot_for_it(request.user, tenant, public_id)
    differences = differences_of(snapshot)
    settled = organizations.plans_for_it(request.user, tenant).filter(shown_by=snapshot)[:SHOWN]
    return render(request, "it/organizations/snapshot.html", {
        "title": f"Export of {day(timezone.localtime(snapshot.exported_at))}",
        "snapshot": snapshot,
        "by": visible(str(snapshot.taken_by)),
        "sections": [_section(snapshot, section) for section in ExchangeSnapshot.SECTIONS],
        "is_old": timezone.now() - snapshot.exported_at > OLD,
        "old": exchange_words.OLD,
        "known": exchange_words.KNOWN if asked(request, "again") else "",
        "is_first": not _earlier(request, tenant, snapshot),
        "differences": difference_lines(differences[:SHOWN]),
        "more": max(0, len(differences) - SHOWN),
        "settled": [plan_line(request, plan) for plan in settled],
        "back": to(request, "organizations"),
    })  # fmt: skip


def as_file(script: str, name: str) -> HttpResponse:
    """A script as a download."""
    answer = HttpResponse(scripts.as_file(script), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(request: Asked, tenant: Tenant, *, refusal: str = "", status: int = 200) -> HttpResponse:
    earlier = organizations.snapshots_for_it(request.user, tenant)[:EARLIER]
    options = _options(request)
    return render(request, "it/organizations/exchange.html", {
        "title": "Update from Exchange",
        "lead": "Microsoft Graph says nothing of organization relationships and sharing policies. Exchange does.",
        "who_may_export": said.WHO_MAY_EXPORT,
        "script": _script(request, tenant),
        "options": options,
        "hints": {"assignments": said.ASSIGNMENTS_HINT, "publishing": said.PUBLISHING_HINT},
        "script_href": to(request, "export_script", **options),
        "tenant_key": request.GET.get("tenant", ""),
        "may_upload": organizations.tenants_to_update(request.user).filter(pk=tenant.pk).exists(),
        "who_may_upload": said.WHO_MAY_UPLOAD,
        "upload_href": to(request, "upload_export"),
        "upload_hint": said.UPLOAD_HINT,
        "paste_hint": said.PASTE_HINT,
        "refusal": refusal,
        "earlier": [
            {"href": to(request, "snapshot", each.public_id), "at": each.exported_at, "taken_at": each.taken_at,
             "by": visible(str(each.taken_by)), "is_cut": ExchangeSnapshot.CUT in each.sections.values()}
            for each in earlier
        ],
        "back": to(request, "organizations"),
    }, status=status)  # fmt: skip


def _options(request: Asked) -> dict[str, str]:
    return {name: "on" for name in ("assignments", "publishing") if asked(request, name) == "on"}


def _script(request: Asked, tenant: Tenant) -> str:
    options = _options(request)
    return scripts.export_script(
        tenant, with_assignments="assignments" in options, with_publishing="publishing" in options
    )


def _section(snapshot: ExchangeSnapshot, section: str) -> dict[str, Any]:
    state = snapshot.sections.get(section, ExchangeSnapshot.MISSING)
    label, tone, meaning = exchange_words.SECTION_STATES[state]
    rows: dict[str, Any] = {
        ExchangeSnapshot.DOMAINS: lambda: len(snapshot.domains),
        ExchangeSnapshot.RELATIONSHIPS: snapshot.relationships.count,
        ExchangeSnapshot.POLICIES: snapshot.policies.count,
        ExchangeSnapshot.ASSIGNMENTS: snapshot.assignments.count,
        ExchangeSnapshot.PUBLISHED: snapshot.published.count,
    }
    counts = section in rows and state != ExchangeSnapshot.MISSING
    return {
        "name": exchange_words.SECTIONS[section], "label": label, "tone": tone, "meaning": meaning,
        "rows": rows[section]() if counts else None,
    }  # fmt: skip


def _earlier(request: Asked, tenant: Tenant, snapshot: ExchangeSnapshot) -> bool:
    rows = organizations.snapshots_for_it(request.user, tenant).exclude(pk=snapshot.pk)
    return rows.filter(exported_at__lte=snapshot.exported_at).exists()
