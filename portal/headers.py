"""Headers that no page should have to remember."""


def no_store(get_response):
    """Pages show who may see whose calendar: no cache keeps them, shared or the browser's own."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return middleware
