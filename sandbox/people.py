"""The people who are not in the cast, the rooms, the shared mailboxes, the groups, the guests and the contacts."""

from typing import Any

# Alias, display name, job title, department, manager's alias.
PEOPLE = (
    ("NestorW", "Nestor Wilke", "Operations Director", "Operations", "AlexW"),
    ("JohannaL", "Johanna Lorenz", "Engineering Director", "Engineering", "AlexW"),
    ("LeeG", "Lee Gu", "Manufacturing Director", "Manufacturing", "NestorW"),
    ("MiriamG", "Miriam Graham", "Marketing Director", "Marketing", "AlexW"),
    ("DiegoS", "Diego Siciliani", "HR Director", "People", "AlexW"),
    ("LynneR", "Lynne Robbins", "Events Planner", "Marketing", "MiriamG"),
    ("HenriettaM", "Henrietta Mueller", "Finance Director", "Finance", "AlexW"),
    ("GradyA", "Grady Archie", "Lab Lead", "Engineering", "JohannaL"),
    ("JoniS", "Joni Sherman", "Paralegal", "Legal", "EnricoC"),
    ("EnricoC", "Enrico Cattaneo", "Attorney", "Legal", "AlexW"),
    ("EmilyB", "Emily Braun", "HR Assistant", "People", "DiegoS"),
    ("ChristieC", "Christie Cline", "Buyer", "Purchasing", "NestorW"),
    ("PradeepG", "Pradeep Gupta", "Product Lead", "Products", "LidiaH"),
    ("IrvinS", "Irvin Sayers", "Project Lead", "Manufacturing", "LeeG"),
    ("DebraB", "Debra Berger", "Executive Assistant", "Finance", "HenriettaM"),
    ("BenW", "Ben Walters", "Archivist", "Legal", "EnricoC"),
    ("CameronW", "Cameron White", "Analyst", "Finance", "HenriettaM"),
    ("BiancaP", "Bianca Pisani", "Works Council Chair", "People", None),
    ("DeliaD", "Delia Dennis", "Studio Manager", "Marketing", "MiriamG"),
    ("GerhartM", "Gerhart Moller", "Senior Engineer", "Engineering", "JohannaL"),
    ("RaulR", "Raul Razo", "Engineer", "Engineering", "GradyA"),
    ("MalloryC", "Mallory Cortez", "Recruiter", "People", "DiegoS"),
    ("KatriA", "Katri Ahokas", "Controller", "Finance", "HenriettaM"),
    ("RebekaS", "Rebeka Szabó", "Shift Manager", "Manufacturing", "LeeG"),
    ("YunaK", "Yuna Kim", "Designer", "Products", "PradeepG"),
    ("OwenF", "Owen Fitzgerald", "Field Technician", "Manufacturing", "LeeG"),
    ("PriyaR", "Priya Raman", "Trainee", "People", "DiegoS"),
    ("TarekH", "Tarek Haddad", "Sales Lead", "Sales", "NestorW"),
    ("IngridB", "Ingrid Björk", "Account Manager", "Sales", "TarekH"),
    ("MateoV", "Mateo Vargas", "Account Manager", "Sales", "TarekH"),
    ("SaraN", "Sara Novák", "Sales Assistant", "Sales", "TarekH"),
    ("JonasE", "Jonas Eriksson", "Warehouse Lead", "Operations", "NestorW"),
    ("AishaB", "Aisha Bello", "Quality Engineer", "Engineering", "GradyA"),
    ("HiroT", "Hiro Tanaka", "Engineer", "Engineering", "GerhartM"),
    ("LucaR", "Luca Romano", "Copywriter", "Marketing", "DeliaD"),
    ("NoorA", "Noor Abbas", "Payroll Clerk", "Finance", "KatriA"),
    ("WillemD", "Willem Dekker", "Driver", "Operations", "JonasE"),
    ("FionaM", "Fiona MacLeod", "Office Manager", "Operations", "NestorW"),
    ("VikramS", "Vikram Singh", "Support Engineer", "IT", "AllanD"),
    ("CarmenL", "Carmen Lopez", "Support Engineer", "IT", "AllanD"),
    ("BrianJ", "Brian Johnson", "Engineer", "Engineering", "GradyA"),
    ("MarkK", "Mark Kyle", "Driver", "Operations", "JonasE"),
)

LONG = "Maximilian " + "von und zu Hohenstein-" * 9 + "Wolkenburg (Interim, Sites North and East)"
# Names that break careless software. Alias, display name.
NASTY = (
    ("sinead.o'connor", 'Sinéad "Shea" O\'Connor'),
    ("zoem", "Zoë 🎉 Müller 👩🏽‍💻"),
    ("nour", "نور الهاشمي"),
    ("kobi", "קובי לוי (Kobi) \u202egpj.exe\u202c"),
    ("maximilian", LONG),
    ("excel", '=HYPERLINK("https://example.com","Click here")'),
    ("hotline", "+1 (425) 555-0100 Hotline"),
    ("sum", "@SUM(A1:A9)"),
    ("minus", "-2+3 Minus"),
    ("bobby", "<b>Bobby</b> <script>alert('Tables')</script>"),
    ("braces", "{{ 7*7 }} {% Braces %} ${7*7}"),
    ("zalgo", "Z\u0337\u0322a\u0336\u031bl\u0338\u0328g\u0335\u0322o\u0334\u0321 Rene\u0301e"),
    ("renee", "Z\u0337\u0322 Renée"),
    ("hidden", "Ann\u200bLee\u00ad Soft \ufeffHidden"),
    ("drop", "Robert'); DROP TABLE people;--"),
    ("astral", "𝕱𝖗𝖆𝖐𝖙𝖚𝖗 𠮷野家"),
    ("tabbed", "Tab\tand \\backslash\\ /slash/ %2e%2e"),
    ("nullish", "null"),
)

