"""The steps of connecting a tenant, beside the page: what is done, what is being waited for, what comes next."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from sharing import words
from sharing.models import READER, ActivationLink, SyncRun, Tenant

EXPIRED = "expired"
DONE, NOW, NEXT = "done", "now", "next"
ICONS = {DONE: "circle-check", NOW: "hourglass", NEXT: "circle-dashed"}
ORDER = ("", ActivationLink.ISSUED, ActivationLink.APPROVED, ActivationLink.PROVED, ActivationLink.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Step:
    state: str
    title: str
    detail: str

    @property
    def icon(self) -> str:
        return ICONS[self.state]


def how_far(link: ActivationLink | None, now: datetime) -> str:
    """The link's state as an admin sees it: nothing where there is none, `expired` where nobody approved in time."""
    if link is None:
        return ""
    if link.state == ActivationLink.ISSUED and link.expires_at <= now:
        return EXPIRED
    return link.state


def steps(tenant: Tenant, link: ActivationLink | None, now: datetime) -> list[Step]:
    """Five of them; a link that came to nothing leads back to the second."""
    far = how_far(link, now)
    at = ORDER.index(far) + 1 if far in ORDER else 1
    told = [
        ("Choose the organization", str(tenant)),
        ("Send the link", _sent(link, far)),
        ("Administrator approves", _approval(link, far)),
        ("Calwarden tries it", _trial(link, far)),
        ("You confirm", "Name, domains and permissions"),
    ]
    if link is None or link.app == READER:
        told.append(("First check", _first_check(tenant)))
    if far == ActivationLink.ISSUED:
        at = 2  # sent or not, we only know whether it was opened
    if far == ActivationLink.CONFIRMED:
        at = len(told) if _is_checked(tenant) else len(told) - 1
    return [
        Step(DONE if place < at else NOW if place == at else NEXT, title, detail)
        for place, (title, detail) in enumerate(told)
    ]


def _sent(link: ActivationLink | None, far: str) -> str:
    if link is None:
        return "Make it first"
    if far in (EXPIRED, ActivationLink.REVOKED, ActivationLink.FAILED):
        return "Make a new one"
    return f"Made {_when(link.made_at)}"


def _approval(link: ActivationLink | None, far: str) -> str:
    if link is None or far in (EXPIRED, ActivationLink.REVOKED):
        return "A Microsoft administrator, once"
    if link.approved_by_oid:
        return f"{words.visible(link.approved_by_name) or 'Somebody of the organization'}"
    if link.opened_at:
        return f"Link opened {_when(link.opened_at)}, not approved yet"
    return "Link not opened yet"


def _trial(link: ActivationLink | None, far: str) -> str:
    if link and far == ActivationLink.APPROVED:
        return "Microsoft may need some minutes"
    if link and link.organization.get("probed"):
        return "The calendars of one person could be read"
    if link and link.app == READER and far in (ActivationLink.PROVED, ActivationLink.CONFIRMED):
        return "No mailbox could be tried yet"
    return "By itself, after the approval"


def _is_checked(tenant: Tenant) -> bool:
    return SyncRun.objects.filter(tenant=tenant, kind=SyncRun.FULL, outcome=SyncRun.DONE).exists()


def _first_check(tenant: Tenant) -> str:
    return "Done" if _is_checked(tenant) else "Begins by itself"


def _when(at: datetime) -> str:
    return words.moment(timezone.localtime(at), timezone.localtime())
