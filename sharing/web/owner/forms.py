"""What the owner's forms send, checked against the row they are about."""

from django import forms

from sharing import words
from sharing.models import CalendarPermission

from .rows import choices_of


class SecondChange(forms.Form):
    """The offer beside removing or lowering the last delegate: a second change."""

    to_me = forms.BooleanField(required=False)
    seen_delivery = forms.CharField(required=False, max_length=48)


class RoleForm(SecondChange):
    """Another role; `seen` is the role the page showed, `confirmed` that the person was asked once more.

    `check` is the wish to be asked, though the change is a small one.
    """

    seen = forms.CharField(max_length=48)
    confirmed = forms.BooleanField(required=False)
    check = forms.BooleanField(required=False)
    ends_on = forms.DateField(required=False)

    def __init__(self, *args, permission: CalendarPermission, name: str, whose: words.Whose, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        allowed = choices_of(permission)
        self.fields["role"] = forms.ChoiceField(
            choices=[(role, role) for role in {*allowed, permission.role}],
            error_messages={
                "required": f"Choose what {name} can do.",
                "invalid_choice": not_allowed(self.data.get("role", ""), permission, name, whose),
            },
        )


class RemoveForm(SecondChange):
    seen = forms.CharField(max_length=48)


class DeliveryForm(forms.Form):
    """Who gets the meeting requests of `mailbox`; `back` is the calendar whose page the form stood on."""

    option = forms.ChoiceField(
        choices=[(option, option) for option in words.DELIVERY_OPTIONS],
        error_messages={
            "required": "Choose who gets the meeting requests.",
            "invalid_choice": "Choose one of the three.",
        },
    )
    seen = forms.CharField(max_length=48)
    mailbox = forms.CharField(max_length=22)
    back = forms.CharField(required=False, max_length=22)


def not_allowed(role: str, permission: CalendarPermission, name: str, whose: words.Whose) -> str:
    """Why a role is refused, in one sentence."""
    whom = words.visible(permission.address) or name
    label = words.role_label(role, words.OWNER, is_organization=permission.is_organization, whose=whose)
    return f"Microsoft 365 doesn’t allow “{label}” for {whom}."
