"""What the activity log calls each act; and who is behind a change that was made outside."""

from datetime import datetime

from .times import moment

NOBODY_KNOWS = "unknown"

# What was done, by what it is called in the log; each begins with a capital and follows who did it.
VERBS = {
    "access.denied": "Asked for a page that is not theirs, or not there",
    "access.exported": "Exported all access, by command",
    "audit.pruned": "Old activity was let go",
    "batch.cancelled": "Cancelled a bulk change",
    "batch.confirmed": "Started a bulk change",
    "batch.done": "Bulk change ended",
    "change.applied": "Change done",
    "change.cancelled": "Change cancelled",
    "change.conflict": "Change not made: something else was found",
    "change.failed": "Change failed",
    "change.looked_again": "Looked again what became of a change",
    "change.requested": "Asked for a change",
    "change.reverted": "Change found undone outside",
    "change.settled": "Change without an answer was settled",
    "change.unknown": "Change without an answer",
    "command.run": "Opened a command line",
    "consent.refused": "Approval by an organization refused",
    "cover.begun": "Cover began",
    "cover.cancelled": "Cancelled a cover",
    "cover.failed": "Cover failed",
    "cover.over": "Cover ended",
    "cover.planned": "Planned a cover",
    "credential.current": "Certificate or secret came into use",
    "credential.erased": "Erased a certificate or secret",
    "credential.made": "Made a certificate or secret",
    "credential.refused": "Microsoft refused a certificate or secret",
    "deputy.ended": "Ended that somebody acts for an owner",
    "deputy.given": "Made somebody a deputy",
    "end_date.accepted": "Let access end on its day",
    "end_date.cancelled": "Took an end date away",
    "end_date.ended": "Access ended on its day",
    "end_date.failed": "Access did not end on its day",
    "end_date.moved": "Moved an end date",
    "end_date.set": "Set an end date",
    "exchange.taken": "Gave an export of Exchange’s sharing",
    "federation.approved": "Said yes to a plan for Exchange",
    "federation.cancelled": "Cancelled a plan for Exchange",
    "federation.overtaken": "Plan for Exchange overtaken",
    "federation.planned": "Planned a change of Exchange",
    "federation.shown": "Plan for Exchange seen as done",
    "grant.connected": "Connected an account",
    "grant.disconnected": "Disconnected an account",
    "grant.erase_asked": "Asked to erase what an account lent",
    "grant.erased": "What an account lent was erased",
    "grant.found": "Connected account found in the directory",
    "grant.lost": "Connected account lost",
    "grant.refused": "Connecting an account refused",
    "history.pruned": "Old history was let go",
    "history.kept": "Changed how long the past is kept",
    "installation.restored": "Put back a backup",
    "invitation.withdrawn": "Withdrew an invitation",
    "limit.declared": "Named the group Calwarden is limited to",
    "limit.judged": "Limit to the group was tested",
    "limit.lifted": "Lifted the limit to a group",
    "limit.members_changed": "Members of the limiting group changed",
    "limit.probed": "Tried one mailbox against the limit",
    "link.asked_again": "Changed what a connection link asks for",
    "link.approved": "Approved Calwarden at Microsoft",
    "link.confirmed": "Confirmed a connection",
    "link.failed": "Approval did not prove itself",
    "link.made": "Made a connection link",
    "link.proved": "Approval proved itself",
    "link.proved_again": "Approval was looked at again",
    "link.revoked": "Withdrew a connection link",
    "list.exported": "Exported a list",
    "mailbox.disconnected": "Disconnected a mailbox",
    "mailbox.reconnected": "Connected a mailbox again",
    "mirror.erased": "What was read here was erased",
    "objection.answered": "Let access stay that its holder objected to",
    "objection.made": "Said that they should not have access",
    "outside.searched": "Exchange’s audit log was searched",
    "outside.uploaded": "Gave Exchange’s audit log",
    "partner.changed": "Changed a partner organization",
    "partner.ended": "Ended a partnership",
    "partner.made": "Wrote down a partner organization",
    "partner.tried": "Tried what a partner lets us see",
    "people.invited": "Invited people",
    "person.viewed": "Looked at a person",
    "calendar.viewed": "Looked at a calendar",
    "proposal.accepted": "Said yes to a proposal",
    "proposal.asked": "Proposed a change",
    "proposal.declined": "Said no to a proposal",
    "proposal.expired": "Proposal expired",
    "proposal.not_made": "Proposed change could not be made",
    "proposal.withdrawn": "Withdrew a proposal",
    "role.given": "Gave a portal role",
    "role.taken": "Took a portal role",
    "run.accepted": "Accepted a check that was held",
    "run.finished": "Check ended",
    "run.rejected": "Rejected a check that was held",
    "scope.applied": "Who is read was applied",
    "secrets.rotated": "Sealed all secrets anew",
    "signin.done": "Signed in",
    "signin.refused": "Sign-in refused",
    "steward.given": "Made somebody steward",
    "steward.taken": "Ended a stewardship",
    "tenant.chosen": "Chose how an organization is connected",
    "tenant.connected": "Connected an organization",
    "tenant.disconnected": "Disconnected an organization",
    "tenant.erased": "Everything read of an organization was erased",
    "tenant.find_refused": "Finding an organization by signing in refused",
    "tenant.found": "Found an organization by signing in",
    "tenant.frozen": "Stopped all changes",
    "tenant.listed": "Listed an organization",
    "tenant.people_let": "Changed what people may connect themselves",
    "tenant.rule_set": "Set what owners may do, or for how long",
    "tenant.thawed": "Let changes go on",
    "tenant.unlisted": "Took an organization off the list",
    "tenant.writer_connected": "Connected the app for changes",
    "booking.requested": "Asked for something about a meeting of their own",
    "booking.booked": "A meeting is as it was asked for, or as Outlook has it",
    "booking.cancelled": "Cancelled a meeting of their own",
    "booking.failed": "A meeting was not booked",
    "booking.unknown": "Nobody knows whether a meeting was booked",
    "booking.gone": "A meeting was taken off the calendar in Outlook",
    "tenant.booker_connected": "Connected the app for meetings",
    "tenant.bookings_on": "Let people find times and book meetings",
    "tenant.bookings_off": "Stopped finding times and booking meetings",
    "volunteer.ended": "Took their mailbox back from tests with partners",
    "volunteer.lent": "Lent their mailbox to tests with partners",
    "tenant.writes_off": "Switched changes off",
    "tenant.writes_on": "Switched changes on",
}
# The parts of the log: a word for the address, what it is called, and how the verbs in it begin.
GROUPS = (
    ("changes", "Changes to sharing", (
        "change.", "cover.", "end_date.", "batch.", "proposal.", "deputy.", "objection.",
    )),
    ("meetings", "Meetings", ("booking.",)),
    ("partners", "Partner organizations", ("partner.", "federation.", "volunteer.")),
    ("looking", "Looking and exporting", ("person.", "calendar.", "list.", "access.exported")),
    ("signin", "Signing in, and pages refused", ("signin.", "access.denied")),
    ("roles", "Roles and stewards", ("role.", "steward.")),
    ("accounts", "Connected accounts and mailboxes", ("grant.", "mailbox.", "people.", "invitation.")),
    ("connection", "Connection to Microsoft 365", ("tenant.", "link.", "consent.", "credential.", "limit.", "scope.")),
    ("checks", "Checks, history and upkeep", (
        "run.", "mirror.", "audit.", "command.", "history.", "outside.", "exchange.", "installation.", "secrets.",
    )),
)  # fmt: skip
# How long the past may be kept, in days.
KEPT_FOR = {
    90: "90 days", 180: "6 months", 365: "One year", 730: "2 years", 1095: "3 years", 1825: "5 years", 3650: "10 years",
}  # fmt: skip
# Where the heads of the log are written.
PLACES = {"file": "a file", "mail": "mail", "syslog": "syslog"}
EXPORT_SCRIPT = """\
Connect-ExchangeOnline
$acts = "UpdateCalendarDelegation", "UpdateFolderPermissions", "ModifyFolderPermissions", "AddFolderPermissions",
  "RemoveFolderPermissions", "Add-MailboxFolderPermission", "Set-MailboxFolderPermission",
  "Remove-MailboxFolderPermission"
$session = "Calwarden" + (Get-Date -Format FileDateTime)
do {
  $page = Search-UnifiedAuditLog -StartDate (Get-Date).AddDays(-30) -EndDate (Get-Date) -Operations $acts `
    -SessionId $session -SessionCommand ReturnLargeSet -ResultSize 5000
  $page | Export-Csv -Path sharing.csv -Append -NoTypeInformation -Encoding UTF8
} while ($page)
"""
_UPLOAD_REFUSED = {
    "too_large": "The file is larger than 20 MB, or has more than 200,000 lines. Export fewer days, or only the acts "
    "named below.",
    "not_text": "This is no text file in UTF-8 or UTF-16. Give the CSV itself, not a ZIP or a workbook.",
    "no_audit_data": "There is no file, or it has no column AuditData: it is not an export of the audit log.",
    "malformed": "Line {line} is not as Microsoft writes it, so nothing of the file was taken.",
    "other_organization": "Line {line} is of another organization than {tenant}, so nothing of the file was taken.",
}
ACTORS = {"system": "Calwarden", "nobody": "Nobody who is signed in"}


