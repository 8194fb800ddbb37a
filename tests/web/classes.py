"""What each address is: for whom, with which methods, and what it answers to who may."""

from dataclasses import dataclass, field

# Audiences
ANYBODY, SIGNED_IN, OWNER, IT, SETUP = "anybody", "signed in", "owner", "it", "set-up"
INSTALLATION = "installation"  # admins of all of it
SHAREE = "sharee"  # who has an entry of their own on the calendar
OPERATOR = "operator"


@dataclass(frozen=True)
class Class:
    """What one address is. `get` and `post` are the answers to who may; 405 is "not with this method".

    `of` is what its public id names and `row` what its number does; `query` and `form` are what is asked and sent: all
    of them by the names of Place's fields.
    """

    audience: str
    get: int = 200
    post: int = 405
    of: str = ""
    row: str = ""
    query: str = ""
    form: dict[str, str] = field(default_factory=dict)
    head: int | None = None  # what HEAD answers, where it is not the same as GET
    signed_in: int | None = None  # what GET answers a person who is signed in, where that differs
    looks: str = ""  # the verb that GET writes into the activity log
    rings: bool = False  # GET may make a mailbox due that was read long ago
    is_page: bool = True  # a page for people: visited in a browser


CLASSES = {
    "healthz": Class(ANYBODY, is_page=False),
    "readyz": Class(ANYBODY, is_page=False),
    "icon": Class(ANYBODY, get=302, is_page=False),
    "theme": Class(ANYBODY, get=405, post=302, form={"theme": "dark"}),
    "signin": Class(ANYBODY, signed_in=302),
    "signout": Class(ANYBODY, get=405, post=302),
    "microsoft_login": Class(ANYBODY, get=405, post=302),
    "microsoft_callback": Class(ANYBODY, get=401, head=405),
    "activate:link": Class(ANYBODY, post=302),
    "activate:consented": Class(ANYBODY, get=403, head=405),
    "activate:signed_in": Class(ANYBODY, get=403, head=405),
    "activate:approved": Class(ANYBODY, get=404),
    "home": Class(SIGNED_IN, rings=True),
    "history": Class(SIGNED_IN),
    "delivery": Class(
        OWNER, post=302, query="mailbox", form={"mailbox": "mailbox", "option": "other_option", "seen": "option"}
    ),
    "calendar": Class(OWNER, of="calendar", rings=True),
    "role": Class(OWNER, post=302, of="calendar", row="permission", form={"role": "other_role", "seen": "role"}),
    "remove": Class(OWNER, post=302, of="calendar", row="permission", form={"seen": "role"}),
    "cover": Class(OWNER, post=422, of="calendar", form={"to": "nobody", "first": "2026-12-01", "last": "2026-12-24"}),
    "cancel_cover": Class(OWNER, post=302, of="cover"),
    "end_date": Class(OWNER, post=302, of="calendar", row="permission", form={"ends_on": "2026-12-24"}),
    "asked": Class(OWNER, post=302, of="proposal", form={"answer": "decline"}),
    "calendar_history": Class(OWNER, of="calendar"),
    "permission_history": Class(OWNER, of="calendar", row="permission"),
    "on_date": Class(OWNER, of="calendar"),
    "restore": Class(OWNER, post=200, of="calendar"),
    "restored": Class(OWNER, of="restored"),
    "change": Class(OWNER, get=302, of="change", is_page=False),
    "add": Class(OWNER, post=409, of="calendar"),
    "replace": Class(OWNER, post=409, of="calendar", row="permission"),
    "shared": Class(SIGNED_IN),
    "shared_rename": Class(SHAREE, post=302, of="calendar", form={"name": "Mine"}),
    "shared_leave": Class(SHAREE, post=302, of="calendar", form={"how": "access"}),
    "objection": Class(SHAREE, post=302, of="calendar"),
    "objection_keep": Class(OWNER, get=405, post=302, of="objection"),
    "deputies": Class(SIGNED_IN, post=404),
    "deputy_end": Class(OWNER, get=405, post=302, of="deputy"),
    "for_others": Class(SIGNED_IN),
    "ask_cover": Class(SIGNED_IN, post=422),
    "meetings:find": Class(SIGNED_IN, post=200),
    "meetings:times": Class(SIGNED_IN, get=302, post=422, is_page=False),
    "meetings:confirm": Class(SIGNED_IN, get=302, post=422, is_page=False),
    "meetings:book": Class(SIGNED_IN, get=302, post=422, is_page=False),
    "meetings:mine": Class(SIGNED_IN),
    "meetings:booking": Class(OWNER, of="booking"),
    "meetings:look_again": Class(OWNER, get=405, post=302, of="booking"),
    "meetings:move": Class(OWNER, post=422, of="booking"),
    "meetings:cancel": Class(OWNER, post=302, of="booking"),
    "undo": Class(OWNER, post=302, of="change"),
    "look": Class(OWNER, get=405, post=302, of="change"),
    "dismiss": Class(OWNER, get=405, post=302, of="change"),
    "account:home": Class(SIGNED_IN),
    "account:connect": Class(SIGNED_IN, get=405, post=302),
    "account:connected": Class(SIGNED_IN, get=403, head=405),
    "account:leave": Class(SIGNED_IN, post=403),
    "account:come_back": Class(SIGNED_IN, get=405, post=302),
    "account:volunteer": Class(SIGNED_IN, get=405, post=302),
    "account:disconnect": Class(OWNER, post=302, of="grant"),
    "it:overview": Class(IT, query="tenant"),
    "it:access": Class(IT, query="tenant"),
    "it:bulk": Class(OPERATOR, get=405, post=302, query="tenant", form={"do": "remove", "id": "permission"}),
    "it:entry": Class(OPERATOR, post=302, query="tenant", row="permission", form={"do": "remove", "seen": "role"}),
    "it:give": Class(  # nobody may be added
        OPERATOR, get=404, post=404, query="tenant", of="person", is_page=False, looks="access.denied"
    ),
    "it:ask_deputy": Class(  # nobody has deputies
        OPERATOR, get=404, post=404, query="tenant", of="person", is_page=False, looks="access.denied"
    ),
    "it:end_deputy": Class(OPERATOR, post=302, query="tenant", of="deputy"),
    "it:jobs": Class(IT, query="tenant"),
    "it:job": Class(IT, query="tenant", of="job"),
    "it:job_progress": Class(IT, query="tenant", of="job", is_page=False),
    "it:confirm_job": Class(OPERATOR, get=405, post=302, query="tenant", of="checked"),
    "it:cancel_job": Class(OPERATOR, get=405, post=302, query="tenant", of="job"),
    "it:unsettled": Class(IT, query="tenant"),
    "it:look": Class(OPERATOR, get=405, post=302, query="tenant", of="unconfirmed"),
    "it:proposals": Class(IT, query="tenant"),
    "it:proposal": Class(IT, query="tenant", of="proposal"),
    "it:answer_proposal": Class(OPERATOR, get=405, post=302, query="tenant", of="proposal", form={"answer": "decline"}),
    "it:access_csv": Class(IT, query="tenant", looks="list.exported", is_page=False),
    "it:delegates": Class(IT, query="tenant"),
    "it:delegates_csv": Class(IT, query="tenant", looks="list.exported", is_page=False),
    "it:people": Class(IT, query="tenant"),
    "it:activity": Class(IT, query="tenant"),
    "it:activity_csv": Class(IT, query="tenant", looks="list.exported", is_page=False),
    "it:person": Class(IT, query="tenant", of="person", looks="person.viewed"),
    "it:permission_history": Class(IT, query="tenant", row="permission", looks="calendar.viewed"),
    "it:person_history": Class(IT, query="tenant", of="person", looks="person.viewed"),
    "it:person_on": Class(IT, query="tenant", of="person", looks="person.viewed"),
    "it:calendar": Class(IT, query="tenant", of="calendar", looks="calendar.viewed"),
    "it:calendar_history": Class(IT, query="tenant", of="calendar", looks="calendar.viewed"),
    "it:restore_calendar": Class(OPERATOR, get=405, post=302, query="tenant", of="calendar"),
    "it:calendar_on": Class(IT, query="tenant", of="calendar", looks="calendar.viewed"),
    "it:organizations": Class(IT, query="tenant"),
    "it:exchange": Class(IT, query="tenant"),
    "it:export_script": Class(IT, query="tenant", is_page=False),
    "it:upload_export": Class(OPERATOR, get=405, post=422, query="tenant"),
    "it:snapshot": Class(IT, query="tenant", of="snapshot"),
    "it:relationship": Class(IT, query="tenant", of="relationship"),
    "it:end_relationship": Class(OPERATOR, post=302, query="tenant", of="relationship", form={"how": "suspend"}),
    "it:relationship_tests": Class(IT, query="tenant", of="relationship"),
    "it:test_relationship": Class(OPERATOR, post=422, query="tenant", of="relationship"),
    "it:partner": Class(IT, query="tenant", of="partner"),
    "it:new_partner": Class(OPERATOR, post=422, query="tenant"),
    "it:change_partner": Class(
        OPERATOR,
        post=302,
        query="tenant",
        of="partner",
        form={"name": "Partner", "domains": "adatum.example", "level": "LimitedDetails"},
    ),
    "it:end_partner": Class(OPERATOR, post=302, query="tenant", of="partner"),
    "it:plan_partner": Class(
        OPERATOR, post=302, query="tenant", of="partner", form={"level": "LimitedDetails", "domains": "adatum.example"}
    ),
    "it:partner_tests": Class(IT, query="tenant", of="partner"),
    "it:test_partner": Class(OPERATOR, post=422, query="tenant", of="partner"),
    "it:sharing_policies": Class(IT, query="tenant"),
    "it:plan_policy": Class(
        OPERATOR, post=302, query="tenant", of="policy", form={"domain-0": "*", "level-0": "freeBusyRead"}
    ),
    "it:published": Class(IT, query="tenant"),
    "it:plans": Class(IT, query="tenant"),
    "it:plan": Class(IT, query="tenant", of="plan"),
    "it:answer_plan": Class(OPERATOR, get=405, post=302, query="tenant", of="plan", form={"answer": "cancel"}),
    "it:plan_script": Class(IT, query="tenant", of="plan", is_page=False),
    "setup:connections": Class(SETUP, query="tenant"),
    "setup:activity": Class(SETUP, query="tenant"),
    "setup:activity_csv": Class(SETUP, query="tenant", looks="list.exported", is_page=False),
    "setup:connect": Class(INSTALLATION, post=422),
    "setup:find_tenant": Class(INSTALLATION, get=405, post=302),
    "setup:found_tenant": Class(INSTALLATION, get=403, head=405),
    "setup:connecting": Class(SETUP, query="tenant"),
    "setup:connecting_progress": Class(SETUP, query="tenant", is_page=False),
    "setup:choices": Class(SETUP, post=409, query="tenant"),
    "setup:make_link": Class(SETUP, get=405, post=302, query="tenant", form={"asks": "read"}),
    "setup:cancel_connecting": Class(SETUP, get=405, post=302, query="tenant"),
    "setup:confirm_link": Class(SETUP, post=302, query="tenant"),
    "setup:credentials": Class(INSTALLATION),
    "setup:credentials_progress": Class(INSTALLATION, is_page=False),
    "setup:make_certificate": Class(INSTALLATION, get=405, post=302, form={"app": "reader"}),
    "setup:client_secret": Class(INSTALLATION, post=422),
    "setup:certificate": Class(INSTALLATION, of="credential", is_page=False),
    "setup:try_credential": Class(INSTALLATION, get=405, post=302, of="credential"),
    "setup:use_credential_again": Class(INSTALLATION, get=405, post=302, of="credential_before"),
    "setup:erase_credential": Class(INSTALLATION, post=302, of="credential"),
    "setup:disclosure": Class(SETUP, query="tenant"),
    "setup:past": Class(SETUP, post=302, query="tenant", form={"days": ""}),
    "setup:exchange_log": Class(SETUP, get=405, post=422, query="tenant"),
    "setup:meetings": Class(SETUP, post=409, query="tenant", form={"on": "yes"}),
    "setup:outbox": Class(SETUP, query="tenant"),
    "setup:limit": Class(SETUP, post=302, query="tenant", form={"group": "group"}),
    "setup:limit_progress": Class(SETUP, query="tenant", is_page=False),
    "setup:test_limit": Class(SETUP, get=405, post=302, query="tenant"),
    "setup:lift_limit": Class(SETUP, post=302, query="tenant"),
    "setup:changing": Class(SETUP, post=302, query="tenant", form={"on": "no"}),
    "setup:rules": Class(SETUP, get=302, post=302, query="tenant", form={"creates_on": "on"}, is_page=False),
    "setup:freeze": Class(SETUP, post=302, query="tenant"),
    "setup:thaw": Class(SETUP, get=302, post=302, query="tenant", is_page=False),
    "setup:locks": Class(SETUP, post=302, query="tenant", form={"disconnect": "on"}),
    "setup:end": Class(SETUP, post=302, query="tenant", form={"how": "keep"}),
    "setup:invitations": Class(SETUP, post=200, query="tenant", form={"addresses": "newcomer"}),
    "setup:withdraw": Class(SETUP, get=405, post=302, query="tenant", row="invitation"),
    "setup:users": Class(SETUP, query="tenant"),
    "setup:users_csv": Class(SETUP, query="tenant", looks="list.exported", is_page=False),
    "setup:disconnect_mailbox": Class(SETUP, post=302, query="tenant", of="mailbox"),
    "setup:reconnect_mailbox": Class(SETUP, get=405, post=302, query="tenant", of="mailbox"),
    "setup:mailbox": Class(SETUP, post=422, query="tenant", of="mailbox", form={"address": ""}),
    "setup:check_mailbox": Class(SETUP, get=405, post=302, query="tenant", of="mailbox"),
    "setup:end_stewardship": Class(SETUP, get=405, post=302, query="tenant", of="mailbox", row="stewardship"),
    "setup:stewards": Class(SETUP, query="tenant"),
    "setup:roles": Class(SETUP, post=302, query="tenant", form={"address": "newcomer", "role": "reviewer"}),
    "setup:remove_role": Class(SETUP, post=302, query="tenant", row="assignment"),
    "setup:runs": Class(SETUP, query="tenant"),
    "setup:check": Class(SETUP, get=405, post=302, query="tenant"),
    "setup:run": Class(SETUP, query="tenant", of="run"),
    "setup:run_progress": Class(SETUP, query="tenant", of="run", is_page=False),
    "setup:accept_run": Class(SETUP, post=302, query="tenant", of="held"),
    "setup:reject_run": Class(SETUP, post=302, query="tenant", of="held"),
}
