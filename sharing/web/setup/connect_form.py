"""The forms with which a tenant is chosen, found at Microsoft by its id or one of its domains, and chosen anew."""

from typing import Any

from django import forms

from sharing.connect import NotConnected, choosing
from sharing.models import Tenant
from sharing.words import connecting as said


def _text(label: str, help_text: str, longest: int) -> forms.CharField:
    field = forms.CharField(label=label, help_text=help_text, max_length=longest)
    field.widget.attrs |= {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
    return field


class ChoicesForm(forms.Form):
    """What is chosen for a tenant before its administrator approves."""

    name = _text("Name", "What people here call this organization. Microsoft’s own name replaces it later.", 100)
    mode = forms.ChoiceField(choices=[(c.value, c.title) for c in said.MODES], initial=Tenant.DOMAIN_WIDE)
    scope = forms.ChoiceField(choices=[(c.value, c.title) for c in said.SCOPES], initial=Tenant.EVERYBODY)
    asks = forms.ChoiceField(
        choices=[(value, said.ASKS[value].title) for value in (Tenant.READ, Tenant.BOTH)], initial=Tenant.READ,
        required=False,
    )  # fmt: skip

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not name:
            raise forms.ValidationError("Give the organization a name.")
        return name

    def clean_asks(self) -> str:
        return self.cleaned_data["asks"] or Tenant.READ

    def radios(self) -> dict[str, list[tuple[Any, bool]]]:
        """The choices of each question, and whether it is the one taken."""
        asked = {"mode": said.MODES, "scope": said.SCOPES, "asks": (said.ASKS[Tenant.READ], said.ASKS[Tenant.BOTH])}
        return {
            name: [(choice, choice.value == (self[name].value() or self.fields[name].initial)) for choice in choices]
            for name, choices in asked.items()
        }  # fmt: skip


class TenantForm(ChoicesForm):
    """`tid` is the tenant's id, as Microsoft knows it."""

    tenant = _text("Tenant id or domain", "", 253)
    field_order = ("name", "tenant")
    tid = ""

    def clean_tenant(self) -> str:
        given = self.cleaned_data["tenant"].strip()
        try:
            self.tid = choosing.find_tenant(given)
        except NotConnected as refused:
            raise forms.ValidationError(str(refused)) from None
        return given
