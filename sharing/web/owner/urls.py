"""The owner's addresses; names without a namespace, because most people meet no others."""

from django.urls import path

from sharing.web.limits import searched

from . import adding, answering, covering, ending, past, restoring, saving, undoing, views
from .zones import in_own_zone

urlpatterns = [
    path("", in_own_zone(views.home), name="home"),
    path("calendars/<str:public_id>/", searched(in_own_zone(views.calendar)), name="calendar"),
    path("calendars/<str:public_id>/people/<int:pk>/", in_own_zone(saving.role), name="role"),
    path("calendars/<str:public_id>/add/", in_own_zone(adding.add), name="add"),
    path("calendars/<str:public_id>/people/<int:pk>/replace/", in_own_zone(adding.replace), name="replace"),
    path("calendars/<str:public_id>/people/<int:pk>/remove/", in_own_zone(saving.remove), name="remove"),
    path("calendars/<str:public_id>/people/<int:pk>/end/", in_own_zone(ending.end_date), name="end_date"),
    path("calendars/<str:public_id>/cover/", in_own_zone(covering.cover), name="cover"),
    path("covers/<str:public_id>/", in_own_zone(covering.cancel), name="cancel_cover"),
    path("meeting-requests/", in_own_zone(saving.delivery), name="delivery"),
    path("asked/<str:public_id>/", in_own_zone(answering.asked), name="asked"),
    path("calendars/<str:public_id>/history/", in_own_zone(past.calendar_history), name="calendar_history"),
    path(
        "calendars/<str:public_id>/people/<int:pk>/history/",
        in_own_zone(past.permission_history),
        name="permission_history",
    ),
    path("calendars/<str:public_id>/restore/", in_own_zone(restoring.restore_calendar), name="restore"),
    path("restores/<str:public_id>/", in_own_zone(restoring.restored), name="restored"),
    path("calendars/<str:public_id>/on/", in_own_zone(past.on_date), name="on_date"),
    path("history/", in_own_zone(views.history), name="history"),
    path("changes/<str:public_id>/", in_own_zone(views.change), name="change"),
    path("changes/<str:public_id>/undo/", in_own_zone(undoing.undo), name="undo"),
    path("changes/<str:public_id>/look/", in_own_zone(undoing.look_again), name="look"),
    path("changes/<str:public_id>/dismiss/", in_own_zone(views.dismiss), name="dismiss"),
]
