"""What one event of the activity log says, on the page and in a file."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sharing import words
from sharing.models import Mailbox, Person, Tenant, User
from sharing.words.activity import actor_label, verb_label

CSV_COLUMNS = (
    "at", "seq", "actor", "actor_name", "on_behalf_of", "verb", "action", "about", "mailbox_of", "before", "after",
    "outcome", "subject", "source", "request_id", "hash",
)  # fmt: skip
_OID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SAID = ("person", "mailbox", "oid")  # of a subject, what has a column of its own


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page; its cells are ready to be shown."""

    id: int
    what: SafeString
    who: SafeString
    about: SafeString
    details: SafeString
    at: str
    when: str


class Names:
    """The people and accounts that some events name by key; three queries, however many events."""

    def __init__(self, tenant: Tenant, rows: Iterable[Mapping[str, Any]]) -> None:
        rows = list(rows)
        usernames = {name for row in rows for name in (row["actor"], row["on_behalf"]) if "." in name}
        accounts = User.objects.filter(username__in=usernames)
        self.accounts = {user.username: words.visible(str(user)) for user in accounts}
        keys = {row["person_key"] for row in rows if row["person_key"]}
        # Somebody acted for, or acting, may never have signed in: the directory knows them by object id.
        oids = {key for key in keys | {name.partition(".")[2] for name in usernames} if _OID.fullmatch(key)}
        people = Person.objects.filter(tenant=tenant)
        found = people.filter(public_id__in=keys - oids).union(people.filter(oid__in=oids))
        self.people: dict[str, Person] = {}
        for person in found:
            self.people[person.public_id] = self.people[str(person.oid or person.public_id)] = person
        mailboxes = Mailbox.objects.filter(tenant=tenant, public_id__in={row["mailbox_key"] for row in rows} - {""})
        self.mailboxes = {mailbox.public_id: mailbox.person for mailbox in mailboxes.select_related("person")}

    def actor(self, key: str) -> str:
        """Who acted: a person's name, Calwarden, the command line, or the number of an account nobody knows."""
        person = self.people.get(key.partition(".")[2])
        return actor_label(key) or self.accounts.get(key) or (words.visible(str(person)) if person else key)

    def about(self, row: Mapping[str, Any]) -> list[Person]:
        """Whom it is about, and whose mailbox it happened in, each once."""
        found = (self.people.get(row["person_key"]), self.mailboxes.get(row["mailbox_key"]))
        return list({person.pk: person for person in found if person}.values())


def line_of(
    row: Mapping[str, Any], names: Names, *, now: datetime, to_actor: Callable[[str], str],
    to_verb: Callable[[str], str], link: Callable[[str], str] | None = None,
) -> Line:  # fmt: skip
    """What the page says of one event; `link` leads to a person's page, where the reader may go there."""
    at = timezone.localtime(row["at"])
    who = _link(to_actor(row["actor"]), names.actor(row["actor"]))
    if row["on_behalf"]:
        who = format_html('{} <span class="sub">for {}</span>', who, names.actor(row["on_behalf"]))
    about = [_link(link(p.public_id) if link else "", words.visible(str(p))) for p in names.about(row)]
    return Line(
        id=row["id"],
        what=_link(to_verb(row["verb"]), verb_label(row["verb"])),
        who=who,
        about=format_html_join(", ", "{}", ((each,) for each in about)),
        details=_details(row),
        at=at.isoformat(timespec="seconds"),
        when=words.moment(at, now),
    )


def _link(href: str, text: str) -> SafeString:
    return format_html('<a class="link" href="{}">{}</a>', href, text) if href else format_html("{}", text)


def _details(row: Mapping[str, Any]) -> SafeString:
    """From what to what, how it went, what else was kept of it, and where it came from."""
    parts = []
    before, after = _value(row, "before"), _value(row, "after")
    if before or after:
        parts.append(format_html("<span>{} → {}</span>", before or "nothing", after or "nothing"))
    if row["outcome"]:
        parts.append(format_html("<code>{}</code>", words.visible(row["outcome"])))
    said = [f"{name} {_short(value)}" for name, value in row["subject"].items() if _is_said(name, value)]
    if said:
        parts.append(format_html('<span class="small">{}</span>', ", ".join(said)))
    if row["source"]:
        parts.append(format_html('<span class="small">from {}</span>', words.visible(row["source"])))
    return format_html_join(" ", "{}", ((part,) for part in parts))


def csv_row(row: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """One event as a line of a file: codes as they were recorded, and names as they are known today beside them."""
    people = names.about(row)
    owner = names.mailboxes.get(row["mailbox_key"])
    about = next((person for person in people if person != owner), None)
    return {name: row[name] for name in CSV_COLUMNS if name in row} | {
        "actor_name": names.actor(row["actor"]),
        "on_behalf_of": names.actor(row["on_behalf"]) if row["on_behalf"] else "",
        "action": verb_label(row["verb"]),
        "about": words.visible(str(about)) if about else row["person_key"],
        "mailbox_of": words.visible(str(owner)) if owner else row["mailbox_key"],
        "subject": json.dumps(row["subject"], sort_keys=True),
    }


def _value(row: Mapping[str, Any], name: str) -> str:
    """A role, or who gets meeting requests, in words; anything else as its code."""
    value = row[name]
    if value in words.DELIVERY_OPTIONS:
        return words.delivery_words(value).it
    return words.role_label(value) if value in words.ROLES else words.visible(value)


def _is_said(name: str, value: Any) -> bool:
    return name not in _SAID and value not in ("", None, [], {})


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return words.visible(text if len(text) <= 60 else f"{text[:59]}…")
