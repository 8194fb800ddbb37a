"""What owners may do beyond changing roles is switched per tenant; every switch leaves a line."""

import pytest

from sharing.models import AuditEvent, Tenant

HERE = "/setup/changing/rules/"
NOTHING = {"longest_days_outside": "", "longest_days_delegate": ""}


def rules(contoso):
    return Tenant.objects.values_list("creates_on", "deputies_on", "longest_days_outside", "longest_days_delegate").get(
        pk=contoso.pk
    )


def lines():
    rows = AuditEvent.objects.filter(verb="tenant.rule_set").order_by("pk")
    return [(row.subject["rule"], row.before, row.after) for row in rows]


def test_an_admin_switches_them_and_each_leaves_a_line(admin, contoso):
    answer = admin.post(HERE, {"creates_on": "on", "longest_days_outside": "90", "longest_days_delegate": ""})
    assert answer.status_code == 302 and answer.url.endswith("#rules")
    assert rules(contoso) == (True, False, 90, None)
    assert lines() == [("creates_on", "off", "on"), ("longest_days_outside", "", "90")]
    page = admin.get("/setup/changing/").text
    assert 'name="creates_on" checked' in page and 'value="90"' in page


def test_saving_the_same_again_leaves_none(admin, contoso):
    admin.post(HERE, NOTHING)
    assert lines() == []


def test_what_is_taken_away_is_off_again(admin, contoso):
    admin.post(HERE, {"creates_on": "on", "deputies_on": "on", **NOTHING})
    admin.post(HERE, {"deputies_on": "on", "longest_days_delegate": "30"})
    assert rules(contoso) == (False, True, None, 30)


@pytest.mark.parametrize("days", ["0", "-1", "3651", "many", "1e9", "１２３４５"])
def test_odd_numbers_are_refused_and_nothing_is_saved(admin, contoso, days):
    answer = admin.post(HERE, {"creates_on": "on", "longest_days_outside": days, "longest_days_delegate": ""})
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert rules(contoso) == (False, False, None, None) and lines() == []
