"""No tenant is approved by an ID token that is wrong in any one way."""

from sharing.models import ActivationLink
from tests.cloud import CONTOSO, FABRIKAM
from tests.web.signin.test_refused_tokens import CHANGED, NAMED

# Signed as it should be, for another tenant than the link's: for a sign-in a matter of who may come in, here the point.
HERE = [{"how": "other_tenant"}, {"claims": {"tid": CONTOSO, "iss": f"http://127.0.0.1:8010/{CONTOSO}/v2.0"}}]
MORE = [
    {"aud": ""},
    {"aud": None},
    {"aud": {"x": 1}},
    {"azp": ["x"]},
    {"iss": f"http://127.0.0.1:8010/{FABRIKAM}/v2.0/"},
    {"iss": f"http://127.0.0.1:8010/{FABRIKAM.upper()}/v2.0"},
    {"iss": f"https://sts.windows.net/{FABRIKAM}/"},
    {"tid": FABRIKAM.upper()},
    {"tid": f"{FABRIKAM}\n"},
    {"tid": 5},
    {"oid": ["x"]},
    {"oid": "7A11F00D-2B3C-4D5E-8F90-A1B2C3D4E5F6"},
    {"exp": 0},
    {"exp": -1},
    {"exp": [4000000000]},
    {"exp": False},
    {"nbf": "now"},
    {"iat": {}},
    {"ver": "1.0"},
    {"ver": ["2.0"]},
    {"nonce": "x" * 64},
    {"nonce": True},
    {"name": {"x": 1}},
    {"preferred_username": 7},
]
# In the other list this tenant is the wrong one; here it is the right one.
FOREIGN = [claims for claims in CHANGED if claims != {"tid": FABRIKAM}]
SPOILED = [*({"how": how} for how in NAMED), *({"claims": claims} for claims in (*FOREIGN, *MORE)), *HERE]


def test_no_spoiled_token_approves_anything(trip, link, cloud, unchanged, outcomes):
    for number, how in enumerate(SPOILED, 1):
        url = trip.sign_in(trip.to_signin())
        cloud.faults.set([{"do": "token", "times": 1, **how}])
        answer = trip.come_back(url)
        assert answer.status_code == 403, how
        assert len(outcomes()) == number
        assert outcomes()[-1].partition(":")[0] in ("id_token", "wrong_tenant"), how
    assert ActivationLink.objects.filter(approved_by_oid=None).count() == 1


def test_more_than_sixty_ways_were_tried():
    assert len(SPOILED) >= 60


def test_the_same_way_without_a_fault_approves(trip, link):
    assert trip.go().status_code == 302


def test_a_guest_who_administers_the_tenant_may_approve(trip, cloud, link):
    """Partners often administer a tenant as guests: the tenant is what counts."""
    url = trip.sign_in(trip.to_signin())
    cloud.faults.set([{"do": "token", "times": 1, "how": "guest"}])
    assert trip.come_back(url).status_code == 302
