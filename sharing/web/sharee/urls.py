"""Addresses of what others share with me; an id is the owner's calendar's, or the copy's where that is all there is."""

from django.urls import path

from sharing.web.owner.zones import in_own_zone

from . import views

urlpatterns = [
    path("shared/", in_own_zone(views.desk), name="shared"),
    path("shared/<str:public_id>/rename/", in_own_zone(views.rename), name="shared_rename"),
    path("shared/<str:public_id>/leave/", in_own_zone(views.leave), name="shared_leave"),
    path("shared/<str:public_id>/objection/", in_own_zone(views.objection), name="objection"),
    path("objections/<str:public_id>/keep/", views.keep, name="objection_keep"),
]
