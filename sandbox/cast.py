"""The people the tests know by name, with the ids they have everywhere."""

CONTOSO = "1717622f-1d94-4d0c-9d74-709fad664b77"
FABRIKAM = "5b9e1a6e-3f2c-4d55-9a57-0a2f4a4f7d10"
PORTAL_APP = "ca1e4da2-0000-4000-8000-00000000c0de"
BOOKER_APP = "ca1e4da2-0000-4000-8000-0000000b00c5"

ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"
MEGAN = "48d31887-5fad-4d73-a9f5-3c356e68a038"
ADELE = "87d349ed-44d7-43e1-9a83-5f2406dee5bd"
ISAIAH = "5bde3e51-d13b-4db1-9948-fe4b109d11a7"
LIDIA = "074e56ea-0b50-4461-89e5-c67ae14a2c0b"
ALLAN = "e8a02cc7-df4d-4778-956d-784cc9506e5a"
CHARLIE = "c4a11e00-1c0d-4a5e-9e0f-0c4a111e0001"
PATTI = "7a11f00d-2b3c-4d5e-8f90-a1b2c3d4e5f6"
GRACE = "9e57a11c-7777-4aaa-8bbb-123456789abc"

# oid, display name, UPN, tenant, who they are in one sentence
CAST = (
    (ALEX, "Alex Wilber", "AlexW@contoso.com", CONTOSO, "Owns a calendar that others use."),
    (MEGAN, "Megan Bowen", "MeganB@contoso.com", CONTOSO, "Is Alex's delegate and sees his private events."),
    (ADELE, "Adele Vance", "AdeleV@contoso.com", CONTOSO, "Is a colleague Alex shares a calendar with."),
    (ISAIAH, "Isaiah Langer", "IsaiahL@contoso.com", CONTOSO, "Reviews calendar sharing for IT."),
    (
        LIDIA,
        "Lidia Holloway",
        "LidiaH@contoso.com",
        CONTOSO,
        "Operates the portal for IT.",
    ),
    (ALLAN, "Allan Deyoung", "AllanD@contoso.com", CONTOSO, "Is the administrator of the portal."),
    (CHARLIE, "Charlie Reed", "CharlieR@contoso.com", CONTOSO, "Has nothing to do with any of it."),
    (PATTI, "Patti Fernandez", "PattiF@fabrikam.com", FABRIKAM, "Is Fabrikam's administrator."),
    (
        GRACE,
        "Grace Hopper",
        "grace_tailspintoys.com#EXT#@contoso.onmicrosoft.com",
        CONTOSO,
        "Is a guest from Tailspin Toys.",
    ),
)

ALEX_PRIMARY = "AQMkADAw7QAAAJfygAAAA=="
ALEX_KIDS_PARTIES = "AAMkADAwAABf02bAAAA="
MEGANS_COPY_OF_ALEX = "AAMkADlAABhbftjAAA="
MEGANS_ROW = "L289RXhjaGFuZ2VMYWJTWVnYW5C"
ADELES_ROW = "L289RXhjaGFuZ2VMYWJQWRlbGVW"
