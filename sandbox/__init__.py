"""A pretend Microsoft cloud (Entra ID and Graph), written from the wire contract and knowing nothing of the portal."""