def kept_for(days: int | None) -> str:
    """How long the past is kept: "Always", "One year", "400 days"."""
    return "Always" if days is None else KEPT_FOR.get(days, f"{days} days")


SEARCH_NOT_LET = (
    "Not granted to search it: names come from files only. Give the app the permission "
    "AuditLogsQuery-Exchange.Read.All in Entra, and Calwarden asks by itself after its next check."
)
_NOT_SEARCHED = {
    "failed": "Microsoft ended the last search without a result.",
    "cancelled": "Somebody cancelled the last search in Purview.",
    "timeout": "Microsoft did not finish the last search within a day.",
    "cut_off": "The last search found more than Microsoft gives, so none of it was taken: give a file.",
}


def searched(covered: str, cause: str) -> str:
    """How far Exchange's log was searched, `covered` being a moment in words or empty; and why not further."""
    how = "Calwarden searches it once a day, and where a change wants a name."
    far = f"Searched up to {covered}." if covered else "Nothing was searched yet."
    why = _NOT_SEARCHED.get(cause, "Microsoft did not let us search the last time.") if cause else ""
    return " ".join(part for part in (how, far, why) if part)


def upload_refused(cause: str, line: int, *, tenant: str) -> str:
    """Why nothing of a file was taken."""
    return _UPLOAD_REFUSED[cause].format(line=line, tenant=tenant)


