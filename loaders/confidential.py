"""Texts that are shown or kept: without passwords and signatures, and without power over a terminal."""

from __future__ import annotations

import re
import unicodedata

HIDDEN = "***"
# The last @ before the host ends the user part, whatever the password holds.
USER_PART = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#\"'<>]*@")
QUERY = re.compile(r"(?P<place>[A-Za-z][A-Za-z0-9+.-]*://[^\s?\"'<>]*)\?[^\s\"'<>]+")
# Parameters that sign or open something, also where a text was cut before its scheme.
SECRET_PARAMETER = re.compile(
    r"(?P<name>\b(?:X-Amz|X-Goog)-[A-Za-z-]+|\b(?:AWSAccessKeyId|GoogleAccessId|Signature|sig|se|sp|sv|"
    r"access_token|token|password|secret)|\bKey-Pair-Id|\bPolicy)=(?P<value>[^\s&\"'<>,;)]+)",
    re.IGNORECASE,
)
# Cc and Cf steer terminals and the direction of writing, Cs cannot be written, Zl and Zp break lines.
UNSHOWN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def redacted(text: str) -> str:
    """Return the text with `***` for the user part and the query of URLs and for signing parameters."""
    if "=" not in text and "://" not in text:
        return text
    text = USER_PART.sub(rf"\g<scheme>{HIDDEN}@", text)
    text = QUERY.sub(rf"\g<place>?{HIDDEN}", text)
    return SECRET_PARAMETER.sub(rf"\g<name>={HIDDEN}", text)


def printable(text: str) -> str:
    r"""Return the text in one line, with `\x1b` and the like for what is not to be sent to a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def storable(text: str) -> str:
    r"""Return the text with `\ud800` and the like for what no UTF-8 text can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _shown(character: str) -> str:
    if unicodedata.category(character) not in UNSHOWN_CATEGORIES:
        return character
    return character.encode("unicode_escape").decode("ascii")
