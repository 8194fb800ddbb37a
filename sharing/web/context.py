"""What every page's frame shows: theme, navigation by audience, the tenant, the sandbox ribbon and banners."""

from datetime import datetime
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import cached_property

from sharing import access, notices, words
from sharing.connect import credentials, identity, limits
from sharing.models import RoleAssignment, SyncRun, Tenant
from sharing.words import credentials as credential_words
from sharing.words import limits as limit_words

from . import theme

OWNER_TABS = (
    ("home", "My calendars"),
    ("shared", "Shared with me"),
    ("delivery", "Meeting requests"),
    ("history", "History"),
)
MEETING_PAGES = (("meetings:find", "Find a time", "calendar-time"),)
IT_PAGES = (
    ("it:overview", "Overview", "layout-dashboard"),
    ("it:access", "Access", "calendar-share"),
    ("it:delegates", "Delegates", "user-check"),
    ("it:people", "People", "users"),
    ("it:organizations", "Organizations", "building-community"),
    ("it:activity", "Activity", "history"),
    ("it:jobs", "Changes", "pencil"),
)
SETUP_PAGES = (
    ("setup:connections", "Connections", "plug-connected"),
    ("setup:users", "Users", "user"),
    ("setup:stewards", "Stewards", "user-question"),
    ("setup:roles", "Roles", "user-shield"),
    ("setup:runs", "Sync runs", "refresh"),
    ("setup:disclosure", "Disclosure", "shield-check"),
    ("setup:past", "History and proof", "clock"),
    ("setup:activity", "Activity log", "history"),
)
INSTALLATION_PAGES = (("setup:credentials", "Credentials", "certificate"),)
# Pages below one of the above, which stays marked.
BELOW = {
    "shared_rename": "shared", "shared_leave": "shared", "objection": "shared", "calendar": "home", "role": "home",
    "remove": "home", "asked": "home", "it:bulk": "it:access", "it:entry": "it:access", "it:job": "it:jobs",
    "it:confirm_job": "it:jobs", "it:cancel_job": "it:jobs", "it:give": "it:people", "it:proposals": "it:jobs",
    "it:proposal": "it:jobs", "it:answer_proposal": "it:jobs", "it:person": "it:people", "setup:run": "setup:runs",
    "setup:outbox": "setup:disclosure", "setup:connect": "setup:connections", "setup:exchange_log": "setup:past",
    "setup:connecting": "setup:connections", "setup:confirm_link": "setup:connections",
    "setup:locks": "setup:connections", "setup:end": "setup:connections", "setup:invitations": "setup:users",
    "setup:mailbox": "setup:users", "setup:disconnect_mailbox": "setup:users", "setup:limit": "setup:connections",
    "setup:lift_limit": "setup:connections", "setup:client_secret": "setup:credentials",
    "setup:erase_credential": "setup:credentials", "add": "home", "replace": "home",
    "meetings:times": "meetings:find", "meetings:confirm": "meetings:find", "meetings:book": "meetings:find",
    "meetings:mine": "meetings:find", "meetings:booking": "meetings:find", "meetings:move": "meetings:find",
    "meetings:look_again": "meetings:find", "meetings:cancel": "meetings:find",
}  # fmt: skip
BELOW |= dict.fromkeys((
    "it:exchange", "it:upload_export", "it:snapshot", "it:relationship", "it:end_relationship", "it:partner",
    "it:new_partner", "it:change_partner", "it:end_partner", "it:plan_partner", "it:sharing_policies",
    "it:plan_policy", "it:published", "it:plans", "it:plan", "it:answer_plan", "it:partner_tests",
    "it:test_partner", "it:relationship_tests", "it:test_relationship",
), "it:organizations")  # fmt: skip