def verb_label(verb: str) -> str:
    """What was done; a verb that has no words yet shows itself."""
    return VERBS.get(verb, verb)


def verbs_in(group: str) -> list[str]:
    """The verbs of one part of the log; none for a word that is no part."""
    begins = next((begins for word, _, begins in GROUPS if word == group), ())
    return [verb for verb in VERBS if begins and verb.startswith(begins)]


def actor_label(actor: str) -> str:
    """Who acted where it was no person: Calwarden itself, or an account of the machine; empty for a person."""
    if actor.startswith("cli:"):
        return f"Command line, {actor.removeprefix('cli:')}"
    return ACTORS.get(actor, "")


def made_outside(name: str, at: datetime | None, after_at: datetime | None, seen_at: datetime, now: datetime) -> str:
    """Who made what a reading showed: "AlexW@contoso.com, outside Calwarden, today 10:12", or between which readings.

    All moments are in the reader's zone. Without a name: "unknown, outside Calwarden, between today 09:00 and 13:00".
    """
    if name and at:
        return f"{name}, outside Calwarden, {moment(at, now)}"
    if after_at is None:
        return f"{NOBODY_KNOWS}, outside Calwarden, before {moment(seen_at, now)}"
    until = f"{seen_at:%H:%M}" if seen_at.date() == after_at.date() else moment(seen_at, now)
    return f"{NOBODY_KNOWS}, outside Calwarden, between {moment(after_at, now)} and {until}"
