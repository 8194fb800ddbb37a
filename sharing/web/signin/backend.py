"""Who a session belongs to, asked again on every request."""

from django.contrib.auth.backends import BaseBackend

from sharing.models import Tenant, User


class EntraBackend(BaseBackend):
    """Signs nobody in by itself: `authenticate` stays None, so no password path exists."""

    def get_user(self, user_id):
        """The person, or None as soon as they are inactive or their tenant may no longer sign in."""
        return (
            User.objects.select_related("tenant")
            .filter(pk=user_id, is_active=True, tenant__in=Tenant.objects.may_sign_in())
            .first()
        )
