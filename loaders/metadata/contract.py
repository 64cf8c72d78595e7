"""What Monetate's Auth API and Metadata API are known to take and to answer, all of it in this one place.

Public, and followed here: the vendor's pages "Get Interpretable Values with the Metadata API" and "Monetate
Auth API", and the OpenAPI description of the Metadata API, version v1. They tell the two addresses, the two
forms of the Authorization header, the claims of the signed token request and that it may be 60 seconds old,
the tokens that end after an hour, the envelope `{"meta": ..., "data": ...}`, the keys of each resource, and
what 401, 403, 404 and 500 mean.

Not verifiable without an account, and therefore to be changed here if it proves to be otherwise:

* An id of a session's `offers` is taken for the id of a variant. The description calls a variant "the split
  name associated with the offer" and its id "identifier for experiences"; no page says it of Session Stream.
* 429 is not declared for these two APIs, nor is Retry-After anywhere. Both are followed as HTTP means them.
* Details are asked for without a slash at the end, as in the description; a redirect is followed.
* Instances other than `production` are not described.
"""

from __future__ import annotations

from dataclasses import dataclass

ENDPOINT = "https://api.monetate.net"
INSTANCE = "production"
TOKEN_PATH = "/api/auth/v0/refresh/"
LOOKUP_PATH = "/api/metadata/v1/{account}/{instance}/metadata/{resource}/{id}"
TOKEN_REQUEST_AUTHORIZATION = "JWT {}"
AUTHORIZATION = "Token {}"
SIGNATURE_ALGORITHM = "RS256"
# A signed request for a token is refused when it is older than this.
SIGNED_FOR_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Lookup:
    """One kind of id: where sessions hold it, which resource names it, and the seed that keeps the names.

    `id_keys` are the keys of the id where sessions hold objects instead of ids. `keys` are those of the
    answer that become columns of the seed, behind `id_column`. A variant's `preview_token` is no name and
    lets its holder see what is not published, so it is not among them.
    """

    title: str
    column: str
    id_keys: tuple[str, ...]
    resource: str
    seed: str
    id_column: str
    keys: tuple[str, ...]


LOOKUPS = (
    Lookup(
        title="offers",
        column="offers",
        id_keys=("offer_id", "id"),
        resource="variant",
        seed="monetate_offers.csv",
        id_column="offer_id",
        keys=(
            "experience_id",
            "experience_name",
            "experience_type",
            "split_name",
            "split_description",
            "integration_type",
            "account_domain",
        ),
    ),
    Lookup(
        title="page events",
        column="page_event_ids",
        id_keys=("event_id", "page_event_id", "id"),
        resource="pageevent",
        seed="monetate_page_events.csv",
        id_column="event_id",
        keys=("title",),
    ),
    Lookup(
        title="custom targets",
        column="custom_targets",
        id_keys=("custom_target_id", "id"),
        resource="customtarget",
        seed="monetate_custom_targets.csv",
        id_column="custom_target_id",
        keys=("title", "description", "is_identifier", "collects_person_id"),
    ),
)
