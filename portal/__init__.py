"""The Django project around the app."""
