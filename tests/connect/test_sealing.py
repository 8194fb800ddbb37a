"""Secrets at rest open for what they were sealed for, and for nothing else."""

import pytest

from portal.keys import token_key
from sharing.connect.sealing import SealBroken, reseal, seal, unseal

ALEX, MEGAN = "grant:t1:alex", "grant:t1:megan"


def test_a_secret_opens_for_its_own_purpose_and_is_not_readable():
    sealed = seal("refresh-token", purpose=ALEX)
    assert "refresh-token" not in sealed
    assert unseal(sealed, purpose=ALEX) == "refresh-token"


@pytest.mark.parametrize("other", [MEGAN, "grant:t1:ale", "grant:t1:alexrefresh", "", "secret:t1:alex"])
def test_a_secret_moved_to_another_row_does_not_open(other):
    with pytest.raises(SealBroken):
        unseal(seal("refresh-token", purpose=ALEX), purpose=other)


@pytest.mark.parametrize("stored", ["", "x", "gAAAAA", "é"])
def test_what_was_altered_does_not_open(stored):
    with pytest.raises(SealBroken):
        unseal(stored, purpose=ALEX)


def test_a_new_key_in_front_opens_the_old_and_seals_the_new(settings):
    old, new = token_key(), token_key()
    settings.TOKEN_KEYS = [old]
    sealed = seal("refresh-token", purpose=ALEX)
    settings.TOKEN_KEYS = [new, old]
    again = reseal(sealed, purpose=ALEX)
    settings.TOKEN_KEYS = [new]
    assert unseal(again, purpose=ALEX) == "refresh-token"
    with pytest.raises(SealBroken):
        unseal(sealed, purpose=ALEX)
