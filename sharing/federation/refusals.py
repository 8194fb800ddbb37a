"""Why a partner or a plan is not written down; `words.partners` says each to whoever asked."""


class Refused(Exception):
    """Nothing was written down; `cause` is the word for why, `detail` what it is about, if it is about one thing."""

    cause = "refused"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class NotOperator(Refused):
    """Only operators of the tenant plan."""

    cause = "not_operator"


class BadText(Refused):
    """A name or a group with a character that nobody sees, or too long; or no name."""

    cause = "bad_text"


class BadDomain(Refused):
    """`detail` is no domain in the form that Exchange takes."""

    cause = "bad_domain"


class NoDomains(Refused):
    cause = "no_domains"


class TooManyDomains(Refused):
    """Exchange takes 238 in one request."""

    cause = "too_many_domains"


class OwnDomain(Refused):
    """`detail` is a domain of the tenant itself."""

    cause = "own_domain"


class OwnOrganization(Refused):
    """The partner's tenant is the tenant itself."""

    cause = "own_organization"


class DomainTaken(Refused):
    """`detail` is in another relationship, or belongs to another partner: which one counts nobody could say."""

    cause = "domain_taken"


class NameTaken(Refused):
    """Another partner or relationship is called so."""

    cause = "name_taken"


class BadContact(Refused):
    """No mail address."""

    cause = "bad_contact"


class DayPassed(Refused):
    """The end date is over already."""

    cause = "day_passed"


class PartnerOver(Refused):
    """The partnership ended."""

    cause = "partner_over"


class NoSnapshot(Refused):
    """What is there now was never exported, so nothing can be planned against it."""

    cause = "no_snapshot"


class Outdated(Refused):
    """A newer export says what is there now."""

    cause = "outdated"


class NothingToDo(Refused):
    """It is so already."""

    cause = "nothing_to_do"


class PlanOpen(Refused):
    """Another plan for the same waits; `detail` is its public id."""

    cause = "plan_open"


class PlanOver(Refused):
    """The plan is settled or cancelled."""

    cause = "plan_over"


class NoEntries(Refused):
    """A policy without an entry; Exchange takes none, a policy is disabled instead."""

    cause = "no_entries"


class UnknownEntry(Refused):
    """`detail` is an entry whose meaning is not known here: it would have to be written again."""

    cause = "unknown_entry"


class OwnYes(Refused):
    """The second operator must be somebody else."""

    cause = "own_yes"
