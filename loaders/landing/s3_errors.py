"""What S3 and boto3 raise, in words that say what to do.

Their own texts are never repeated: they may hold keys, tokens, signed URLs or whatever a server wrote.
"""

from __future__ import annotations

import re

from botocore import exceptions
from botocore.exceptions import ClientError

from loaders.errors import ChangedFileError, LandingError, SessionhouseError

GIVE_CREDENTIALS = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role."
)
NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ProfileNotFound,
    exceptions.NoAuthTokenError,
)
LOST_CREDENTIALS = (
    exceptions.CredentialRetrievalError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
UNREACHABLE = (exceptions.ConnectionError, exceptions.HTTPClientError)
CHANGED_CODES = {"PreconditionFailed", "412", "NoSuchKey", "NoSuchVersion", "404", "InvalidRange"}
EXPIRED = "The credentials for {where} have expired. Renew them, and run again."
REFUSED = f"The service of {{where}} does not accept the credentials ({{code}}). {GIVE_CREDENTIALS}"
DENIED = "No permission to {verb} {where}. The credentials need {right}."
OTHER_REGION = "{bucket} is in another region. Set AWS_REGION to its own."
ANSWERS = {
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"), EXPIRED
    ),
    **dict.fromkeys(
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidSecurity"), REFUSED
    ),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403"), DENIED),
    **dict.fromkeys(("PermanentRedirect", "AuthorizationHeaderMalformed"), OTHER_REGION),
    "NoSuchBucket": "There is no bucket {bucket}. Check its name and the endpoint.",
    "InvalidObjectState": "{where} is archived. Restore it, and run again.",
    "RequestTimeTooSkewed": "The service of {where} says that this clock is wrong. Set it right.",
}
OTHER_ANSWER = "The service of {where} answers {code}. Run again later; if it stays so, ask who runs it."
CODE = re.compile(r"[A-Za-z0-9.]{1,60}", re.ASCII)


def explained(error: Exception, bucket_uri: str, key: str) -> SessionhouseError:
    """Return the error of this package for one of boto3's; `key` is `""` while a bucket is listed."""
    where = f"{bucket_uri}/{key}" if key else bucket_uri
    if isinstance(error, ClientError):
        return _answered(error, bucket_uri, where, key)
    if isinstance(error, NO_CREDENTIALS):
        return LandingError(f"There are no credentials for {where}. {GIVE_CREDENTIALS}")
    if isinstance(error, LOST_CREDENTIALS):
        return LandingError(f"The credentials for {where} cannot be renewed. Log in again, and run again.")
    if isinstance(error, UNREACHABLE):
        return LandingError(
            f"The service of {where} cannot be reached ({type(error).__name__}). Check the network, and "
            f"AWS_ENDPOINT_URL_S3 and AWS_REGION."
        )
    if isinstance(error, ValueError) and not isinstance(error, exceptions.BotoCoreError):
        return LandingError(f"The endpoint for {where} is no URL. Correct AWS_ENDPOINT_URL_S3.")
    return LandingError(
        f"{where} cannot be read ({type(error).__name__}). Check the settings of AWS in the environment."
    )


def _answered(error: ClientError, bucket_uri: str, where: str, key: str) -> SessionhouseError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if key and code in CHANGED_CODES:
        return ChangedFileError.of(where)
    text = ANSWERS.get(code, OTHER_ANSWER).format(
        where=where,
        bucket=bucket_uri,
        code=code if CODE.fullmatch(code) else "an unknown code",
        verb="read" if key else "list",
        right="s3:GetObject (and kms:Decrypt for encrypted objects)" if key else "s3:ListBucket",
    )
    return LandingError(text)
