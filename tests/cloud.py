"""Reaches a sandbox without a socket: a requests adapter that hands every request to a Cloud in this process."""

import io
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from sandbox.cloud import Cloud
from sandbox.http import Dropped, Request
from sharing.graph import Client, Credential, Endpoints, TokenSource, endpoints, make_session

CONTOSO = "1717622f-1d94-4d0c-9d74-709fad664b77"
FABRIKAM = "5b9e1a6e-3f2c-4d55-9a57-0a2f4a4f7d10"
CLIENT_ID = "ca1e4da2-0000-4000-8000-00000000c0de"
CLIENT_SECRET = "sandbox-secret-of-the-portal"
# Nobody listens here: the adapter answers before a socket is opened.
ENDPOINTS = endpoints(login_url="http://127.0.0.1:8010")


class CloudAdapter(BaseAdapter):
    """Answers from `cloud`. A dropped connection is requests' ConnectionError, as it would be over a socket."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self.cloud = cloud
        self._builder = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        headers.setdefault("host", parts.netloc)
        if parts.scheme == "https":
            headers["x-forwarded-proto"] = "https"
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        try:
            answer = self.cloud.handle(Request(request.method or "GET", parts.path, parts.query, headers, body))
        except Dropped as dropped:
            raise requests.exceptions.ConnectionError(dropped, request=request) from None
        raw = urllib3.HTTPResponse(
            io.BytesIO(answer.body),
            headers={"Content-Length": str(len(answer.body)), **answer.headers},
            status=answer.status,
            preload_content=False,
        )
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        """Nothing is held."""


def cloud_session(cloud: Cloud, *, at: Endpoints = ENDPOINTS) -> requests.Session:
    """A session for MSAL and clients whose every request ends up in `cloud`."""
    session = make_session(at)
    for prefix in list(session.adapters):
        session.mount(prefix, CloudAdapter(cloud))
    return session


def cloud_client(cloud: Cloud, *, tenant_id: str = CONTOSO, **kwargs: Any) -> Client:
    """A client for one tenant of `cloud`, signed in with the portal's secret; `kwargs` go to Client."""
    session = cloud_session(cloud)
    credential = Credential(client_id=CLIENT_ID, secret=CLIENT_SECRET)
    tokens = TokenSource(endpoints=ENDPOINTS, tenant_id=tenant_id, credential=credential, session=session)
    return Client(endpoints=ENDPOINTS, tokens=tokens, session=session, **kwargs)
