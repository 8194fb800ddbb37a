"""The owner's addresses; names without a namespace, because most people meet no others."""

from django.urls import path

from . import saving, views

urlpatterns = [
    path("", views.home, name="home"),
    path("calendars/<str:public_id>/", views.calendar, name="calendar"),
    path("calendars/<str:public_id>/people/<int:pk>/", saving.role, name="role"),
    path("calendars/<str:public_id>/people/<int:pk>/remove/", saving.remove, name="remove"),
    path("meeting-requests/", saving.delivery, name="delivery"),
    path("history/", views.history, name="history"),
    path("changes/<str:public_id>/", views.change, name="change"),
    path("changes/<str:public_id>/dismiss/", views.dismiss, name="dismiss"),
]
