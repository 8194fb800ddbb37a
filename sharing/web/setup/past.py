"""How long the past is kept, what Exchange’s log adds to it, and how the activity log is proved."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import audit, words
from sharing.mirror import audit_log
from sharing.models import AuditChain, AuditEvent, AuditQuery, OutsideAct, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import activity as activity_words

from .frame import setup_action, setup_form, to

CHOICES = (("", "Always"), *((str(days), said) for days, said in activity_words.KEPT_FOR.items()))


@limited("saving")
@setup_form
def past_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Says how it is; a POST keeps the past so long, and asks first where some of it would go."""
    if request.method != "POST":
        return _page(request, tenant)
    chosen = request.POST.get("days", "")
    if chosen not in dict(CHOICES):
        return _page(request, tenant, refusal="Choose how long from the list.", status=422)
    days = int(chosen) if chosen else None
    is_shorter = days is not None and (tenant.history_days is None or days < tenant.history_days)
    if is_shorter and request.POST.get("sure") != chosen:
        return render(request, "setup/past_shorter.html", {
            "title": f"Keep the past for {activity_words.kept_for(days).lower()} only?",
            "tenant": tenant,
            "days": chosen,
            "before": timezone.localtime() - timedelta(days=days or 0),
            "back": to(request, reverse("setup:past")),
        })  # fmt: skip
    audit.keep_history(tenant=tenant, days=days, actor=request.user, now=timezone.now())
    return redirect(to(request, reverse("setup:past")))


@limited("saving")
@setup_action
def exchange_log(request: Asked, tenant: Tenant) -> HttpResponse:
    """Takes one export of Exchange's audit log; nothing of a file that is refused is kept, nor the file itself."""
    file = request.FILES.get("file")
    try:
        if getattr(request, "is_too_large", False):
            raise audit.exchange.TooLarge
        if file is None:
            raise audit.exchange.NoAuditData
        audit.take_export(tenant=tenant, content=file.read(), actor=request.user, now=timezone.now())
    except audit.UploadRefused as refused:
        said = activity_words.upload_refused(refused.cause, refused.line, tenant=str(tenant))
        return _page(request, tenant, upload_refusal=said, status=422)
    return redirect(to(request, reverse("setup:past")) + "#exchange")


def _page(
    request: Asked, tenant: Tenant, *, refusal: str = "", upload_refusal: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    chain = AuditChain.objects.filter(key=tenant.tid).first()
    last = AuditEvent.objects.filter(tenant=tenant, verb=audit.exchange.UPLOADED).order_by("-at", "-pk").first()
    acts = OutsideAct.objects.filter(tenant=tenant)
    first_act = acts.order_by("at").values_list("at", flat=True).first()
    return render(request, "setup/past.html", {
        "title": "History and proof",
        "lead": f"How long the past of {tenant} is kept, who changed sharing outside, and how the log is proved.",
        "tenant": tenant,
        "choices": CHOICES,
        "chosen": str(tenant.history_days or ""),
        "kept": activity_words.kept_for(tenant.history_days),
        "begins_at": audit.history_begins_at(tenant),
        "refusal": refusal,
        "upload_refusal": upload_refusal,
        "upload": to(request, reverse("setup:exchange_log")),
        "script": activity_words.EXPORT_SCRIPT,
        "searched": _searched(tenant),
        "last": last,
        "first_act": first_act,
        "acts": acts.count(),
        "chain": chain,
        "places": [activity_words.PLACES[place] for place in audit.heads.places()],
        "is_late": str(tenant.tid) in audit.heads.late(timezone.now()),
        "activity": to(request, reverse("setup:activity")),
    }, status=status)  # fmt: skip


def _searched(tenant: Tenant) -> str:
    """Whether Microsoft lets us search Exchange's log here, and how far that came."""
    if not audit_log.is_let(tenant):
        return activity_words.SEARCH_NOT_LET
    query = AuditQuery.objects.filter(tenant=tenant).first() or AuditQuery()
    local = timezone.localtime()
    covered = words.moment(timezone.localtime(query.covered_to), local) if query.covered_to else ""
    return activity_words.searched(covered, query.cause)
