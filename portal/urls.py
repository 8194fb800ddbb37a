"""Every address of the portal, by audience."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from sharing.web.signin.views import admin_signin
from sharing.web.theme import icon, theme

from . import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("favicon.ico", login_not_required(icon), name="icon"),
    path("theme/", login_not_required(theme), name="theme"),
    path("it/", include("sharing.web.it.urls")),
    path("setup/", include("sharing.web.setup.urls")),
    path("activate/", include("sharing.web.activate.urls")),
    path("account/", include("sharing.web.account.urls")),
    path("meetings/", include("sharing.web.meetings.urls")),
    path("", include("sharing.web.signin.urls")),
    path("", include("sharing.web.sharee.urls")),
    path("", include("sharing.web.deputy.urls")),
    path("", include("sharing.web.owner.urls")),
]
if settings.ADMIN_SITE:
    urlpatterns += [
        path("admin/login/", admin_signin),
        path("admin/", admin.site.urls),
    ]
