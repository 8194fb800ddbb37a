"""What a Microsoft administrator sees who was sent an activation link; they need no account here."""
