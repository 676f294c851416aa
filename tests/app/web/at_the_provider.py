"""An identity provider in tests: a real one over HTTP, which checks what a real one checks, and lies where a test has it lie."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.builders import Clock

CLIENT, SECRET = "daybook", "the secret that the provider knows Daybook by"
BACK = "http://127.0.0.1:8080/identity/back"


@dataclass
class ProviderInTests:
    """Knows one client, whoever signs in at its page, and each code that it gave and nobody has come with yet."""

    clock: Clock
    issuer: str
    lies: dict[str, Any] = field(default_factory=dict)
    """What its tokens claim instead of the truth."""
    up: bool = True
    silent_about: str = ""
    """What its description leaves out."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: Any = None
    """Another key than its own, where a test has it use one."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def visited(self, address: str, person: str, subject: str = "") -> str:
        """Somebody proves who they are at the provider's page; returns where their browser is sent back to."""
        answer = httpx.get(address, headers={"x-person": person, "x-subject": subject or f"subject of {person}"})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def discovery(self) -> dict[str, Any]:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return {name: one for name, one in told.items() if name != self.silent_about}

    def authorizes(self, asked: dict[str, str], person: str, subject: str) -> str:
        """The way back with a code, for a request that is as it must be."""
        self.asked.append(asked)
        assert (asked["client_id"], asked["redirect_uri"], asked["response_type"]) == (CLIENT, BACK, "code")
        assert (asked["code_challenge_method"], bool(asked["code_challenge"]), bool(asked["nonce"])) == ("S256", True, True)
        assert "openid" in asked["scope"].split()
        code = token_urlsafe(16)
        anew = asked.get("prompt") == "login" and asked.get("max_age") == "0"
        proved = int(self.clock().timestamp()) - (0 if anew else 3600)
        self.codes[code] = asked | {"person": person, "sub": subject, "auth_time": str(proved)}
        return f"{BACK}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchanges(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A token for a code that was given to this client, once, and for the verifier whose challenge it knows."""
        kept = self.codes.pop(sent.get("code", ""), None)
        if httpx.BasicAuth(CLIENT, SECRET.replace(" ", "%20"))._auth_header != authorization:
            return 401, {"error": "invalid_client"}
        challenge = urlsafe_b64encode(sha256(sent.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if kept is None or kept["code_challenge"] != challenge or sent.get("redirect_uri") != kept["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": self._token(kept)}

    def _token(self, kept: dict[str, str]) -> str:
        now = int(self.clock().timestamp())
        truth = {
            "iss": self.issuer, "aud": CLIENT, "sub": kept["sub"], "preferred_username": kept["person"], "nonce": kept["nonce"],
            "iat": now, "exp": now + 300, "auth_time": int(kept["auth_time"]),
        }  # fmt: skip
        claims = {name: one for name, one in (truth | self.lies).items() if one is not None}
        key = self.signs_with or self.key
        algorithm = "HS256" if isinstance(key, OctKey) else "RS256"
        return jwt.encode({"alg": algorithm, "kid": "one"}, claims, key, algorithms=[algorithm])


@contextmanager
def provider_at(clock: Clock) -> Iterator[ProviderInTests]:
    """A provider that answers for as long as a test needs it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.provider = provider = ProviderInTests(clock, f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]  # It is hung there for its handlers.
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answers(BaseHTTPRequestHandler):
    @property
    def provider(self) -> ProviderInTests:
        found: ProviderInTests = self.server.provider  # type: ignore[attr-defined]  # It is hung there for its handlers.
        return found

    def do_GET(self) -> None:
        path, asked = urlsplit(self.path).path, {name: one[0] for name, one in parse_qs(urlsplit(self.path).query).items()}
        if not self.provider.up:
            self._says(503, {})
        elif path == "/authorize":
            self._says(303, {}, self.provider.authorizes(asked, self.headers["x-person"], self.headers["x-subject"]))
        elif path == "/keys":
            self._says(200, {"keys": [self.provider.key.as_dict(private=False, use="sig")]})
        else:
            self._says(200, self.provider.discovery())

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        if not self.provider.up:
            self._says(503, {})
            return
        self._says(*self.provider.exchanges({name: one[0] for name, one in sent.items()}, self.headers["authorization"]))

    def _says(self, status: int, told: dict[str, Any], location: str = "") -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), "location": location}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""