class Shell:
    """The frame of one page, worked out only as far as the page's layout asks."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.theme = theme.theme_of(request)
        self.themes = theme.choices(request)
        self.is_sandbox = identity.is_sandbox()
        self.user: Any = getattr(request, "user", None)  # an error page may come before anybody is known
        self.is_signed_in = bool(self.user and self.user.is_authenticated)
        match = request.resolver_match
        self.view_name = match.view_name if match else ""
        self.current = BELOW.get(self.view_name, self.view_name)
        self.area = match.namespace if match else ""

    @property
    def host(self) -> str:
        """The name this page was asked for by; empty where it is none of ours, which gets an error page too."""
        try:
            return self.request.get_host()
        except DisallowedHost:
            return ""

    @property
    def user_name(self) -> str:
        return str(self.user) if self.is_signed_in else ""

    @cached_property
    def it_tenants(self) -> list[Tenant]:
        return access.it_tenants_of(self.user) if self.is_signed_in else []

    @cached_property
    def setup_tenants(self) -> list[Tenant]:
        return list(access.tenants_for_setup(self.user)) if self.is_signed_in else []

    @property
    def tenants(self) -> list[Tenant]:
        """The tenants one may switch between in this area."""
        return self.setup_tenants if self.area == "setup" else self.it_tenants

    @cached_property
    def tenant(self) -> Tenant | None:
        """The tenant the page is about: the one named in the query string, or the first; an owner's own."""
        if self.area not in ("it", "setup"):
            return self.user.tenant if self.is_signed_in else None
        asked = self.request.GET.get("tenant")
        return next((t for t in self.tenants if not asked or t.public_id == asked), None)

    @property
    def switch_to(self) -> str:
        """Where choosing another tenant leads: this page, or its list where the page is of one row."""
        return _reverse(self.current) if self.view_name != self.current else self.request.path

    @property
    def roles_in_words(self) -> str:
        held = access.roles_of(self.user, self.tenant) if self.tenant else frozenset()
        return ", ".join(label for value, label in RoleAssignment.ROLES if value in held).capitalize()

    @property
    def owner_tabs(self) -> list[dict[str, Any]]:
        return self._pages(((name, label, "") for name, label in OWNER_TABS), []) + self.meeting_pages

    @property
    def meeting_pages(self) -> list[dict[str, Any]]:
        """For everybody whose organization has meetings switched on."""
        is_on = self.is_signed_in and self.user.tenant.bookings_on
        return self._pages(MEETING_PAGES, []) if is_on else []

    @property
    def it_pages(self) -> list[dict[str, Any]]:
        return self._pages(IT_PAGES, self.it_tenants) if self.it_tenants else []

    @property
    def setup_pages(self) -> list[dict[str, Any]]:
        if not self.setup_tenants:
            return []
        of_all = INSTALLATION_PAGES if access.may_list_tenants(self.user) else ()
        return self._pages((*SETUP_PAGES, *of_all), self.setup_tenants)

    @property
    def it_home(self) -> str:
        """Where the name of the product leads from the sidebar."""
        return next((page["href"] for page in self.it_pages or self.setup_pages), "/")

    @property
    def areas(self) -> list[dict[str, str]]:
        """The other hats this person wears."""
        found = []
        if self.area in ("it", "setup"):
            found.append({"href": _reverse("home"), "label": "My calendars", "icon": "calendar"})
        elif self.it_tenants:
            found.append({"href": _reverse("it:overview"), "label": "IT", "icon": "layout-dashboard"})
        elif self.setup_tenants:
            found.append({"href": _reverse("setup:connections"), "label": "Set-up", "icon": "settings"})
        return found

    @cached_property
    def banners(self) -> list[dict[str, str]]:
        found = credential_banners() if self.area == "setup" and self.tenant else []
        return found + (banners(self.tenant, is_setup=self.area == "setup") if self.tenant else [])

    @property
    def says_read_only(self) -> bool:
        """Does a banner say already that nothing can be changed, and why? Others leave that to the page."""
        tenant = self.tenant
        if tenant is None:
            return False
        is_frozen = tenant.frozen_at is not None and tenant.mode == Tenant.DOMAIN_WIDE
        return is_frozen or tenant.state == Tenant.LOST or (tenant.is_read and not tenant.writes_on)

    def _pages(self, pages, tenants: list[Tenant]) -> list[dict[str, Any]]:
        chosen = self.tenant if len(tenants) > 1 and self.tenant in tenants else None
        query = f"?tenant={chosen.public_id}" if chosen else ""
        return [
            {
                "href": _reverse(name) + query,
                "label": label,
                "icon": drawn,
                "is_current": name == self.current,
            }
            for name, label, drawn in pages
        ]


