"""Where an owner changes something: choose, be asked once more, save; nothing here talks to Microsoft."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from sharing import access, changes, tasks, words
from sharing.changes.preview import preview_delivery, preview_removal, preview_role
from sharing.models import CalendarPermission, Change
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.previews import shown
from sharing.words.undo import undo_of_removal

from . import outcomes
from .answering import objection_to
from .confirming import Confirm, asks_once_more, confirm_removal, confirm_role, may_become
from .delivering import delivery_of, mailboxes_with_delivery, previews_of
from .end_field import day_field, raise_until, why_no_day
from .forms import DeliveryForm, RemoveForm, RoleForm, SecondChange, not_allowed
from .rows import choices_of, holder, moment, named_inside, person_row, title_of, whose, words_for

NOT_NOW = {"not_allowed": 403}  # everything else passes: 409


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: Asked, public_id: str, pk: int) -> HttpResponse:
    """What one person can do on one calendar: the choices, and with `?to=` the question before a big one."""
    permission = access.ended_permission_for_owner(request.user, public_id, pk)
    if permission.ended_at:
        return gone(request, permission)
    if request.method == "POST":
        return _save_role(request, permission)
    wanted, seen = request.GET.get("to", ""), request.GET.get("seen", permission.role)
    if wanted and seen != permission.role:
        return _stale(request, permission, words.ROLE, wanted)
    if may_become(permission, wanted):
        now = timezone.now()
        return _ask(request, permission, confirm_role(permission, wanted, user=request.user, now=now))
    return _choose(request, permission)


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: Asked, public_id: str, pk: int) -> HttpResponse:
    """Asks before access ends, then asks Microsoft to end it."""
    permission = access.ended_permission_for_owner(request.user, public_id, pk)
    if permission.ended_at:
        return gone(request, permission)
    form = RemoveForm(request.POST or None)
    confirm = confirm_removal(permission, user=request.user, now=timezone.now())
    if request.method != "POST":
        return _ask(request, permission, confirm)
    if not form.is_valid():
        return _ask(request, permission, confirm, status=422)
    if form.cleaned_data["seen"] != permission.role:
        return _stale(request, permission, words.REMOVE, "")
    return _save(
        request, permission, form, "", lambda now: changes.request_removal(
            permission=permission, seen=form.cleaned_data["seen"], actor=request.user, now=now
        ),
    )  # fmt: skip


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def delivery(request: Asked) -> HttpResponse:
    """Who gets the meeting requests of one mailbox; several mailboxes are a list to choose from."""
    if request.method == "POST":
        return _save_delivery(request)
    return _delivery_page(request, request.GET.get("mailbox", ""))


def _save_role(request: Asked, permission: CalendarPermission) -> HttpResponse:
    name = holder(permission, str(request.user.tenant))
    of = whose(permission.mailbox, request.user)
    form = RoleForm(request.POST, permission=permission, name=name, whose=of)
    wanted, seen = request.POST.get("role", ""), request.POST.get("seen", "")
    if seen and seen != permission.role and wanted != permission.role:
        return _stale(request, permission, words.ROLE, wanted)
    if not form.is_valid():
        return _choose(request, permission, form=form, status=422)
    if wanted == permission.role:
        return redirect(_row(permission))  # it is so already
    if not may_become(permission, wanted):
        form.add_error("role", not_allowed(wanted, permission, name, of))
        return _choose(request, permission, form=form, status=422)
    asks = form.cleaned_data["check"] or asks_once_more(permission, wanted) or _needs_day(permission, wanted)
    if asks and not form.cleaned_data["confirmed"]:
        return redirect(f"{request.path}?{urlencode({'to': wanted, 'seen': seen})}")
    return _save(
        request, permission, form, wanted, lambda now: raise_until(
            permission, wanted, seen=seen, ends_on=form.cleaned_data["ends_on"], user=request.user, now=now
        ),
    )  # fmt: skip


def _needs_day(permission: CalendarPermission, wanted: str) -> bool:
    return words.rank(wanted) > words.rank(permission.role) and changes.limit_of(permission, wanted) is not None


def _save(
    request: Asked, permission: CalendarPermission, form: SecondChange, wanted: str,
    ask: Callable[[datetime], Change],
) -> HttpResponse:  # fmt: skip
    """Write the change down and ring, then the second one that was offered beside it; or say why not."""
    now = timezone.now()
    kind = words.ROLE if wanted else words.REMOVE
    try:
        change = ask(now)
    except changes.NothingToDo:
        return redirect(_row(permission))
    except changes.AlreadyGone:
        permission.refresh_from_db(fields=["ended_at"])
        return gone(request, permission)
    except changes.Stale as stale:
        permission.role = stale.found
        return _stale(request, permission, kind, wanted)
    except changes.ChangeOpen as underway:
        if underway.change and underway.change.kind == kind and underway.change.after == wanted:
            return redirect(_row(permission))  # a second click
        return _choose(request, permission, note=_UNDERWAY, status=409)
    except changes.NotNow as never:
        note = outcomes.not_now(never.cause)
        return _choose(request, permission, note=note, status=NOT_NOW.get(never.cause, 409))
    except changes.WouldRaise:
        return _ask(request, permission, _question(request, permission, wanted), status=422)
    except changes.RoleNotAllowed:
        name = holder(permission, str(request.user.tenant))
        form.add_error("role", not_allowed(wanted, permission, name, whose(permission.mailbox, request.user)))
        return _choose(request, permission, form=form, status=422)
    except changes.NotRemovable:
        return _ask(request, permission, _question(request, permission, wanted), status=422)
    except (changes.EndsTooSoon, changes.EndsTooLate, changes.EndDateRequired) as day:
        problem = why_no_day(day, permission, str(request.user.tenant))
        return _ask(request, permission, _question(request, permission, wanted), status=422, problem=problem)
    tasks.ring(tasks.apply_change, change.pk)
    if form.cleaned_data["to_me"]:
        _send_to_me(request, permission, form.cleaned_data["seen_delivery"], now)
    return redirect(_row(permission))


_UNDERWAY = words.Outcome(
    "Another change is underway", "Your change was not saved. Wait until the other one is done.", "loader", "warn", True
)


def _send_to_me(request: Asked, permission: CalendarPermission, seen: str, now: datetime) -> None:
    """The second change; where it is refused the first stands, and the page shows who gets the requests now."""
    try:
        change = changes.request_delivery(
            mailbox=permission.mailbox, option=words.TO_OWNER_TOO, seen=seen, actor=request.user, now=now
        )
    except changes.Refused:
        return
    tasks.ring(tasks.apply_change, change.pk)


def _question(request: Asked, permission: CalendarPermission, wanted: str) -> Confirm:
    now = timezone.now()
    if wanted:
        return confirm_role(permission, wanted, user=request.user, now=now)
    return confirm_removal(permission, user=request.user, now=now)


def _row(permission: CalendarPermission) -> str:
    return f"{reverse('calendar', args=[permission.calendar.public_id])}#person-{permission.pk}"


# Pages ---------------------------------------------------------------------------------------------------


def frame(request: Asked, permission: CalendarPermission) -> dict[str, Any]:
    """What every page about one person on one calendar needs to know."""
    org, now = str(request.user.tenant), timezone.now()
    open_changes = access.changes_of(request.user).open().filter(permission=permission)
    cause = access.may_change(request.user, permission.mailbox)
    row = person_row(
        permission, org=org, now=now, whose=whose(permission.mailbox, request.user), change=open_changes.first(),
        may_change=not cause,
        end_date=access.standing_end_dates(request.user).filter(permission=permission).first(),
    )  # fmt: skip
    return {
        "permission": permission,
        "calendar": permission.calendar,
        "calendar_title": title_of(permission.calendar, request.user),
        "calendar_words": words_for(permission.calendar, request.user),
        "org": org,
        "row": row,
        "not_now": outcomes.not_now(cause) if cause else None,
        "is_open": row.change is not None,
    }


def _choose(
    request: Asked, permission: CalendarPermission, *, form: Form | None = None,
    note: words.Outcome | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The choices, with the one that is true now marked."""
    page = frame(request, permission)
    row = page["row"]
    allowed = choices_of(permission)
    roles = [permission.role, *allowed] if allowed and permission.role not in allowed else allowed
    name = named_inside(permission, page["org"])
    page |= {
        "title": f"What can {name} do on {page['calendar_words']}?",
        "objection": objection_to(permission, request.user),
        "choices": [
            (
                words.role_words(role, row.whose),
                words.role_label(
                    role, words.OWNER, is_organization=permission.is_organization, whose=row.whose
                ),
                "Now" if role == permission.role else "",
            )
            for role in roles
        ],
        "less": [
            (role, words.role_label(role, words.OWNER, whose=row.whose))
            for role in reversed(allowed)
            if words.rank(role) < words.rank(permission.role) and not permission.is_organization
        ],
        "removal": confirm_removal(permission, user=request.user, now=timezone.now()) if row.can_remove else None,
        "can_add": permission.mailbox.tenant.creates_on and not permission.is_organization,
        "limit": _limit(permission, allowed, row.whose),
        "private_events": words.PRIVATE_EVENTS,
        "form": form,
        "note": note,
    }  # fmt: skip
    return render(request, "owner/role.html", page, status=status)


