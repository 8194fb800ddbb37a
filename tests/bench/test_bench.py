"""The benchmark measures what it says: its server is a Graph, its floor asks the same, its report tells a miss."""

import json

import pytest

from bench import slots
from bench.floor import Floor
from bench.product import TID, Product
from bench.report import as_json, as_lines, figure
from bench.server import Server
from bench.sync import CALENDARS
from bench.world import PERMISSIONS, World
from sharing.models import AuditChain, AuditEvent

MAILBOXES = 40


@pytest.fixture
def server():
    server = Server(MAILBOXES)
    yield server
    server.close()


@pytest.fixture
def product(db, server):
    product = Product(server.origin())
    product.begin()
    yield product
    product.close()


def counted(server, act):
    before = server.counts()
    act()
    return {name: count - before[name] for name, count in server.counts().items()}


def test_the_real_client_and_mirror_read_the_whole_world(server, product):
    said = product.run()
    assert said["added"] == MAILBOXES * CALENDARS * PERMISSIONS
    assert product.states() == {"ok": MAILBOXES, "permissions": said["added"]}
    assert server.counts()["unknown"] == 0


def test_floor_and_product_ask_for_the_same(server, product):
    floor = Floor(server.origin(), MAILBOXES)
    bare = counted(server, floor.fetch)
    first, again = counted(server, product.run), counted(server, product.run)
    floor.close()
    assert bare["sub_requests"] == first["sub_requests"] == again["sub_requests"] == MAILBOXES * (CALENDARS + 2)
    assert bare["batches"] == 10
    assert again["batches"] <= 11  # the last mailboxes need one each for what stood behind their first three
    assert bare["unknown"] == 0


def test_a_run_in_which_nothing_changed_writes_nothing_in_one_round_and_a_changed_one_is_noticed(server, product):
    assert product.examine()["rounds"] == [2]
    found = product.examine()
    assert found["rounds"] == [1]
    assert found["written"] == {}
    assert server.change(percent=5) == 2
    found = product.examine()
    assert found["written"]["sharing_permissionperiod"] == 2
    assert found["written"]["sharing_calendarpermission"] == 2


def test_a_world_is_the_same_every_time_and_of_the_size_of_real_answers():
    assert World(MAILBOXES).bodies(7) == World(MAILBOXES).bodies(7)
    size = sum(len(json.dumps(body)) for body in World(MAILBOXES).bodies(7).values())
    assert 7_000 < size < 12_000


def test_years_of_the_past_are_there_on_every_page_that_is_measured(product):
    product.run()
    product.years(rows=600)
    chain = AuditChain.objects.get(key=TID)
    assert AuditEvent.objects.filter(chain=TID).count() == chain.seq
    pages = product.past(repeat=1)
    seen = {name: page["rows"] for name, page in pages.items() if "rare" not in name and "shared" not in name}
    assert {name for name, rows in seen.items() if not rows} == set()


def test_a_goal_that_is_missed_is_said():
    met = figure("B1", "SQLite", "ratio", [1.8, 1.9, 2.3], sign="≤", goal=2.0, detail="CPU")
    missed = figure("B4", "SQLite", "rows", [1], sign="=", goal=0)
    assert (met.value, met.low, met.high, met.is_met, missed.is_met) == (1.9, 1.8, 2.3, True, False)
    assert [line.split()[-1] for line in as_lines([met, missed])[2:]] == ["CPU", "MISSED"]
    said = json.loads(as_json([met, missed], shape="small"))
    assert (said["is_met"], said["shape"], len(said["figures"])) == (False, "small", 2)


def test_the_slot_finder_is_measured_on_times_that_there_are():
    found = slots.measure(repeat=3)
    assert found[0].goal == 50 and int(found[0].detail.split()[2]) > 0
