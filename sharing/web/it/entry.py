"""One entry of somebody's calendar, for operators: less of it at once, more of it with the owner's yes."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, changes, words
from sharing.models import CalendarPermission, ChangeBatch, Proposal, Tenant, reach
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.refusals import cause_of
from sharing.words import batches as batch_words

from .bulk import checked, day_of, presets, refused
from .frame import may_operate, operator_page, same_tenant

ROLE, REMOVE, END = "role", "remove", "end"


@limited("saving")
@operator_page
def entry_page(request: Asked, tenant: Tenant, pk: int) -> HttpResponse:
    """What an operator may do about one entry; lowering, dating and removing go to the page that checks a list."""
    permission = access.permission_for_operator(request.user, tenant, pk)
    if request.method != "POST":
        return _page(request, tenant, permission)
    do, seen = request.POST.get("do", ""), request.POST.get("seen", "")[:48]
    rows = CalendarPermission.objects.filter(pk=permission.pk)
    if do == REMOVE:
        return checked(request, tenant, ChangeBatch.REMOVE, rows, {permission.pk: seen}, takes_custom=True)
    if do == END:
        day = day_of(request.POST.get("preset") or request.POST.get("day", ""))
        if day is None or day <= timezone.localdate():
            return _page(request, tenant, permission, problem=("The end date must be after today.", "#id_day"))
        return checked(request, tenant, ChangeBatch.END_DATE, rows, {permission.pk: seen}, day=day)
    role = request.POST.get("role", "")
    if role not in permission.choices() or role == permission.role:
        return _page(request, tenant, permission, problem=("Choose what they can do from now on.", "#roles"))
    if reach(role) > permission.reach:
        return _propose(request, tenant, permission, role, seen)
    return checked(request, tenant, ChangeBatch.LOWER, rows, {permission.pk: seen}, role=role)


def _propose(
    request: Asked, tenant: Tenant, permission: CalendarPermission, role: str, seen: str
) -> HttpResponse:  # fmt: skip
    try:
        proposal = changes.propose(
            kind=Proposal.ROLE, mailbox=permission.mailbox, permission=permission, role=role, seen=seen,
            reason=request.POST.get("reason", ""), actor=request.user, now=timezone.now(),
        )  # fmt: skip
    except changes.NeedsReason:
        problem = ("Say why: the owner reads it.", "#id_reason")
        return _page(request, tenant, permission, problem=problem, role=role)
    except changes.AlreadyAsked as asked:
        if asked.proposal is None:
            return redirect(reverse("it:proposals") + same_tenant(request))
        proposal = asked.proposal
    except changes.Refused as no:
        return refused(request, "Nothing was asked for", batch_words.not_possible(cause_of(no)))
    return redirect(reverse("it:proposal", args=[proposal.public_id]) + same_tenant(request))


def _page(
    request: Asked, tenant: Tenant, permission: CalendarPermission, *, problem: tuple[str, str] = ("", ""),
    role: str = "",
) -> HttpResponse:  # fmt: skip
    org, owner = str(tenant), words.visible(str(permission.mailbox.person))
    name, calendar = name_of(permission, org), permission.calendar
    where = batch_words.calendar_of(owner, words.visible(calendar.name), calendar.is_default)
    is_own = access.gains(request.user, permission.grantee, permission.address)
    choices = [
        {
            "value": each, "label": words.role_label(each), "is_now": each == permission.role,
            "is_more": reach(each) > permission.reach, "is_chosen": each == (role or permission.role),
        }
        for each in permission.choices()
        if reach(each) <= permission.reach or not (is_own or permission.is_organization)
    ]  # fmt: skip
    page: dict[str, Any] = {
        "title": f"{name} on {where}",
        "name": name,
        "owner": owner,
        "permission": permission,
        "ended_at": permission.ended_at,
        "choices": choices if permission.reach <= reach("delegateWithPrivateEventAccess") else [],
        "has_more": any(choice["is_more"] for choice in choices),
        "is_own": is_own and not permission.is_organization,
        "may_operate": may_operate(request, tenant),
        "days": presets(timezone.localdate()),
        "first_day": timezone.localdate().fromordinal(timezone.localdate().toordinal() + 1).isoformat(),
        "asks_delegates": batch_words.ASKS_DELEGATES if permission.is_delegate else "",
        "problem": problem[0],
        "field": problem[1],
        "reason": request.POST.get("reason", ""),
        "access_href": reverse("it:access") + same_tenant(request),
    }
    return render(request, "it/entry.html", page, status=422 if problem[0] else 200)


def name_of(permission: CalendarPermission, org: str) -> str:
    if permission.is_organization:
        return words.everyone_at(org)
    return words.visible(permission.name or permission.address) or "Somebody without a name"
