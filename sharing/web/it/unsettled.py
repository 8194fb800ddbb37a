"""Changes that want a person: an operator has looked at again what nobody confirmed."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, changes, tasks, words
from sharing.models import Change, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import batches as batch_words

from .frame import it_page, operator_action, same_tenant
from .jobs import tabs

MOST = 200


@it_page
def unsettled_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """What nobody confirmed, and what was undone outside, the newest first."""
    found = list(access.unsettled_for_it(request.user, tenant, timezone.now())[: MOST + 1])
    can_look = access.operates(request.user, tenant)
    return render(request, "it/unsettled.html", {
        "title": "Changes",
        "lead": f"What wants a person at {tenant}: changes that Microsoft did not confirm, or that are undone outside.",
        "tabs": tabs(request, tenant, "unsettled"),
        "rows": [_row(request, change, can_look=can_look) for change in found[:MOST]],
        "has_more": len(found) > MOST,
        "most": MOST,
    })  # fmt: skip


@limited("saving")
@operator_action
def look_again(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Microsoft is asked what is true now; nothing is sent again."""
    now = timezone.now()
    change = access.unsettled_for_operator(request.user, tenant, public_id, now)
    try:
        changes.ask_what_became(change=change, actor=request.user, now=now)
    except changes.NothingToDo:
        pass  # a second click, or it is known by now
    else:
        tasks.ring(tasks.apply_change, change.pk)
    return redirect(reverse("it:unsettled") + same_tenant(request))


def _row(request: Asked, change: Change, *, can_look: bool) -> dict[str, Any]:
    owner = words.visible(str(change.mailbox.person))
    calendar = change.calendar
    is_unknown = change.state == Change.UNKNOWN
    look = reverse("it:look", args=[change.public_id]) + same_tenant(request)
    return {
        "name": words.visible(change.name) or words.visible(change.address) or owner,
        "where": batch_words.calendar_of(
            owner, words.visible(calendar.name) if calendar else "", calendar is None or calendar.is_default
        ),
        "wish": _wish(change),
        "label": "Not confirmed" if is_unknown else "Undone outside",
        "is_unknown": is_unknown,
        "is_looking": change.due_at is not None,
        "found": "" if is_unknown else _value(change, change.found),
        "by": words.visible(str(change.actor)),
        "at": change.reverted_at or change.requested_at,
        "look": look if is_unknown and can_look and change.due_at is None else "",
    }


def _wish(change: Change) -> str:
    before, after = (_value(change, value) for value in (change.before, change.after))
    return f"{before} to {after}" if before != after else after


def _value(change: Change, value: str) -> str:
    """A role or a delivery option in words; nothing is "No access"."""
    if change.kind == Change.DELIVERY:
        return words.delivery_words(value).title
    if change.kind in (Change.COPY_NAME, Change.COPY_REMOVE):
        return words.visible(value) or "Not in the list"
    return words.role_label(value) if value else "No access"
