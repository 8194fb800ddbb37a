"""Equal content has an equal digest, whatever Graph's noise; any visible difference has another."""

import copy

import pytest

from sharing.mirror.digest import digest

CALENDARS = [{"id": "c1", "name": "Calendar", "isDefaultCalendar": True, "owner": {"address": "a@x"}, "changeKey": "1"}]
PERMISSIONS = {
    "": [
        {"id": "RGVmYXVsdA==", "role": "freeBusyRead", "allowedRoles": ["none"], "emailAddress": {"name": "My Org"}},
        {"id": "m", "role": "read", "emailAddress": {"name": "Megan", "address": "m@x"}, "isRemovable": True},
    ]
}
SETTINGS = {"timeZone": "UTC", "automaticRepliesSetting": {"status": "disabled", "internalReplyMessage": "x"}}


def of(calendars=CALENDARS, permissions=PERMISSIONS, settings=SETTINGS):
    return digest(calendars=calendars, permissions=permissions, settings=settings)


def test_order_change_key_reply_texts_and_odata_noise_do_not_count():
    calendars = [{**CALENDARS[0], "changeKey": "2", "@odata.etag": "x"}]
    permissions = {"": list(reversed(PERMISSIONS[""]))}
    settings = {**SETTINGS, "automaticRepliesSetting": {"status": "disabled", "internalReplyMessage": "other"}}
    assert of(calendars, permissions, settings) == of()


@pytest.mark.parametrize(
    "change",
    [
        lambda c, p, s: p[""][1].update(role="write"),
        lambda c, p, s: p[""].pop(),
        lambda c, p, s: p.update(other=[]),
        lambda c, p, s: p[""][1]["emailAddress"].update(address="n@x"),
        lambda c, p, s: c[0].update(name="Other"),
        lambda c, p, s: s.update(delegateMeetingMessageDeliveryOptions="sendToDelegateOnly"),
        lambda c, p, s: s["automaticRepliesSetting"].update(status="scheduled"),
    ],
)
def test_anything_the_mirror_keeps_counts(change):
    changed = copy.deepcopy((CALENDARS, PERMISSIONS, SETTINGS))
    change(*changed)
    assert of(*changed) != of()


def test_another_shape_is_left_to_the_parsers():
    with pytest.raises((TypeError, AttributeError, KeyError)):
        of(permissions={"": ["not an object"]})
