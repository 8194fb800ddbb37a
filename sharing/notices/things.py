"""What admins should know of now, each named by a key for as long as it lasts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sharing import changes, words
from sharing.connect import credentials, limits
from sharing.models import BOOKER, WRITER, SyncRun, Tenant
from sharing.words import ends as end_words
from sharing.words import limits as limit_words

STALE_AFTER = timedelta(hours=26)  # a night missed, and two hours for a slow one
STALE, HELD, LOST, LIMIT = "sync_stale", "run_held", "consent_lost", "limit_broken"
BACK = "revoked_access_back"
END_LATE = "end_late_it"
EXPIRING, BROKEN = "credential_expiring", "credential_broken"
MOST_HELD = 20


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to tell of: `tenant` is None where it concerns the whole installation.

    `subject` is the line of the mail, `facts` is what its text is written with, `page` the name of the page it leads to
    and `of` the public id that page takes, if it takes one.
    """

    kind: str
    key: str
    tenant: Tenant | None
    subject: str
    page: str
    of: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def current(now: datetime, tenants: list[Tenant] | None = None) -> list[Thing]:
    """Everything there is to tell of `tenants` (all, if None), and of the installation's own credentials."""
    if tenants is None:
        tenants = list(Tenant.objects.asked().order_by("pk"))
    asked = {tenant.pk: credentials.broken(tenant) for tenant in tenants if tenant.is_read}
    broken = {pk: refused for pk, refused in asked.items() if refused}
    things = list(_credentials(now))
    if broken:
        worst = min(broken.values(), key=lambda each: each.since)
        things.append(
            Thing(BROKEN, BROKEN, None, "Microsoft does not accept Calwarden’s own credential", "setup:credentials",
                  facts={"cause": words.cause_words(worst.cause), "since": worst.since})
        )  # fmt: skip
    for app, what in ((WRITER, "changing"), (BOOKER, "meetings")):
        unable = [refused for tenant in tenants if tenant.is_read and (refused := credentials.broken(tenant, app))]
        if unable:
            worst = min(unable, key=lambda each: each.since)
            things.append(
                Thing(BROKEN, f"{BROKEN}:{app}", None, f"Microsoft does not accept Calwarden’s credential for {what}",
                      "setup:credentials", facts={"cause": words.cause_words(worst.cause), "since": worst.since,
                                                  "app": app})
            )  # fmt: skip
    for tenant in tenants:
        things += _of_tenant(tenant, now, is_broken=tenant.pk in broken)
    return things


def _credentials(now: datetime) -> Iterator[Thing]:
    for app, expires_at, days in credentials.expiring(now):
        day = words.day(expires_at)
        yield Thing(
            EXPIRING, f"{EXPIRING}:{app}:{expires_at:%Y-%m-%d}:{days}", None,
            f"Calwarden’s certificate ends on {day}" if days else f"Calwarden’s certificate ended on {day}",
            "setup:credentials", facts={"app": app, "day": day, "days": days, "left": (expires_at - now).days},
        )  # fmt: skip


def _of_tenant(tenant: Tenant, now: datetime, *, is_broken: bool) -> Iterator[Thing]:
    if tenant.state == Tenant.LOST:
        yield Thing(
            LOST, f"{LOST}:{tenant.public_id}", tenant, f"Calwarden lost its access to {tenant}", "setup:connections",
            facts={"cause": words.cause_words(tenant.cause), "since": tenant.state_since},
        )  # fmt: skip
        return
    held = SyncRun.objects.filter(tenant=tenant, outcome=SyncRun.HELD, settled_at=None, finished_at__isnull=False)
    for run in held.order_by("-began_at")[:MOST_HELD]:
        yield Thing(
            HELD, f"{HELD}:{run.public_id}", tenant, f"{tenant}: a check waits for your decision", "setup:run",
            run.public_id, {"run": run, "is_directory": run.cause == "directory_breaker"},
        )  # fmt: skip
    # One thing, whatever is wrong with it: a verdict that only becomes another bad one is no news.
    if trouble := limits.trouble(tenant, now):
        title, _ = limit_words.trouble_words(trouble.word)
        yield Thing(
            LIMIT, f"{LIMIT}:{tenant.public_id}", tenant, f"{tenant}: {title[0].lower()}{title[1:]}", "setup:limit",
            facts={"since": trouble.since, "word": trouble.word, "verdict": limit_words.verdict_words(trouble.word)},
        )  # fmt: skip
    # One mail a day says that there is something to look at, not one for each.
    by_day: dict[str, int] = {}
    for change in changes.came_back(now, tenant):
        day = f"{change.reverted_at:%Y-%m-%d}"
        by_day[day] = by_day.get(day, 0) + 1
    for day, count in by_day.items():
        yield Thing(
            BACK, f"{BACK}:{tenant.public_id}:{day}", tenant, f"{tenant}: access that was taken away is back",
            "setup:activity", facts={"count": count},
        )  # fmt: skip
    for row in changes.overdue_ends(tenant, now):
        yield Thing(
            END_LATE, f"{END_LATE}:{row.public_id}", tenant, f"{tenant}: access that should have ended is still there",
            "setup:mailbox", row.mailbox.public_id,
            {"mailbox": words.visible(str(row.mailbox.person)), "day": end_words.on(row.ends_on),
             "why": end_words.why_not(row.cause)},
        )  # fmt: skip
    # Our own credential is told of once, not once for every tenant.
    if not is_broken and _is_stale(tenant, now):
        last = last_complete(tenant)
        yield Thing(
            STALE, f"{STALE}:{tenant.public_id}", tenant, f"{tenant} was not read whole for more than a day",
            "setup:runs", facts={"last": last},
        )  # fmt: skip


def _is_stale(tenant: Tenant, now: datetime) -> bool:
    """Has a tenant that is read every night missed one? Where people connect themselves nobody reads it whole."""
    is_due = tenant.is_read and tenant.mode == Tenant.DOMAIN_WIDE and now - tenant.state_since > STALE_AFTER
    if not is_due:
        return False
    last = last_complete(tenant)
    return last is None or now - last > STALE_AFTER


def last_complete(tenant: Tenant) -> datetime | None:
    """When the last run ended that read the whole tenant and was not held."""
    whole = SyncRun.objects.filter(tenant=tenant, kind=SyncRun.FULL, outcome=SyncRun.DONE, finished_at__isnull=False)
    return whole.order_by("-began_at").values_list("finished_at", flat=True).first()
