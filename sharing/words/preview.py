"""What stands around the exact call and the PowerShell of a change."""

EXACTLY = "For your IT: exactly what is sent"
NO_POWERSHELL = {
    "no_cmdlet": "Exchange PowerShell has no command for who gets meeting requests. Set-CalendarProcessing has a "
    "parameter with a similar name, ForwardRequestsToDelegates: that is about who manages a room or equipment.",
    "no_address": "Exchange PowerShell needs an address, and this entry shows none.",
    "unquotable": "A name here holds a line end or a character that nobody sees, so no script is written.",
    "custom": "This access was set in detail in Outlook; one command does not say it.",
}
EQUIVALENT = (
    "The same in Exchange PowerShell. Nobody here runs it: "
    "Calwarden sends the call above and reads back what came of it."
)
