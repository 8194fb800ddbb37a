"""Who shares which calendar with whom at reset, outside Microsoft's own example."""

N = "none"
BUSY = "freeBusyRead"
TITLES = "limitedRead"
READ = "read"
WRITE = "write"
DELEGATE = "delegateWithoutPrivateEventAccess"
PRIVATE = "delegateWithPrivateEventAccess"
CUSTOM = "custom"

# Owner's alias: further calendars.
CALENDARS = {
    "MeganB": ("Office moves",),
    "AdeleV": ("Store openings",),
    "AllanD": ("Leadership offsites", "On call"),
    "JoniS": ("Supplier visits",),
    "PradeepG": ("Launch plan",),
    "GradyA": ("Shared lab", "Experiments"),
    "LeeG": ("Factory shifts",),
    "LynneR": ("Spring conference", "Autumn conference"),
    "DiegoS": ("Interviews",),
    "MiriamG": ("Campaigns",),
    "HenriettaM": ("Closing dates", "United States holidays"),
    "TarekH": ("Sales visits", "Team leave"),
    "JonasE": ("Deliveries",),
    "DeliaD": tuple(f"Studio {number}" for number in range(1, 14)),
    "sinead.o'connor": ('"Quoted", <em>it\'s</em> & co',),
    "zoem": ("🎂 Geburtstage", "..", "calendar"),
    "nour": ("تقويم الفريق",),
    "excel": ("=1+1", "+cmd", "@mention"),
    "maximilian": ("A calendar name that goes on " * 8,),
    "zalgo": ("C\u0337\u0322a\u0336l\u0338",),
    "facilities": ("Lift maintenance",),
}

# Owner, calendar (None: the primary one), address (no @: alias at Contoso), role.
SHARES = (
    ("NestorW", None, "MeganB", DELEGATE),
    ("LidiaH", None, "MeganB", PRIVATE),
    ("JohannaL", None, "MeganB", DELEGATE),
    ("MiriamG", None, "MeganB", PRIVATE),
    ("AllanD", "Leadership offsites", "MeganB", WRITE),
    ("MeganB", None, "AdeleV", WRITE),
    ("MeganB", None, "ruth.almeida@fabrikam.com", TITLES),
    ("MeganB", "Office moves", "FionaM", WRITE),
    ("AllanD", None, "AdeleV", DELEGATE),
    ("AllanD", "On call", "VikramS", WRITE),
    ("AllanD", "On call", "CarmenL", WRITE),
    ("AllanD", "On call", "IsaiahL", READ),
    ("IsaiahL", None, "VikramS", READ),
    ("LidiaH", None, "PradeepG", READ),
    ("LidiaH", None, "YunaK", TITLES),
    ("AdeleV", "Store openings", "ChristieC", WRITE),
    ("AdeleV", "Store openings", "launch@tailspintoys.com", READ),
    ("NestorW", None, "PattiF@fabrikam.com", READ),
    ("NestorW", None, "JonasE", TITLES),
    ("DiegoS", None, "EmilyB", PRIVATE),
    ("DiegoS", None, "MalloryC", READ),
    ("DiegoS", "Interviews", "MalloryC", WRITE),
    ("DiegoS", "Interviews", "council", READ),
    ("GradyA", None, "EnricoC", DELEGATE),
    ("GradyA", None, "GerhartM", CUSTOM),
    ("GradyA", "Shared lab", "piet@tailspintoys.com", READ),
    ("GradyA", "Shared lab", "sales~emea@northwindtraders.com", BUSY),
    ("GradyA", "Shared lab", "AishaB", WRITE),
    ("GradyA", "Shared lab", "BrianJ", WRITE),
    ("GradyA", "Experiments", "RaulR", CUSTOM),
    ("LeeG", None, "MiriamG", PRIVATE),
    ("LeeG", None, "RebekaS", WRITE),
    ("LeeG", None, "executives", READ),
    ("LeeG", "Factory shifts", "IrvinS", WRITE),
    ("LeeG", "Factory shifts", "RebekaS", WRITE),
    ("LeeG", "Factory shifts", "OwenF", READ),
    ("HenriettaM", None, "JoniS", PRIVATE),
    ("HenriettaM", None, "DebraB", PRIVATE),
    ("HenriettaM", "Closing dates", "KatriA", WRITE),
    ("HenriettaM", "Closing dates", "audit@northwindtraders.com", READ),
    ("DiegoS", None, "DebraB", DELEGATE),
    ("JohannaL", None, "DebraB", DELEGATE),
    ("EnricoC", None, "DebraB", PRIVATE),
    ("EnricoC", None, "counsel@northwindtraders.com", READ),
    ("LynneR", None, "ChristieC", DELEGATE),
    ("JoniS", "Supplier visits", "sam.okafor@northwindtraders.com", READ),
    ("JoniS", "Supplier visits", "ChristieC", READ),
    ("PradeepG", None, "YunaK", READ),
    ("PradeepG", "Launch plan", "tomas.rey@tailspintoys.com", READ),
    ("PradeepG", "Launch plan", "launch", WRITE),
    ("PradeepG", "Launch plan", "grace@tailspintoys.com", TITLES),
    ("MiriamG", "Campaigns", "marketing", WRITE),
    ("MiriamG", "Campaigns", "agency@tailspintoys.com", READ),
    ("TarekH", None, "SaraN", PRIVATE),
    ("TarekH", "Sales visits", "sales", READ),
    ("TarekH", "Sales visits", "orders@northwindtraders.com", TITLES),
    ("JonasE", "Deliveries", "WillemD", WRITE),
    ("JonasE", "Deliveries", "MarkK", READ),
    ("KatriA", None, "NoorA", READ),
    ("DeliaD", "Studio 1", "LucaR", WRITE),
    ("DeliaD", "Studio 2", "LucaR", READ),
    ("GerhartM", None, "HiroT", READ),
    ("FionaM", None, "WillemD", TITLES),
    ("sinead.o'connor", None, "zoem", WRITE),
    ("zoem", "🎂 Geburtstage", "nour", READ),
    ("zoem", "..", "excel", READ),
    ("nour", None, "kobi", PRIVATE),
    ("kobi", None, "maximilian", READ),
    ("excel", "=1+1", "hotline", WRITE),
    ("excel", "=1+1", "sum", READ),
    ("maximilian", None, "bobby", WRITE),
    ("bobby", None, "braces", READ),
    ("zalgo", None, "renee", READ),
    ("renee", None, "zalgo", TITLES),
    ("hidden", None, "drop", READ),
    ("drop", None, "astral", WRITE),
    ("astral", None, "tabbed", READ),
    ("hotline", None, "minus", READ),
    ("reception", None, "FionaM", WRITE),
    ("reception", None, "SaraN", READ),
    ("facilities", "Lift maintenance", "FionaM", WRITE),
    ("press", None, "MiriamG", WRITE),
    ("press", None, "newsroom@tailspintoys.com", TITLES),
    ("adams", None, "FionaM", WRITE),
    ("crystal", None, "MeganB", WRITE),
)

