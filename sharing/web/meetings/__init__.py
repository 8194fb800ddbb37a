"""Finding a time and booking a meeting, for everybody who is signed in; only ever within their own request."""
