"""Who plays in the tests of the owner's pages, and what their forms send."""

from django.urls import reverse

ALEX, MEGAN, ADELE, CHARLIE = (f"{name}@contoso.com" for name in ("AlexW", "MeganB", "AdeleV", "CharlieR"))
KIDS = "Kids parties"


def page_of(permission, name="role"):
    """The address of the page where one permission is changed, or with "remove" ended."""
    return reverse(name, args=[permission.calendar.public_id, permission.pk])


def calendar_of(permission):
    return reverse("calendar", args=[permission.calendar.public_id])


def form_of(permission, **fields):
    """What the page's form sends: what it showed, and the person's choice."""
    return {"seen": permission.role} | fields
