"""Roles: who reviews, operates and administers a tenant; nobody changes their own, and the last admin stays."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, words
from sharing.connect import give_role, take_role
from sharing.models import Person, RoleAssignment, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import same_tenant

from .frame import setup_form, to
from .stewards import PersonField, find_user

OWN_ROLE = "Nobody changes their own roles: ask another admin."
LAST_ADMIN = "This is the last admin. Give the role to somebody else first."


class RoleForm(forms.Form):
    """Gives a role to somebody of the tenant, named by address; `person` is who was found."""

    address = PersonField(help_text="Somebody of the tenant’s directory. They need not have signed in before.")
    role = forms.ChoiceField(choices=RoleAssignment.ROLES, initial=RoleAssignment.REVIEWER)
    person: Person

    def __init__(self, data: dict[str, str] | None, *, tenant: Tenant) -> None:
        super().__init__(data)
        self.tenant = tenant

    def clean_address(self) -> str:
        address = self.cleaned_data["address"].strip()
        self.person = find_user(self.tenant, address)
        return address


@setup_form
def roles_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """Who holds which role; a POST gives one."""
    form = RoleForm(request.POST if request.method == "POST" else None, tenant=tenant)
    if request.method == "POST" and form.is_valid():
        try:
            _, is_new = give_role(
                tenant=tenant, oid=str(form.person.oid), role=form.cleaned_data["role"], person=form.person,
                actor=request.user, now=timezone.now(),
            )  # fmt: skip
            if is_new:
                return redirect(to(request, reverse("setup:roles")))
            form.add_error("address", f"{form.person} holds this role already.")
        except access.OwnRole:
            form.add_error("address", OWN_ROLE)
    return render(request, "setup/roles.html", {
        "title": "Roles",
        "lead": f"What people may do in Calwarden, at {tenant}. Owners need no role for their own calendars.",
        "tenant": tenant,
        "assignments": [
            {"assignment": each, "label": words.PORTAL_ROLES[each.role][0], "is_own": each.user_id == request.user.pk}
            for each in access.assignments_for_setup(request.user, tenant)
        ],
        "form": form,
        "choices": [
            (value, label, words.PORTAL_ROLES[value][1], value == (form["role"].value() or ""))
            for value, label in RoleAssignment.ROLES
        ],
        "keep": same_tenant(request),
    }, status=422 if form.errors else 200)  # fmt: skip


@setup_form
def remove_role(request: Asked, tenant: Tenant, pk: int) -> HttpResponse:
    """Asks, then takes a role away."""
    assignment = get_object_or_404(access.assignments_for_setup(request.user, tenant), pk=pk)
    refusal = ""
    try:
        if request.method == "POST":
            take_role(assignment=assignment, actor=request.user, now=timezone.now())
            return redirect(to(request, reverse("setup:roles")))
        access.check_role_change(request.user, assignment, removing=True)
    except access.OwnRole:
        refusal = OWN_ROLE
    except access.LastAdmin:
        refusal = LAST_ADMIN
    label, may = words.PORTAL_ROLES[assignment.role]
    return render(request, "setup/role_remove.html", {
        "title": f"Remove the role {label} from {assignment.user}?",
        "assignment": assignment,
        "may": may,
        "refusal": refusal,
        "back": to(request, reverse("setup:roles")),
        "keep": same_tenant(request),
    }, status=409 if refusal and request.method == "POST" else 200)  # fmt: skip
