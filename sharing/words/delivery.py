"""Who gets the meeting requests (Graph's delegateMeetingMessageDeliveryOptions), for one delegate or several."""

from dataclasses import dataclass

from sharing.models import DELIVERY_OPTIONS as DELIVERY_OPTIONS

TO_OWNER_TOO = "sendToDelegateAndPrincipal"  # what "Send meeting requests to me from now on" asks for

ONE_SETTING = "One setting for all your delegates"
NO_DELEGATE = "You have no delegate now."
SEND_TO_ME = "Send meeting requests to me from now on"
ANSWER_ANYWAY = "You can answer any invitation from the event in your calendar."
SEPARATE_RIGHTS = "Rights to your mailbox are separate and were not checked."


@dataclass(frozen=True, slots=True)
class DeliveryWords:
    """One choice: `title` and `sentence` for its owner, `short` for the owner's home page, `it` for IT."""

    value: str
    title: str
    sentence: str
    short: str
    it: str


def delivery_words(option: str, delegates: int = 1) -> DeliveryWords:
    """The words for `option` where there are `delegates` delegates; none counts as one to come."""
    several = delegates > 1
    delegate = "delegates" if several else "delegate"
    if option == "sendToDelegateOnly":
        return DeliveryWords(
            option,
            f"Only my {delegate}",
            "You don’t get the invitation. It still appears in your calendar, and you can answer it there.",
            f"Go to your {delegate} only",
            "Delegates only",
        )
    if option == "sendToDelegateAndInformationToPrincipal":
        return DeliveryWords(
            option,
            f"My {delegate}, with a copy for me",
            f"Your {delegate} {'answer' if several else 'answers'}. "
            "You get a message to read, without accept and decline buttons.",
            f"Go to your {delegate}, with a copy for you",
            "Delegates, copy to owner",
        )
    if option == "sendToDelegateAndPrincipal":
        return DeliveryWords(
            option,
            "All of us" if several else "Both of us",
            f"You and your {delegate} {'all' if several else 'both'} get the invitation. "
            f"{'Any' if several else 'Either'} of you can answer.",
            f"Go to you and your {delegate}",
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


def delivery_choices(delegates: int) -> list[DeliveryWords]:
    """The three choices in Graph's order, for a form."""
    return [delivery_words(option, delegates) for option in DELIVERY_OPTIONS]
