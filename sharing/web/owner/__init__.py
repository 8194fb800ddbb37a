"""Pages of a calendar's owner, and of the stewards of shared mailboxes."""
