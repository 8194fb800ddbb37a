"""What a person sees of their own connection: what reads their mailbox, connecting it, and taking it back."""
