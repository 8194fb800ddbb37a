"""The values that pages offer are those that Graph takes."""

from sharing import graph, words
from sharing.models import DELIVERY_OPTIONS, Role


def test_the_mirror_knows_the_words_of_graph():
    assert DELIVERY_OPTIONS == words.DELIVERY_OPTIONS == graph.DELIVERY_OPTIONS
    assert {role.value for role in Role} == set(graph.ROLES)
