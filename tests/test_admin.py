"""Django's admin is off; where it is on, it is a set of windows."""

from unittest.mock import Mock

import pytest
from django.apps import apps
from django.contrib.admin import AdminSite
from django.urls import NoReverseMatch, reverse

from sharing.admin import Window

MODELS = {
    "ActivationLink", "AppCredential", "AuditChain", "AuditEvent", "AuditQuery", "BatchItem", "Booking", "Calendar",
    "CalendarPermission", "CallCount", "Change", "ChangeBatch", "ConsentAttempt", "Cover", "DeliveryPeriod", "Deputy",
    "EndDate", "ExchangeSnapshot", "FederationPlan", "Grant", "GroupLimit", "GroupMember", "Invitation", "Mailbox",
    "Notice", "Objection", "OrganizationRelationship", "OutsideAct", "Partner", "PastValues", "PermissionPeriod",
    "Person", "PersonAddress", "PolicyAssignment", "Probe", "Proposal", "PublishedCalendar", "RoleAssignment",
    "ShardReading", "SharingPolicy", "Stewardship", "SyncRun", "SyncShard", "Tenant", "User", "Volunteer",
}  # fmt: skip


def test_the_list_of_windows_is_the_list_of_models():
    assert {model.__name__ for model in apps.get_app_config("sharing").get_models()} == MODELS


def test_it_is_off_unless_switched_on():
    with pytest.raises(NoReverseMatch):
        reverse("admin:index")


@pytest.mark.parametrize("model", [*apps.get_app_config("sharing").get_models()], ids=lambda model: model.__name__)
def test_nothing_can_be_added_changed_or_deleted(model):
    window = Window(model, AdminSite())
    superuser = Mock(user=Mock(is_active=True, is_superuser=True, has_perm=lambda *_: True))
    assert not window.has_add_permission(superuser)
    assert not window.has_change_permission(superuser)
    assert not window.has_delete_permission(superuser)
    assert not {"password", "sealed", "token_hash"} & set(window.get_fields(superuser))
