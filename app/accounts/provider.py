"""The organisation's identity provider, asked by OpenID Connect who somebody is: by a code, PKCE, state and nonce."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

import httpx
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # It carries no types.
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]  # It carries no types.
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # It carries no types.
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.accounts.errands import Errand
from app.accounts.tables import Clock
from app.secret_files import secret_in
from app.settings import Settings
from store.errors import Fault

ANSWERS_WITHIN_SECONDS = 10.0
ALGORITHMS = ("RS256", "PS256", "ES256")
"""By which a token may be signed: with a key that the provider alone holds, never with a secret that is shared, never with none."""
LEEWAY = timedelta(seconds=30)
"""How far the provider's clock may be from ours."""
BACK = "/identity/back"
"""Where the provider sends people back to."""
SILENT = "The identity provider does not answer just now, so nobody can prove who they are. Nothing was changed; try again in a moment."


class NotProven(Exception):
    """What came back from the identity provider proves nothing; whoever came is turned away like everybody else."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the provider says that it is asked."""

    authorization: str
    token: str
    keys: str


@dataclass(frozen=True, slots=True)
class Word:
    """The provider's word for who somebody is: as what it knows them for good, their short name here, and when they last proved it."""

    known_as: str
    person: str
    proved: datetime | None


@dataclass(frozen=True, slots=True)
class Provider:
    """Knows how the provider is asked. `claim` is what carries the person's short name; only the provider's administrators may set it."""

    issuer: str
    client: str
    secret: str
    claim: str
    back: str
    clock: Clock

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> Self | None:
        """The provider of the settings, if they name one. Raises Fault where its secret cannot be read."""
        if settings.oidc_issuer is None or settings.oidc_client is None or settings.oidc_secret_file is None:
            return None
        secret, back = secret_in(settings.oidc_secret_file), f"{settings.public_address}{BACK}"
        return cls(settings.oidc_issuer, settings.oidc_client, secret, settings.oidc_claim, back, clock)

    def ways(self) -> Ways:
        """Ask the provider where it is asked. Raises Fault while it does not answer."""
        with self._asking() as http:
            told = _json(http.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"))
            ways = Ways(*(str(told[name]) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")))
        if told.get("issuer") != self.issuer:
            raise Fault("The identity provider calls itself otherwise than DAYBOOK_OIDC_ISSUER does. Put the setting right.")
        return ways

    def address(self, ways: Ways, state: str, errand: Errand) -> str:
        """Where somebody's browser goes to prove who they are; for a signature anew, whatever they proved before."""
        anew = {"prompt": "login", "max_age": 0} if errand.signs else {}
        with self._asking() as http:
            address, _ = self._client(http).create_authorization_url(
                ways.authorization, state=state, nonce=errand.nonce, code_verifier=errand.verifier, **anew
            )
        return str(address)

    def word(self, code: str, errand: Errand) -> Word:
        """Exchange a code for the provider's word. Raises NotProven where it does not hold, Fault while the provider does not answer."""
        ways = self.ways()
        with self._asking() as http:
            token = self._token(http, ways, code, errand)
            keys = _json(http.get(ways.keys))
        claims = self._proved(token, keys, errand)
        person = claims.get(self.claim)
        if not isinstance(person, str):
            raise NotProven
        return Word(f"{self.issuer} {claims['sub']}", person, _instant(claims.get("auth_time")))

    def _token(self, http: httpx.Client, ways: Ways, code: str, errand: Errand) -> str:
        ours = httpx.BasicAuth(quote(self.client, safe=""), quote(self.secret, safe=""))
        try:
            said = self._client(http).fetch_token(ways.token, code=code, code_verifier=errand.verifier, auth=ours)
        except AuthlibBaseError as refused:
            raise NotProven from refused
        return str(said.get("id_token"))

    def _proved(self, token: str, keys: Mapping[str, Any], errand: Errand) -> CodeIDToken:
        """What a token claims, once its signature, issuer, audience, time and nonce have been looked at."""
        ours = {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self.client}}
        asked = {"client_id": self.client, "nonce": errand.nonce}
        try:
            read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]  # It is a set of keys.
            claims = CodeIDToken(read.claims, read.header, ours, asked)
            claims.validate(now=int(self.clock().timestamp()), leeway=int(LEEWAY.total_seconds()))
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as wrong:
            raise NotProven from wrong
        return claims

    def _client(self, http: httpx.Client) -> OAuth2Client:
        return OAuth2Client(http, client_id=self.client, scope="openid profile", redirect_uri=self.back, code_challenge_method="S256")

    @contextmanager
    def _asking(self) -> Iterator[httpx.Client]:
        """Something that asks, for a moment. Whatever is no answer is a Fault."""
        try:
            with httpx.Client(timeout=ANSWERS_WITHIN_SECONDS, trust_env=False) as http:
                yield http
        except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError) as trouble:
            raise Fault(SILENT) from trouble


def _instant(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as wrong:
        raise NotProven from wrong


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    told = answer.raise_for_status().json()
    if not isinstance(told, dict):
        raise ValueError(type(told).__name__)  # noqa: TRY004 - It is what somebody answered, and no slip of ours.
    return told
