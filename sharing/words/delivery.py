"""Who gets the meeting requests (Graph's delegateMeetingMessageDeliveryOptions), for one delegate or several."""

from dataclasses import dataclass

from sharing.models import DELIVERY_OPTIONS as DELIVERY_OPTIONS

from .whose import YOU, Whose

TO_DELEGATES_ONLY = "sendToDelegateOnly"
TO_OWNER_TOO = "sendToDelegateAndPrincipal"  # what "Send meeting requests to me from now on" asks for


@dataclass(frozen=True, slots=True)
class DeliveryWords:
    """One choice: `title` and `sentence` for its owner, `short` for the owner's home page, `it` for IT."""

    value: str
    title: str
    sentence: str
    short: str
    it: str


def delivery_words(option: str, delegates: int = 1, whose: Whose = YOU) -> DeliveryWords:
    """The words for `option` where there are `delegates` delegates; none counts as one to come."""
    several = delegates > 1
    delegate = "delegates" if several else "delegate"
    my, your = (f"the {delegate}", f"the {delegate}") if whose.name else (f"my {delegate}", f"your {delegate}")
    if option == TO_DELEGATES_ONLY:
        return DeliveryWords(
            option,
            f"Only {my}",
            f"{whose.name} doesn’t get the invitation. It still appears in the calendar, and can be answered there."
            if whose.name
            else "You don’t get the invitation. It still appears in your calendar, and you can answer it there.",
            f"Go to {your} only",
            "Delegates only",
        )
    if option == "sendToDelegateAndInformationToPrincipal":
        return DeliveryWords(
            option,
            f"{my[0].upper()}{my[1:]}, with a copy for {whose.name or 'me'}",
            f"{your[0].upper()}{your[1:]} {'answer' if several else 'answers'}. "
            f"{whose.name + ' gets' if whose.name else 'You get'} a message to read, "
            "without accept and decline buttons.",
            f"Go to {your}, with a copy for {whose.name or 'you'}",
            "Delegates, copy to owner",
        )
    if option == "sendToDelegateAndPrincipal":
        who = f"{whose.name or 'You'} and {your}"
        any_of = "Any" if several else "Either"
        return DeliveryWords(
            option,
            who if whose.name else "All of us" if several else "Both of us",
            f"{who} {'all' if several else 'both'} get the invitation. "
            f"{any_of} of {'them' if whose.name else 'you'} can answer.",
            f"Go to {whose.name or 'you'} and {your}",
            "Delegates and owner",
        )
    if not option:
        return DeliveryWords(option, "Not known", "We haven’t read this setting yet.", "Not known yet", "Not known")
    return DeliveryWords(
        option,
        "Set in Outlook",
        "Microsoft 365 has a setting here that Calwarden doesn’t know.",
        "Set in Outlook",
        option,
    )


def delivery_choices(delegates: int, whose: Whose = YOU) -> list[DeliveryWords]:
    """The three choices in Graph's order, for a form."""
    return [delivery_words(option, delegates, whose) for option in DELIVERY_OPTIONS]


def no_delegate(whose: Whose = YOU) -> str:
    return whose.begun("{you_have} no delegate now.")


def still_to_nobody(whose: Whose = YOU) -> str:
    """Where requests are set to go to delegates only, and there is none; what becomes of them nobody knows."""
    chosen = delivery_words(TO_OWNER_TOO, 0, whose).title
    them = f"For {whose.name} to get them" if whose.name else "To get them yourself"
    return f"Meeting requests are still set to go only to a delegate. {them}, choose “{chosen}”."


def answer_anyway(whose: Whose = YOU) -> str:
    if whose.name:
        return whose.said("Any invitation can be answered from the event in {your} calendar.")
    return "You can answer any invitation from the event in your calendar."


def separate_rights(whose: Whose = YOU) -> str:
    return whose.said("Rights to {your} mailbox are separate and were not checked.")
