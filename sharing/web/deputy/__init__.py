"""Who acts for an owner: the owner's page about deputies, and the deputy's about owners."""
