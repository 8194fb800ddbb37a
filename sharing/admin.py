"""Windows for superusers: every model of the app to look at, nothing to add, change or delete."""

from django.apps import apps
from django.contrib import admin

from sharing.models import Tenant

# Secrets, sealed or hashed: of no use to anybody who looks
UNSEEN = ("password", "delta_link", "sealed", "token_hash", "state_hash", "browser_hash", "body")


class Window(admin.ModelAdmin):
    """Shows rows as they are; a mirror is not edited, and every change goes through `changes`."""

    list_per_page = 100
    show_full_result_count = False

    def get_fields(self, request, obj=None):
        return [f.name for f in self.model._meta.fields if f.name not in UNSEEN]

    def get_list_display(self, request):
        moments = [f.name for f in self.model._meta.fields if f.name.endswith(("state", "_at"))]
        return ["__str__", *moments[:6]]

    def get_queryset(self, request):
        """Without what is private to one person: that is nobody else's, whoever runs the machine."""
        rows = super().get_queryset(request).order_by("-pk")
        if self.model is Tenant:
            return rows.exclude(state=Tenant.PRIVATE)
        has_tenant = any(f.name == "tenant" for f in self.model._meta.fields)
        return rows.exclude(tenant__state=Tenant.PRIVATE) if has_tenant else rows

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


if apps.is_installed("django.contrib.admin"):
    for model in apps.get_app_config("sharing").get_models():
        admin.site.register(model, Window)
