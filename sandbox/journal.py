"""The last twelve weeks, newest first: how many days ago, and the change that takes the entry back.

So "Megan was given write" stands here as the unshare that leads to the world before it. `State.journal` turns the list
round and finds what each entry did.
"""

from typing import Any

from sandbox import cast
from sandbox.shares import BUSY, DELEGATE, PRIVATE, READ, TITLES, WRITE

Change = dict[str, Any]


def _at(do: str, owner: str, calendar: str | None, **fields: str) -> Change:
    where = {"calendar": calendar} if calendar else {}
    return {"do": do, "mailbox": _address(owner), **where, **fields}


def _address(who: str) -> str:
    return who if "@" in who or who in ("Default", cast.ALEX) else f"{who}@contoso.com"


def given(owner: str, who: str, calendar: str | None = None) -> Change:
    return _at("unshare", owner, calendar, who=_address(who))


def taken(owner: str, who: str, role: str, calendar: str | None = None) -> Change:
    return _at("share", owner, calendar, who=_address(who), role=role)


def was(owner: str, who: str, role: str, calendar: str | None = None) -> Change:
    return _at("role", owner, calendar, who=_address(who), role=role)


def made(owner: str, calendar: str) -> Change:
    return _at("delete_calendar", owner, calendar)


def closed(owner: str, name: str) -> Change:
    return _at("add_calendar", owner, None, name=name)


def sent(owner: str, option: str) -> Change:
    return _at("delivery", owner, None, option=option)


KIDS = cast.ALEX_KIDS_PARTIES
ONLY, BOTH = "sendToDelegateOnly", "sendToDelegateAndPrincipal"

PAST: list[tuple[float, Change]] = [
    (1.2, given("JoniS", "sam.okafor@northwindtraders.com", "Supplier visits")),
    (2.3, given("LynneR", "PriyaR", "Autumn conference")),
    (2.6, _at("purge_user", "PriyaR", None)),
    (3.4, was("NestorW", "PattiF@fabrikam.com", BUSY)),
    (5.1, was("LucaR", "Default", BUSY)),
    (6.5, _at("enable_user", "EmilyB", None)),
    (8.2, was(cast.ALEX, "MeganB@contoso.com", DELEGATE)),
    (9.0, given("LeeG", "executives")),
    (10.3, given("AllanD", "MeganB", "Leadership offsites")),
    (12.6, sent("NestorW", ONLY)),
    (13.4, taken("GerhartM", "RaulR", WRITE)),
    (15.2, _at("restore_user", "IrvinS", None)),
    (16.1, given("GradyA", "piet@tailspintoys.com", "Shared lab")),
    (17.5, _at("mailbox_state", "NoorA", None, state="ok")),
    (19.3, given("LynneR", "ChristieC")),
    (20.2, _at("restore_user", "BrianJ", None)),
    (22.4, was("KatriA", "Default", TITLES)),
    (23.1, made("DeliaD", "Studio 13")),
    (24.6, given("JohannaL", "MeganB")),
    (26.0, closed("MiriamG", "Summer fair")),
    (27.3, taken("LidiaH", "AdeleV", TITLES)),
    (29.2, was("MiriamG", "MeganB", DELEGATE)),
    (30.5, given("PradeepG", "tomas.rey@tailspintoys.com", "Launch plan")),
    (33.1, was(cast.ALEX, "AdeleV@contoso.com", TITLES, KIDS)),
    (34.4, given("DiegoS", "DebraB")),
    (36.2, taken("NestorW", "MiriamG", DELEGATE)),
    (38.3, _at("rename_user", "FionaM", None, name="Fiona Grant")),
    (40.1, given(cast.ALEX, "MeganB@contoso.com", KIDS)),
    (40.2, given(cast.ALEX, "AdeleV@contoso.com", KIDS)),
    (42.5, sent("JohannaL", ONLY)),
    (44.2, was("RaulR", "Default", BUSY)),
    (45.6, taken("EnricoC", "partner@northwindtraders.com", READ)),
    (47.3, given("AllanD", "AdeleV")),
    (50.1, _at("rename_calendar", "TarekH", "Sales visits", name="Visits")),
    (52.4, given("HenriettaM", "audit@northwindtraders.com", "Closing dates")),
    (54.2, taken("HenriettaM", "consult@tailspintoys.com", TITLES, "Closing dates")),
    (56.3, _at("enable_user", "JonasE", None)),
    (58.0, was("MeganB", "AdeleV", READ)),
    (60.5, given(cast.ALEX, "MeganB@contoso.com")),
    (62.1, given("LeeG", "MiriamG")),
    (63.4, sent("TarekH", BOTH)),
    (65.2, taken("TarekH", "IngridB", PRIVATE)),
    (68.3, given("MeganB", "ruth.almeida@fabrikam.com")),
    (70.4, was("TarekH", "Default", READ, "Team leave")),
    (72.1, given("press", "newsroom@tailspintoys.com")),
    (74.5, taken("CarmenL", "VikramS", READ)),
    (77.2, was("zoem", "nour", BUSY, "🎂 Geburtstage")),
    (79.3, given("facilities", "FionaM", "Lift maintenance")),
    (81.6, taken("SaraN", "MateoV", WRITE)),
    (83.0, given("AdeleV", "launch@tailspintoys.com", "Store openings")),
]
