"""Who asks the Metadata API: the account, the API user, and the private key that signs for it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from loaders.errors import UsageError
from loaders.metadata.contract import SIGNATURE_ALGORITHM

# A name that is one part of an address, and stays so.
PATH_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
OWN_MACHINE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Access:
    """An account's part of the API, and the right to ask it. The key stays out of every text of this."""

    endpoint: str
    account: str
    instance: str
    user: str
    key: RSAPrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        """Raise UsageError for an address that is none, or that would carry tokens in the open."""
        for option, value in (("--account", self.account), ("--instance", self.instance)):
            if not PATH_PART.fullmatch(value):
                raise UsageError(
                    f"{option} is {value!r}; it takes a name of letters, digits, dots, - and _, as it stands "
                    f"in the address of the API."
                )
        if not self.user.strip():
            raise UsageError("--user is empty. Give the name of the API user that the key belongs to.")
        _check_endpoint(self.endpoint)

    def signed(self) -> str:
        """Return a request for a token, signed at this moment."""
        claims = {"username": self.user, "iat": int(time.time())}
        return jwt.encode(claims, self.key, algorithm=SIGNATURE_ALGORITHM)


def read_key(path: Path, passphrase: str | None = None) -> RSAPrivateKey:
    """Return the RSA private key in the PEM file; raises UsageError for a file that holds none."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"The key {path} cannot be read: {error.strerror}. Name it with --key.") from error
    try:
        key = load_pem_private_key(text, passphrase.encode() if passphrase else None)
    except TypeError as error:
        # The library tells the two ways in which key and passphrase differ by this class alone.
        told = "needs no passphrase" if passphrase else "needs a passphrase"
        raise UsageError(
            f"The key {path} {told}. The passphrase is read from SESSIONHOUSE_MONETATE_KEY_PASSPHRASE."
        ) from error
    except (ValueError, UnsupportedAlgorithm):
        # What the library says may quote the file.
        raise UsageError(
            f"{path} is no private key in PEM form, or its passphrase is another. Give the file that begins "
            f"with -----BEGIN PRIVATE KEY----- and whose public half is uploaded at Monetate."
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise UsageError(f"{path} is no RSA key. Monetate takes RSA keys only; make and upload one.")
    return key


def _check_endpoint(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise UsageError("--endpoint is no address. It looks like https://api.monetate.net") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "--endpoint holds a user or a password. Give the address alone; --key proves who asks."
        )
    if not parts.hostname or not has_port or parts.query or parts.fragment:
        raise UsageError("--endpoint is no address. It looks like https://api.monetate.net")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in OWN_MACHINE):
        raise UsageError(
            f"--endpoint begins with {parts.scheme or 'no scheme'}, so that tokens would travel in the open. "
            f"Give an address that begins with https."
        )
