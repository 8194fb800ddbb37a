"""users, users/{id} and users/delta."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.graph import settings
from sandbox.graph.call import Call, chosen, collection, entity
from sandbox.graph.errors import Refusal
from sandbox.graph.paging import directory_page, sealed, unsealed
from sandbox.graph.query import filtered
from sandbox.http import Response
from sandbox.rows import User

DEFAULTS = (
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
DELTA_PAGE = 200
DELTA_TOKEN_LIFE = timedelta(days=7)
_OFF_STORE = {"mailboxsettings", "aboutme", "birthday", "skills", "schools", "interests", "mysite"}


def whole(call: Call, user: User) -> dict[str, Any]:
    """Every property this directory keeps."""
    given, _, surname = user.display_name.partition(" ")
    guest = user.user_type == "Guest"
    address = user.mail or user.upn
    sign_in = "federated" if guest else "userPrincipalName"
    return {
        "id": user.oid,
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": given or None,
        "jobTitle": user.job_title,
        "mail": user.mail,
        "mobilePhone": None,
        "officeLocation": user.office,
        "preferredLanguage": None,
        "surname": surname or None,
        "userPrincipalName": user.upn,
        "accountEnabled": user.account_enabled,
        "assignedLicenses": [],
        "assignedPlans": [] if user.mailbox_state == "unlicensed" else user.assigned_plans,
        "city": None,
        "companyName": None if guest else call.tenant.name,
        "createdDateTime": user.created_at,
        "creationType": "Invitation" if guest else None,
        "deletedDateTime": user.deleted_at,
        "department": user.department,
        "employeeId": None,
        "employeeType": None,
        "externalUserState": "Accepted" if guest else None,
        "identities": [
            {
                "signInType": sign_in,
                "issuer": call.tenant.domains[-1],
                "issuerAssignedId": None if guest else user.upn,
            }
        ],
        "isResourceAccount": None,
        "mailNickname": address.split("@")[0],
        "onPremisesSyncEnabled": True if user.mailbox_state == "on_premises" else user.on_premises_sync,
        "otherMails": [address] if guest else [],
        "proxyAddresses": user.proxy_addresses,
        "showInAddressList": None,
        "usageLocation": call.tenant.country,
        "userType": user.user_type,
    }


def wanted(call: Call, *, is_own: bool = False) -> list[str]:
    """The properties `$select` names, as the schema spells them, the default ones without it. Raises Refusal.

    User.Read opens the whole of one's own profile (https://learn.microsoft.com/graph/permissions-reference#userread).
    """
    if "$select" not in call.params:
        return list(DEFAULTS)
    names = [name.strip() for name in call.params["$select"].split(",") if name.strip()]
    known = {name.lower(): name for name in whole(call, _NOBODY)}
    for name in names:
        if name.lower() not in known and name.lower() not in _OFF_STORE:
            message = f"Could not find a property named '{name}' on type 'microsoft.graph.user'."
            raise Refusal("BadRequest", message=message)
    basic = {name.lower() for name in DEFAULTS}
    if not is_own and not call.may("users in full") and not basic.issuperset(name.lower() for name in names):
        raise Refusal("Authorization_RequestDenied")
    return [known.get(name.lower(), name) for name in names]


_NOBODY = User("", "", "")


def shown(call: Call, user: User, names: list[str]) -> dict[str, Any]:
    value = whole(call, user)
    return {"id": user.oid, **{name: value[name] for name in names if name in value}}


def list_users(call: Call) -> Response:
    call.only("GET")
    call.need("users", "Authorization_RequestDenied")
    names = wanted(call)
    if not _OFF_STORE.isdisjoint(name.lower() for name in names):
        raise Refusal("NotImplemented")
    users = list(call.tenant.users.values())
    if not call.params.keys().isdisjoint(("$filter", "$orderby", "$search", "$count")):
        kept = filtered(call, [whole(call, user) for user in users])
        users = [call.tenant.users[row["id"]] for row in kept]
    page, link = directory_page(call, users, "users")
    context = call.context(f"users({','.join(names)})" if "$select" in call.params else "users")
    first = call.params.get("$count", "").lower() == "true" and "$skiptoken" not in call.params
    rows = [shown(call, user, names) for user in page]
    return collection(context, rows, count=len(users) if first else None, nextLink=link)


def get_user(call: Call, key: str) -> Response:
    """One user; `$select=mailboxSettings` works here and not in a list."""
    call.only("GET")
    user = call.tenant.user(key)
    is_own = user is not None and call.caller.oid == user.oid
    call.need("self" if is_own else "users", "Authorization_RequestDenied")
    if user is None:
        raise Refusal("Request_ResourceNotFound", key)
    names = wanted(call, is_own=is_own and call.may("self"))
    value = shown(call, user, names)
    if "mailboxsettings" in {name.lower() for name in names}:
        owner = call.mailbox_user(user.oid, "read settings")
        value["mailboxSettings"] = settings.whole(call, owner)
    shape = f"users({','.join(names)})/$entity" if "$select" in call.params else "users/$entity"
    return entity(call.context(shape), value)


def get_manager(call: Call, key: str) -> Response:
    call.only("GET")
    call.need("users in full", "Authorization_RequestDenied")
    user = call.tenant.user(key)
    manager = call.tenant.users.get(user.manager or "") if user else None
    if manager is None:
        raise Refusal("Request_ResourceNotFound", "manager" if user else key)
    value = chosen(shown(call, manager, list(DEFAULTS)), call.params.get("$select"))
    return entity(call.context("directoryObjects/$entity"), {"@odata.type": "#microsoft.graph.user", **value})


def delta(call: Call) -> Response:
    """All users, page by page, then only those that changed since the token; `@removed` for those who left."""
    call.only("GET")
    call.need("users in full", "Authorization_RequestDenied")
    for option in ("$top", "$expand", "$orderby", "$search", "$count"):
        if option in call.params:
            message = f"The query option '{option}' is not supported."
            raise Refusal("Request_UnsupportedQuery", status=400, message=message)
    newest = call.tenant.changes[-1][0] if call.tenant.changes else 0
    token = call.params.get("$deltatoken") or call.params.get("$skiptoken")
    round: dict[str, Any] = {"since": None, "after": "", "to": newest}
    if not token:
        round["names"] = wanted(call)
    elif token.lower() == "latest":
        return _delta_page(call, [], {**round, "names": wanted(call), "since": newest})
    else:
        round = unsealed(token, "names", "since", "after", "to", "made", "epoch")
        _mind_age(call, round)
        if call.params.get("$deltatoken"):
            round |= {"since": round["to"], "after": "", "to": newest, "emptied": False}
    tenant, since, after = call.tenant, round["since"], round["after"]
    if since is None:
        everybody = {*tenant.users, *tenant.deleted}
    else:
        everybody = {oid for at, oid in tenant.changes if since < at <= round["to"]}
    if call.switches.delta_empty_pages and not after and not round.get("emptied"):
        return _delta_page(call, [], round, {**round, "emptied": True})
    # In the order of ids, so that nobody is skipped when another leaves between two pages.
    rest = sorted(oid for oid in everybody if oid > after)
    page, more = rest[:DELTA_PAGE], len(rest) > DELTA_PAGE
    following = {**round, "after": page[-1]} if more else None
    if call.switches.delta_replays and after in everybody:
        page = [after, *page]
    return _delta_page(call, page, round, following)


def _delta_page(
    call: Call, oids: list[str], round: dict[str, Any], following: dict[str, Any] | None = None
) -> Response:
    rows = []
    for oid in oids:
        user = call.tenant.users.get(oid)
        if user:
            rows.append(shown(call, user, round["names"]))
        else:
            rows.append({"id": oid, "@removed": {"reason": "changed" if oid in call.tenant.deleted else "deleted"}})
    mark = {"made": call.now.isoformat(), "epoch": call.state.epoch}
    if following:
        links = {"nextLink": f"{call.root}/users/delta?$skiptoken={sealed({**following, **mark})}"}
    else:
        links = {"deltaLink": f"{call.root}/users/delta?$deltatoken={sealed({**round, **mark})}"}
    return collection(call.context(f"users({','.join(round['names'])})"), rows, **links)


def _mind_age(call: Call, round: dict[str, Any]) -> None:
    old = call.now - datetime.fromisoformat(round["made"]) > DELTA_TOKEN_LIFE
    old = old or round["epoch"] != call.state.epoch  # of a world before the last reset
    if old or call.switches.delta_gone:
        # The Location is where a full round begins again.
        raise Refusal(
            "syncStateNotFound" if old else "resyncRequired",
            status=410,
            message="The sync state generation is not found; a full sync is required.",
            Location=f"{call.root}/users/delta?$deltatoken=",
        )
