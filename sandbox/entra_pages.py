"""The pages of the pretend Entra ID: plain HTML, no script, nothing from elsewhere."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from sandbox.apps import App
from sandbox.cast import CAST
from sandbox.http import Response
from sandbox.rows import Tenant, User

SENTENCES = {oid: sentence for oid, _, _, _, sentence in CAST}
STYLE = (Path(__file__).parent / "sandbox.css").read_bytes()
# Choosing an account posts to the sandbox, which sends the browser on to the portal on this machine.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self' http://localhost:* http://127.0.0.1:*"
)
People = list[tuple[Tenant, list[User]]]


def page(title: str, body: str, status: int = 200) -> Response:
    response = Response.html(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Sandbox</title>
<link rel="stylesheet" href="/sandbox.css">
<link rel="icon" href="data:,">
</head>
<body>
<header class="mark">
<strong>Sandbox.</strong> A pretend Microsoft 365 on this computer. No real account, no real data.
</header>
<main>
<div class="card">
{body}
</div>
</main>
</body>
</html>
""",
        status,
    )
    response.headers |= {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return response


def style() -> Response:
    return Response(200, {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "no-cache"}, STYLE)


def picker(
    people: People, *, ticket: str, hint: str = "", problem: str = "", everyone: People | None = None
) -> Response:
    """Who to sign in as; whom `hint` names (an address or an oid) comes first.

    `everyone` is whose organizations may be named by hand, where that is more than `people`.
    """
    hidden = f'<input type="hidden" name="ticket" value="{escape(ticket)}">'
    hinted = [(tenant, user) for tenant, users in people for user in users if is_hinted(user, hint)]
    parts = ["<h1>Choose an account</h1>", '<p class="quiet">Sign in to the portal as one of these people.</p>']
    if problem:
        parts.append(f'<p class="problem" role="alert">{escape(problem)}</p>')
    if hinted:
        parts.append("<h2>Asked for by the portal</h2>")
        parts += [form(hidden, tenant, [user]) for tenant, user in hinted]
    elif hint:
        parts.append(f'<p class="quiet">The portal asked for {escape(hint)}, who is not in this list.</p>')
    for tenant, users in people:
        others = [user for user in users if (tenant, user) not in hinted]
        if others:
            parts.append(f"<h2>{escape(tenant.name)}</h2>")
            parts.append(form(hidden, tenant, others))
    return page(
        "Choose an account", "\n".join([*parts, somebody_else(hidden, everyone or people, hint if not hinted else "")])
    )


def is_hinted(user: User, hint: str) -> bool:
    return bool(hint) and hint.lower() in {user.oid, *user.addresses}


def form(hidden: str, tenant: Tenant, users: list[User]) -> str:
    """One button per person. Without an action it posts to the address it stands at."""
    people = "\n".join(f"<li>{button(user)}</li>" for user in users)
    return (
        f'<form method="post">{hidden}<input type="hidden" name="tid" value="{tenant.tid}"><ul>\n{people}\n</ul></form>'
    )


def button(user: User) -> str:
    about = SENTENCES.get(user.oid, "")
    return (
        f'<button class="person" name="oid" value="{escape(user.oid)}">'
        f'<span class="name">{escape(user.display_name)}{badges(user)}</span> '
        f"<span>{escape(user.mail or user.upn)}</span> "
        f'<span class="about">{escape(about)}</span></button>'
    )


def badges(user: User) -> str:
    marks = [("Guest", user.user_type == "Guest"), ("Account disabled", not user.account_enabled)]
    said = [text for text, holds in marks if holds] + user.directory_roles
    return "".join(f' <span class="badge">{escape(text)}</span>' for text in said)


def somebody_else(hidden: str, people: People, hint: str) -> str:
    """Everybody else of the organisations, by address."""
    options = "".join(f'<option value="{tenant.tid}">{escape(tenant.name)}</option>' for tenant, _ in people)
    return f"""<details{" open" if hint else ""}>
<summary>Somebody else</summary>
<form method="post">{hidden}
<label for="tid">Organization</label>
<div class="row"><select id="tid" name="tid">{options}</select></div>
<label for="oid">Address (user principal name) or object ID</label>
<div class="row"><input id="oid" name="oid" value="{escape(hint)}"
required autocomplete="off" autocapitalize="none" spellcheck="false">
<button class="send">Sign in</button></div>
</form>
</details>"""


def refusal(text: str, status: int = 400) -> Response:
    title = "Nothing here" if status == 404 else "Sign-in failed"
    return page(title, f"<h1>{title}</h1>\n<p>{escape(text)}</p>", status)


def welcome(people: People, apps: Iterable[App]) -> Response:
    """What stands at the root of the sandbox: who is there, who may consent, and which apps are registered."""
    parts = [
        "<h1>This is the sandbox</h1>",
        "<p>It plays Entra ID, Graph and Exchange for the portal. Sign-in starts at the portal, not here.</p>",
        '<p><a href="/exchange/">Exchange Online PowerShell</a> takes the scripts that the portal writes.</p>',
        "<p>A Global Administrator or a Privileged Role Administrator may consent for the organization.</p>",
    ]
    for tenant, users in people:
        policy = "" if tenant.user_consent else " People may not consent for themselves."
        parts.append(
            f'<h2>{escape(tenant.name)}</h2>\n<p class="quiet">Tenant ID <code>{tenant.tid}</code>.{policy}</p>\n<ul>'
        )
        for user in users:
            about = SENTENCES.get(user.oid, "")
            parts.append(
                f'<li class="person"><span class="name">{escape(user.display_name)}{badges(user)}</span>'
                f'<span>{escape(user.mail or user.upn)}</span><span class="about">{escape(about)}</span></li>'
            )
        parts.append("</ul>")
    parts.append("<h2>Registered apps</h2>\n<ul>")
    parts += [registration(app, [tenant for tenant, _ in people]) for app in apps]
    parts.append("</ul>")
    return page("Welcome", "\n".join(parts))


def registration(app: App, tenants: list[Tenant]) -> str:
    """One app, and where it is consented to."""
    marks = ["Multi-tenant" if app.multi_tenant else "Single tenant", "Verified" if app.publisher else "Unverified"]
    shown = "".join(f' <span class="badge">{mark}</span>' for mark in marks)
    known = [f"{tenant.name} ({standing(tenant, app)})" for tenant in tenants if app.client_id in tenant.principals]
    return (
        f'<li class="person"><span class="name">{escape(app.name)}{shown}</span>'
        f"<span><code>{escape(app.client_id)}</code></span>"
        f'<span class="about">Known in: {escape(", ".join(known) or "no organization")}.</span></li>'
    )


def standing(tenant: Tenant, app: App) -> str:
    found = tenant.principals[app.client_id]
    return f"{len(found.roles)} application permissions" if found.enabled else "disabled"
