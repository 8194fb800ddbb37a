"""Words the tests of the Graph side share: paths, callers, and the code of a refusal."""

import json

from sandbox import cast, ids
from sandbox.caller import Caller

USERS = "/v1.0/users"
ALEX = f"{USERS}/AlexW@contoso.com"
KIDS = f"{ALEX}/calendars/{cast.ALEX_KIDS_PARTIES}"
PRIMARY = f"{ALEX}/calendar"
KIDS_PATH = f"users/AlexW@contoso.com/calendars/{cast.ALEX_KIDS_PARTIES}"  # without the version
ADELES_PATH = f"/{KIDS_PATH}/calendarPermissions/{cast.ADELES_ROW}"
DEFAULT = ids.ORGANIZATION_ROW


def caller(*roles, oid=None, tid=cast.CONTOSO):
    """An application with these app roles, or with an oid a person with these scopes."""
    held = frozenset(roles)
    return Caller(cast.PORTAL_APP, tid, oid, frozenset() if oid else held, held if oid else frozenset())


def code(response):
    """What the refusal is called; fails for an answer that is none."""
    return json.loads(response.body)["error"]["code"]
