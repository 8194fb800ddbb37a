"""Commands: thin, they parse, call the rooms and say how it went."""