def _reverse(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return "/"


def credential_banners() -> list[dict[str, str]]:
    """What the apps prove themselves with, and what ends soon or has ended: for whoever sets the portal up."""
    found = []
    for app, expires_at, days in credentials.expiring(timezone.now()):
        title, text = credential_words.ends(timezone.localtime(expires_at), days, app)
        found.append({"kind": "warn" if days else "bad", "icon": "certificate", "title": title, "text": text})
    return found


def banners(tenant: Tenant, *, is_setup: bool = False) -> list[dict[str, str]]:
    """What is wrong or switched off for a whole tenant, worst first, as titles and sentences.

    For admins (`is_setup`) with the way to where something can be done about it.
    """
    now = timezone.localtime()
    found = []
    if tenant.state == Tenant.LOST:
        since = words.moment(timezone.localtime(tenant.state_since), now)
        found.append({
            "kind": "bad", "icon": "plug-connected-x",
            "title": f"Calwarden lost its access to Microsoft 365, {since}",
            "text": "What you see is from before. Changes are off.",
        })  # fmt: skip
    elif tenant.is_read:
        found += _of_reading(tenant, now) + _of_writer(tenant, now) + _of_limit(tenant, now, is_setup)
    if tenant.frozen_at and tenant.mode == Tenant.DOMAIN_WIDE:  # elsewhere each mailbox is free once it was read again
        since = words.moment(timezone.localtime(tenant.frozen_at), now)
        found.append({
            "kind": "warn", "icon": "lock", "title": f"Changes are stopped, {since}",
            "text": "Your IT stopped all changes. You can look at everything, but change nothing.",
        })  # fmt: skip
    elif tenant.is_read and not tenant.writes_on:
        found.append({
            "kind": "", "icon": "eye", "title": "Read only",
            "text": "Calwarden may read here, not change. You can look at everything, but change nothing.",
        })  # fmt: skip
    return found


def _of_writer(tenant: Tenant, now: datetime) -> list[dict[str, str]]:
    """That nothing can be changed, because the second registration gets no token; whether ours or theirs to mend."""
    if not (tenant.has_writer and tenant.writes_on and tenant.writer_cause_at):
        return []
    since = words.moment(timezone.localtime(tenant.writer_cause_at), now)
    title, text = credential_words.cannot_change(is_ours=credentials.broken(tenant, credentials.WRITER) is not None)
    return [{"kind": "bad", "icon": "certificate", "title": f"{title}, {since}", "text": text}]


def _of_limit(tenant: Tenant, now: datetime, is_setup: bool) -> list[dict[str, str]]:
    """That the limit to a group does not hold, or is not known to."""
    trouble = limits.trouble(tenant, now)
    if trouble is None:
        return []
    title, text = limit_words.trouble_words(trouble.word)
    since = words.moment(timezone.localtime(trouble.since), now)
    kind = "warn" if trouble.word == limits.NOT_TESTED else "bad"
    banner = {"kind": kind, "icon": "users-group", "title": f"{title}, {since}", "text": text}
    if is_setup:
        banner |= {"href": f"{_reverse('setup:limit')}?tenant={tenant.public_id}", "action": "What the test found"}
    return [banner]


def _of_reading(tenant: Tenant, now: datetime) -> list[dict[str, str]]:
    """What the newest run says: that our own credential is refused, or that the picture is old."""
    ended = SyncRun.objects.filter(tenant=tenant, finished_at__isnull=False)
    newest = ended.order_by("-began_at").values_list("outcome", "finished_at").first()
    if newest is None:
        return []
    outcome, read_at = newest
    if outcome != SyncRun.DONE:
        if broken := credentials.broken(tenant):
            since = words.moment(timezone.localtime(broken.since), now)
            return [{
                "kind": "bad", "icon": "certificate",
                "title": f"Microsoft does not accept Calwarden’s own credential, {since}",
                "text": "What you see is from before. Changes wait until it is replaced.",
            }]  # fmt: skip
        read_at = ended.filter(outcome=SyncRun.DONE).order_by("-began_at").values_list("finished_at", flat=True).first()
    if read_at is None or now - read_at <= notices.STALE_AFTER:
        return []
    read = words.moment(timezone.localtime(read_at), now)
    return [{
        "kind": "warn", "icon": "clock", "title": "What you see may be out of date",
        "text": f"The last check against Microsoft 365 ended {read}.",
    }]  # fmt: skip


def shell(request: HttpRequest) -> dict[str, Shell]:
    """The context processor."""
    return {"shell": Shell(request)}