# Alias, display name, purpose.
RESOURCES = (
    ("adams", "Conf Room Adams", "room"),
    ("baker", "Conf Room Baker", "room"),
    ("crystal", "Conf Room Crystal", "room"),
    ("rainier", "Conf Room Rainier", "room"),
    ("van", "Projector Van", "equipment"),
    ("reception", "Reception", "shared"),
    ("facilities", "Facilities", "shared"),
    ("press", "Press Office", "shared"),
)

# Alias (None: no mail), name, security enabled, Microsoft 365 group, members: aliases of people and of groups above,
# addresses of contacts. Who is in a group within a group is below it, but none of its direct members.
GROUPS = (
    ("executives", "Executives", True, False, ("AlexW", "NestorW", "JohannaL", "MiriamG", "HenriettaM", "DiegoS")),
    ("studio", "Studio", True, False, ("DeliaD", "LucaR", "agency@tailspintoys.com")),
    ("marketing", "Marketing", True, False, ("MiriamG", "LynneR", "DeliaD", "studio")),
    ("sales", "Sales Team", True, False, ("TarekH", "IngridB", "MateoV", "SaraN")),
    (
        "everyone",
        "Everyone at Contoso",
        False,
        False,
        ("AlexW", "MeganB", "AdeleV", "executives", "marketing", "sales"),
    ),
    ("launch", "Launch Project", False, True, ("PradeepG", "YunaK", "LidiaH")),
    (None, "Calendar Readers (security)", True, False, ("IsaiahL", "LidiaH", "sales")),
    ("council", "Works Council", False, True, ("BiancaP", "EmilyB", "RebekaS")),
)
# Whose members nobody sees without a permission of its own.
HIDDEN_GROUPS = ("council",)

# Address, display name, company, further address.
CONTACTS = (
    ("agency@tailspintoys.com", "Tailspin Agency", "Tailspin Toys", None),
    ("hello@northwindtraders.com", "Northwind Order Desk", "Northwind Traders", "orders@northwindtraders.com"),
    ("taxi@litware.com", "Litware Taxi", "Litware", None),
)

# Address, display name.
GUESTS = (
    ("sam.okafor@northwindtraders.com", "Sam Okafor"),
    ("piet@tailspintoys.com", "Piet de Vries"),
)

FABRIKAM_PEOPLE = (
    ("RuthA", "Ruth Almeida", "Partner Manager", "Partners", "PattiF"),
    ("GarthF", "Garth Fort", "Buyer", "Purchasing", "PattiF"),
    ("MollyC", "Molly Clark", "Assistant", "Board", "PattiF"),
    ("ToniP", "Toni Poe", "Engineer", "Engineering", "RuthA"),
    ("DanP", "Dan Park", "Driver", "Operations", "GarthF"),
)

# Alias: time zone, locale.
PLACES = {
    "JohannaL": ("W. Europe Standard Time", "de-DE"),
    "GerhartM": ("W. Europe Standard Time", "de-DE"),
    "HenriettaM": ("GMT Standard Time", "en-GB"),
    "FionaM": ("GMT Standard Time", "en-GB"),
    "HiroT": ("Tokyo Standard Time", "ja-JP"),
    "TarekH": ("Arab Standard Time", "ar-SA"),
    "nour": ("Arab Standard Time", "ar-SA"),
    "PradeepG": ("India Standard Time", "en-GB"),
    "AishaB": ("Nepal Standard Time", "en-GB"),
    "CarmenL": ("Cen. Australia Standard Time", "en-GB"),
    "ToniP": ("Newfoundland Standard Time", "en-US"),
}

# Alias: working hours that are not Monday to Friday, 8 to 17; a driver made himself a time zone of his own.
HOURS: dict[str, dict[str, Any]] = {
    "LynneR": {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday"],
        "startTime": "09:00:00.0000000",
        "endTime": "13:30:00.0000000",
    },
    "DanP": {
        "daysOfWeek": ["tuesday", "wednesday", "saturday", "sunday"],
        "startTime": "05:15:00.0000000",
        "endTime": "11:45:00.0000000",
    },
    "WillemD": {
        "timeZone": {
            "@odata.type": "#microsoft.graph.customTimeZone",
            "name": "Customized Time Zone",
            "bias": -60,
            "standardOffset": {
                "time": "03:00:00.0000000", "dayOccurrence": 5, "dayOfWeek": "sunday", "month": 10, "year": 0,
            },
            "daylightOffset": {
                "daylightBias": -60,
                "time": "02:00:00.0000000", "dayOccurrence": 5, "dayOfWeek": "sunday", "month": 3, "year": 0,
            },
        }
    },
}  # fmt: skip

# Alias: how its mailbox stands.
STATES = {
    "NoorA": "unlicensed",
    "OwenF": "on_premises",
    "PriyaR": "provisioning",
    "BiancaP": "policy_blocked",
    "CameronW": "store_error",
    "BenW": "unsupported",
    "IrvinS": "soft_deleted",
    "BrianJ": "soft_deleted",
    "MarkK": "gone_for_good",
}
DISABLED = ("EmilyB", "JonasE")
LEFT_AT = "2026-01-15T09:00:00Z"
