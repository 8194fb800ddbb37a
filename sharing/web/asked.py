"""A request whose person is signed in, which every view has that is not open to everyone."""

from django.http import HttpRequest

from sharing.models import User


class Asked(HttpRequest):
    """For types only: LoginRequiredMiddleware has turned everybody else away before a view sees the request."""

    user: User
