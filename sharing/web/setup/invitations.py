"""Invitations: people named by address before they ever sign in, and who of the directory each turned out to be."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, mirror, words
from sharing.connect import invitations
from sharing.models import Invitation, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import same_tenant
from sharing.web.it.tables import asked, one_page
from sharing.web.limits import limited
from sharing.words.users import INVITATION_OUTCOMES, INVITATION_STATES

from .frame import setup_action, setup_form, to

TOO_MUCH = (
    f"Give at most {invitations.MOST_LINES:,} lines and {invitations.MOST_BYTES // 1024} KB at once. Nothing was saved."
)
COLUMNS = ("id", "address", "name", "state", "state_since", "invited_at", "person__name", "person__public_id")


class InviteForm(forms.Form):
    """Addresses, pasted or as a file."""

    addresses = forms.CharField(
        required=False, strip=False, label="Addresses", max_length=invitations.MOST_BYTES,
        help_text="One on each line. A name may stand beside it, with a comma or semicolon between.",
        widget=forms.Textarea(attrs={
            "class": "form-control", "rows": 6, "aria-describedby": "id_addresses_helptext", "spellcheck": "false",
        }),
    )  # fmt: skip
    file = forms.FileField(
        required=False, label="Or a CSV file", widget=forms.FileInput(attrs={
            "class": "form-control", "accept": ".csv,.txt,text/csv,text/plain", "aria-describedby": "id_file_helptext",
        }),
        help_text=f"At most {invitations.MOST_LINES:,} lines and {invitations.MOST_BYTES // 1024} KB.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        text, file = given.get("addresses") or "", given.get("file")
        if file:
            if file.size > invitations.MOST_BYTES:
                raise forms.ValidationError(TOO_MUCH)
            text += "\n" + invitations.text_of(file.read())
        if not text.strip() and not self.errors:
            raise forms.ValidationError("Give at least one address.")
        return given | {"text": text}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what was given, as the page shows it."""

    number: int
    text: str
    label: str
    tone: str


@limited("saving")
@setup_form
def invitations_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """100 invitations a page; a POST invites, and says of each line what became of it."""
    form = InviteForm(request.POST, request.FILES) if request.method == "POST" else InviteForm()
    lines: list[Told] = []
    if request.method == "POST" and form.is_valid():
        try:
            lines = _invite(request, tenant, form.cleaned_data["text"])
            form = InviteForm()
        except invitations.TooMuch:
            form.add_error(None, TOO_MUCH)
    every = access.invitations_for_setup(request.user, tenant)
    by_state = dict(every.order_by().values_list("state").annotate(count=Count("pk")))
    state = asked(request, "state") if asked(request, "state") in INVITATION_STATES else ""
    page = one_page(
        request, [every.filter(state=state) if state else every], tenant=tenant, values=COLUMNS, sort="address",
        columns=("address", "id"),
    )  # fmt: skip
    page.total = by_state.get(state, 0) if state else sum(by_state.values())
    page.rows = [row | {"said": INVITATION_STATES[row["state"]]} for row in page.rows]
    here = reverse("setup:invitations")
    return render(request, "setup/invitations.html", {
        "title": "Invitations",
        "lead": f"People of {tenant} whom you name by address, before they ever sign in.",
        "tenant": tenant,
        "is_scope": tenant.scope == Tenant.PEOPLE,
        "form": form,
        "lines": lines,
        "page": page,
        "state": state,
        "tabs": [
            ("All", here + same_tenant(request) or "?", sum(by_state.values()), not state),
            *(
                (said[0], here + same_tenant(request, state=value), by_state[value], value == state)
                for value, said in INVITATION_STATES.items() if by_state.get(value)
            ),
        ],
        "strangers": list(access.users_without_person(request.user, tenant)[:100]),
        "back": to(request, reverse("setup:users")),
        "keep": same_tenant(request),
    }, status=422 if form.errors else 200)  # fmt: skip


def _invite(request: Asked, tenant: Tenant, text: str) -> list[Told]:
    now = timezone.now()
    lines = invitations.invite(tenant=tenant, text=text, actor=request.user, now=now)
    if tenant.scope != Tenant.PEOPLE:  # otherwise Microsoft is asked about them first
        mirror.match_invitations(tenant=tenant, now=now)
    return [
        Told(line.number, words.visible(line.text), *INVITATION_OUTCOMES[line.outcome])
        for line in sorted(lines, key=lambda line: (INVITATION_OUTCOMES[line.outcome][1] != "bad", line.number))
    ]


@setup_action
def withdraw(request: Asked, tenant: Tenant, pk: int) -> HttpResponse:
    invitation: Invitation = get_object_or_404(access.invitations_for_setup(request.user, tenant), pk=pk)
    invitations.withdraw(invitation=invitation, actor=request.user, now=timezone.now())
    return redirect(to(request, reverse("setup:invitations")))