def _limit(permission: CalendarPermission, allowed: tuple[str, ...], of: words.Whose) -> str:
    """Why fewer than all roles are offered."""
    if not allowed or permission.is_organization or "delegateWithPrivateEventAccess" in allowed:
        return ""
    if permission.inside is False:
        return "Microsoft 365, or your IT’s policy, allows no more for people outside."
    if not permission.calendar.is_default:
        return of.said("Delegates exist only on {your} main calendar.")
    return "Microsoft 365, or your IT’s policy, allows no more here."


def _ask(
    request: Asked, permission: CalendarPermission, confirm: Confirm, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    page = frame(request, permission) | {"title": confirm.title, "confirm": confirm}
    page["undo_says"] = undo_of_removal(page["row"].name)
    if confirm.role:
        page["day"] = day_field(
            permission, confirm.role, user=request.user, now=timezone.now(), value=request.POST.get("ends_on"),
            problem=problem,
        )  # fmt: skip
    if not confirm.stops:
        preview = preview_role(permission, confirm.role) if confirm.role else preview_removal(permission)
        to_me = preview_delivery(permission.mailbox, words.TO_OWNER_TOO) if confirm.offer else None
        page |= shown(preview, (confirm.offer_label, to_me))
    return render(request, "owner/confirm.html", page, status=status)


def _stale(request: Asked, permission: CalendarPermission, kind: str, wanted: str) -> HttpResponse:
    """The form showed something else than is true now: nothing is stored, the choices show the truth."""
    name = holder(permission, str(request.user.tenant))
    where = words_for(permission.calendar, request.user)
    ours = access.changes_of(request.user).filter(permission=permission)
    origin = outcomes.origin_of(permission.role, ours, request.user, timezone.now())
    note = outcomes.refused(
        kind, name, before="", after=wanted, found=permission.role, calendar=where, origin=origin,
        whose=whose(permission.mailbox, request.user),
    )  # fmt: skip
    return _choose(request, permission, note=note, status=409)


def gone(request: Asked, permission: CalendarPermission) -> HttpResponse:
    """The access ended meanwhile; 410 for who follows a link, 409 for who saves."""
    name = holder(permission, str(request.user.tenant))
    last = permission.periods.order_by("-ended_at").first()
    when = moment(permission.ended_at, timezone.now()) if permission.ended_at else ""
    was_ours = last is not None and last.change_id is not None
    page = {
        "title": f"{name} no longer has access",
        "calendar": permission.calendar,
        "calendar_title": title_of(permission.calendar, request.user),
        "calendar_words": words_for(permission.calendar, request.user),
        "lead": f"It was removed {'here' if was_ours else 'outside Calwarden. Noticed'} {when}.",
    }
    return render(request, "owner/gone.html", page, status=409 if request.method == "POST" else 410)


# Meeting requests ----------------------------------------------------------------------------------------


def _save_delivery(request: Asked) -> HttpResponse:
    form = DeliveryForm(request.POST)
    mailbox = access.mailbox_for_owner(request.user, request.POST.get("mailbox", ""))
    seen, wanted = request.POST.get("seen", ""), request.POST.get("option", "")
    if not form.is_valid():
        return _delivery_page(request, mailbox.public_id, form=form, status=422)
    back = form.cleaned_data["back"]
    target = reverse("delivery") + (f"?{urlencode({'mailbox': mailbox.public_id})}" if request.GET else "")
    if back:
        target = f"{reverse('calendar', args=[access.calendar_for_owner(request.user, back).public_id])}#delivery"
    try:
        change = changes.request_delivery(
            mailbox=mailbox, option=wanted, seen=seen, actor=request.user, now=timezone.now()
        )
    except changes.NothingToDo:
        return HttpResponseRedirect(target)
    except changes.Stale as stale:
        if stale.found == wanted:
            return HttpResponseRedirect(target)
        ours = access.changes_of(request.user).filter(mailbox=mailbox, kind=Change.DELIVERY)
        origin = outcomes.origin_of(stale.found, ours, request.user, timezone.now())
        note = outcomes.refused(
            words.DELIVERY, "", before=seen, after=wanted, found=stale.found, origin=origin,
            whose=whose(mailbox, request.user),
        )  # fmt: skip
        return _delivery_page(request, mailbox.public_id, note=note, status=409)
    except changes.ChangeOpen as underway:
        if underway.change and underway.change.after == wanted:
            return HttpResponseRedirect(target)
        return _delivery_page(request, mailbox.public_id, note=_UNDERWAY, status=409)
    except changes.NotNow as never:
        note = outcomes.not_now(never.cause)
        return _delivery_page(request, mailbox.public_id, note=note, status=NOT_NOW.get(never.cause, 409))
    tasks.ring(tasks.apply_change, change.pk)
    return HttpResponseRedirect(target)


def _delivery_page(
    request: Asked, public_id: str, *, form: DeliveryForm | None = None, note: words.Outcome | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    mailboxes = mailboxes_with_delivery(request.user)
    mailbox = access.mailbox_for_owner(request.user, public_id) if public_id else next(iter(mailboxes), None)
    page: dict[str, Any] = {"title": "Meeting requests", "mailbox": mailbox, "form": form, "note": note}
    if mailbox is not None:
        ended = access.changes_of(request.user).filter(
            mailbox=mailbox, kind=Change.DELIVERY, actor=request.user, finished_at__isnull=False
        )
        toasts, notes = outcomes.told(
            ended[:20], user=request.user, org=str(request.user.tenant), mailbox=mailbox, now=now,
            back=request.get_full_path(),
        )  # fmt: skip
        page |= {
            "delivery": delivery_of(request.user, mailbox, now),
            "mailboxes": mailboxes if len(mailboxes) > 1 else [],
            "toasts": toasts,
            "notes": notes,
        }
        page["is_open"] = page["delivery"].change is not None
        page |= previews_of(page["delivery"])
    return render(request, "owner/delivery.html", page, status=status)
