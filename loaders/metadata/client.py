"""Asking Monetate's Metadata API for one id at a time, patiently and within bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from loaders.errors import MetadataError
from loaders.metadata.access import Access
from loaders.metadata.contract import (
    AUTHORIZATION,
    LOOKUP_PATH,
    SIGNED_FOR_SECONDS,
    TOKEN_PATH,
    TOKEN_REQUEST_AUTHORIZATION,
    Lookup,
)

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
REDIRECTS_LIMIT = 3
BODY_BYTES_LIMIT = 1 << 20
# Between one try and the next, unless the answer asks for a longer pause; the last try has none behind it.
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)
LONGEST_PAUSE_SECONDS = 60
PASSING_FAILURES = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
# A token is asked for anew before it ends, so that it does not end on its way.
RENEWED_BEFORE_SECONDS = 60
TOKEN = re.compile(r"[\x21-\x7e]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the API."""

    status: int
    body: bytes
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class _Authorization(AuthBase):
    """Sets the header itself, so that no login kept on this machine for the same host takes its place."""

    value: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self.value
        return request


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    ends_at: float

    @property
    def is_ending(self) -> bool:
        return monotonic() > self.ends_at - RENEWED_BEFORE_SECONDS


class MetadataClient:
    """Looks up ids with a token that it gets, and renews, by itself. No text of it holds token or key.

    All methods raise MetadataError for an API that refuses, does not answer in time or in known form.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session = requests.Session()
        self._session.max_redirects = REDIRECTS_LIMIT
        self._token: _Token | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def look_up(self, lookup: Lookup, id_: str) -> dict[str, str] | None:
        """Return the texts of `lookup.keys` for the id, `""` for null; None for an id that is not known."""
        what = f"{lookup.resource} {id_}"
        path = LOOKUP_PATH.format(
            account=self._access.account, instance=self._access.instance, resource=lookup.resource, id=id_
        )
        answer = self._ask(path, what)
        if answer.status == 401 and self._token:
            # A token may end early; one that is new is refused for another reason.
            self._token = None
            answer = self._ask(path, what)
        if answer.status == 404 and _envelope(answer):
            return None
        data = _data(answer, what)
        if str(data.get("id")) != id_:
            raise MetadataError(
                f"Monetate answers the question for {what} with id {_shown(data.get('id'))}. Nothing is "
                f"written; ask the vendor."
            )
        return {key: _text(data.get(key), f"{key} of {what}") for key in lookup.keys}

    def _ask(self, path: str, what: str) -> Answer:
        if self._token is None or self._token.is_ending:
            self._token = self._new_token()
        value = AUTHORIZATION.format(self._token.text)
        return self._tried(path, lambda: value, what)

    def _new_token(self) -> _Token:
        asked_at = monotonic()
        answer = self._tried(
            TOKEN_PATH, lambda: TOKEN_REQUEST_AUTHORIZATION.format(self._access.signed()), "a token"
        )
        data = _data(answer, "a token")
        text, lasts = data.get("token"), data.get("expires_in")
        if not isinstance(text, str) or not TOKEN.fullmatch(text):
            raise MetadataError("Monetate's answer to the request for a token holds none. Ask the vendor.")
        if isinstance(lasts, bool) or not isinstance(lasts, int | float):
            raise MetadataError("Monetate's answer to the request for a token does not say for how long.")
        return _Token(text, asked_at + lasts)

    def _tried(self, path: str, authorization: Callable[[], str], what: str) -> Answer:
        """Return the first answer that is no passing failure; signs anew for each try."""
        for pause in (*PAUSES_SECONDS, None):
            try:
                answer = self._get(path, authorization())
            except (
                requests.ConnectionError,
                requests.Timeout,
                requests.exceptions.ChunkedEncodingError,
            ) as error:
                # Only the class is told: what the library says may quote what was sent.
                failure, asked = f"did not answer ({type(error).__name__})", 0.0
            except (requests.RequestException, HTTPError) as error:
                raise MetadataError(
                    f"Monetate cannot be asked for {what} ({type(error).__name__}). Check --endpoint."
                ) from None
            else:
                if answer.status not in PASSING_STATUSES:
                    return answer
                failure, asked = f"answered {answer.status}", _asked_pause(answer)
            if pause is not None:
                sleep(max(pause, asked))
        raise MetadataError(
            f"Monetate {failure}, {len(PAUSES_SECONDS) + 1} times, when asked for {what}. Nothing is "
            f"written; run again later."
        )

    def _get(self, path: str, authorization: str) -> Answer:
        with self._session.get(
            self._access.endpoint.rstrip("/") + path,
            headers={"Accept": "application/json"},
            auth=_Authorization(authorization),
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            stream=True,
        ) as response:
            body = b""
            for chunk in response.iter_content(BODY_BYTES_LIMIT):
                body += chunk
                if len(body) > BODY_BYTES_LIMIT:
                    raise MetadataError(
                        f"Monetate's answer is longer than {BODY_BYTES_LIMIT >> 20} MiB, so it is no answer "
                        f"to one question. Check --endpoint."
                    )
            return Answer(response.status_code, body, response.headers.get("Retry-After"))


def _asked_pause(answer: Answer) -> float:
    """Return how many seconds the answer asks to wait, within bounds."""
    if answer.retry_after is None:
        return 0.0
    try:
        return Retry(retry_after_max=LONGEST_PAUSE_SECONDS).parse_retry_after(answer.retry_after)
    except (HTTPError, ValueError, OverflowError):
        return 0.0


def _data(answer: Answer, what: str) -> dict[str, Any]:
    if answer.status == 401:
        raise MetadataError(
            f"Monetate does not accept who asks for {what} (401). Check --user, that the public half of "
            f"--key is uploaded for that user, and that this machine's clock is right: a signature is taken "
            f"for {SIGNED_FOR_SECONDS} seconds."
        )
    if answer.status == 403:
        raise MetadataError(
            f"Monetate refuses {what} (403): the key is deactivated, or its user may not see --account. "
            f"Ask the administrator of the account for an active key."
        )
    if answer.status != 200:
        raise MetadataError(
            f"Monetate answers {answer.status} when asked for {what}. Check --endpoint, --account and "
            f"--instance."
        )
    envelope = _envelope(answer)
    if envelope is None:
        raise MetadataError(
            f"Monetate's answer for {what} is not JSON of the API's form, an object with meta and data. "
            f"Check that --endpoint is the API and no login page."
        )
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise MetadataError(f"Monetate's answer for {what} has no object under data. Ask the vendor.")
    return data


def _envelope(answer: Answer) -> dict[str, Any] | None:
    """Return the JSON object that every answer of the API is, None for what something else answered."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and "meta" in document else None


def _text(value: Any, what: str) -> str:
    """Return the value as it is to stand in a seed; raises MetadataError for one that would be changed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and "\0" not in value and _is_utf_8(value):
        return value
    raise MetadataError(
        f"Monetate gives {_shown(value)} as {what}, which is no name. Nothing is written; ask the vendor."
    )


def _is_utf_8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: Any) -> str:
    return json.dumps(value)[:80]