FABRIKAM_SHARES = (
    ("PattiF", None, "MollyC@fabrikam.com", PRIVATE),
    ("PattiF", None, "NestorW@contoso.com", TITLES),
    ("RuthA", None, "MeganB@contoso.com", READ),
    ("RuthA", None, "ToniP@fabrikam.com", WRITE),
    ("GarthF", None, "ChristieC@contoso.com", READ),
)

# Owner, calendar, what My Organization may see, where it differs from the default.
ORGANIZATION = (
    ("IsaiahL", None, TITLES),
    ("JoniS", None, READ),
    ("DiegoS", None, TITLES),
    ("KatriA", None, READ),
    ("LucaR", None, TITLES),
    ("RaulR", None, READ),
    ("MateoV", None, N),
    ("TarekH", "Team leave", WRITE),
    ("LynneR", "Spring conference", READ),
    ("adams", None, TITLES),
    ("baker", None, READ),
    ("crystal", None, TITLES),
    ("van", None, TITLES),
)

# Calendars in the list of somebody whose owner is outside this cloud: (owner's name, address), name.
FROM_OUTSIDE = (("LeeG", ("Wendy Kahn", "wendy@tailspintoys.com"), "Wendy Kahn"),)

# Who gets the meeting requests, where it is not the delegates alone.
DELIVERY_CHOICES = {
    "NestorW": "sendToDelegateAndPrincipal",
    "LidiaH": "sendToDelegateAndInformationToPrincipal",
    "JohannaL": "sendToDelegateAndPrincipal",
    "TarekH": "sendToDelegateAndInformationToPrincipal",
    "PattiF": "sendToDelegateAndPrincipal",
}

# Automatic replies: status, from, until.
REPLIES = {
    "YunaK": ("scheduled", "2026-12-21T08:00:00.0000000", "2027-01-04T08:00:00.0000000"),
    "RaulR": ("alwaysEnabled", "2026-01-01T00:00:00.0000000", "2026-01-02T00:00:00.0000000"),
}

# The calendar with very many sharees: owner, calendar, how many inside and outside.
CROWDED = ("LynneR", "Autumn conference", 45, 15)
# Shared by invitation only: nobody took it up, so it stands in no sharee's list.
UNACCEPTED = {("KatriA", "NoorA"), ("GerhartM", "HiroT")}
