"""The pages on which an administrator or a person accepts what an app asks for, or declines."""

from html import escape

from sandbox.apps import App
from sandbox.entra_pages import page
from sandbox.http import Response
from sandbox.permission_names import app_role_name, scope_name
from sandbox.rows import Tenant, User


def admin_consent(
    app: App, tenant: Tenant, user: User, roles: list[str] | None, scopes: list[str], *, ticket: str
) -> Response:
    body = [
        "<h1>Permissions requested</h1>",
        f'<p class="quiet">Review for your organization, {escape(tenant.name)}. Signed in as {escape(user.upn)}.</p>',
        about(app, tenant),
        "<p>This app would like to, for everybody in your organization:</p>",
        listed([(app_role_name(role), role, "application") for role in roles or ()]),
        listed([(scope_name(scope), scope, "on behalf of a person") for scope in scopes]),
        "<p>Accepting replaces what was accepted before: permissions that are not listed here are taken back.</p>"
        if roles is not None
        else "",
        choice(ticket, "Accept"),
    ]
    return page("Permissions requested", "\n".join(body))


def own_consent(app: App, tenant: Tenant, user: User, scopes: list[str], *, ticket: str) -> Response:
    body = [
        "<h1>Permissions requested</h1>",
        f'<p class="quiet">Signed in as {escape(user.upn)}.</p>',
        about(app, tenant),
        "<p>This app would like to, on your behalf:</p>",
        listed([(scope_name(scope), scope, "") for scope in scopes]),
        choice(ticket, "Accept"),
    ]
    return page("Permissions requested", "\n".join(body))


def approval_needed(app: App, tenant: Tenant, user: User, *, ticket: str) -> Response:
    """Where only an administrator may go on."""
    body = [
        "<h1>Need admin approval</h1>",
        f'<p class="quiet">Signed in as {escape(user.upn)}.</p>',
        about(app, tenant),
        f'<p class="problem" role="alert">AADSTS90094: {escape(app.name)} needs permission to access resources in '
        f"{escape(tenant.name)} that only an admin can grant.</p>",
        "<p>Please ask an admin to grant permission to this app before you can use it.</p>",
        f'<form method="post"><input type="hidden" name="ticket" value="{escape(ticket)}"><p class="row">'
        '<button class="send" name="answer" value="another">Sign in with an admin account</button> '
        '<button class="plain" name="answer" value="cancel">Return without granting consent</button></p></form>',
    ]
    return page("Need admin approval", "\n".join(body))


def about(app: App, tenant: Tenant) -> str:
    publisher = (
        f'<span class="badge">Verified</span> {escape(app.publisher)}'
        if app.publisher
        else "This app was registered by your organization."
        if app.home == tenant.tid
        else '<span class="badge">Unverified</span> The publisher is not verified.'
    )
    return (
        f'<h2>{escape(app.name)}</h2>\n<p>{publisher}</p>\n<p class="quiet">Application ID '
        f"<code>{escape(app.client_id)}</code></p>"
    )


def listed(rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    items = "\n".join(
        f'<li class="person"><span class="name">{escape(name)}</span>'
        f'<span class="about"><code>{escape(value)}</code> {escape(how)}</span></li>'
        for name, value, how in rows
    )
    return f"<ul>\n{items}\n</ul>"


def choice(ticket: str, yes: str) -> str:
    """Without an action it posts to the address it stands at."""
    return (
        f'<form method="post"><input type="hidden" name="ticket" value="{escape(ticket)}"><p class="row">'
        '<button class="plain" name="answer" value="cancel">Cancel</button> '
        f'<button class="send" name="answer" value="accept">{yes}</button></p></form>'
    )
