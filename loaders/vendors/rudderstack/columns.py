"""Columns of RudderStack calls, and of the rows of its warehouse tables."""

from __future__ import annotations

from loaders.fields import Field, Kind

TABLES = ("tracks", "identifies", "aliases")
CALL_TYPES = {"tracks": "track", "identifies": "identify", "aliases": "alias"}

# A call as the object-storage destinations write it.
CALL_FIELDS = (
    Field("id", "messageId", required=True),
    Field("type", "type"),
    Field("anonymous_id", "anonymousId"),
    Field("user_id", "userId"),
    Field("previous_id", "previousId"),
    Field("event_text", "event"),
    Field("original_timestamp", "originalTimestamp", Kind.TIME),
    Field("sent_at", "sentAt", Kind.TIME),
    Field("received_at", "receivedAt", Kind.TIME),
    Field("timestamp", "timestamp", Kind.TIME),
    Field("channel", "channel"),
    Field("context_request_ip", "request_ip"),
)

# A row of a warehouse table.
ROW_FIELDS = (
    Field("id", "id", required=True),
    Field("anonymous_id", "anonymous_id"),
    Field("user_id", "user_id"),
    Field("original_timestamp", "original_timestamp", Kind.TIME),
    Field("sent_at", "sent_at", Kind.TIME),
    Field("received_at", "received_at", Kind.TIME),
    Field("timestamp", "timestamp", Kind.TIME),
    Field("channel", "channel"),
    Field("context_ip", "context_ip"),
    Field("context_request_ip", "context_request_ip"),
    Field("context_passed_ip", "context_passed_ip"),
    Field("context_source_id", "context_source_id"),
    Field("context_source_type", "context_source_type"),
    Field("context_destination_id", "context_destination_id"),
    Field("context_destination_type", "context_destination_type"),
    Field("context_session_id", "context_session_id", Kind.INTEGER),
    Field("context_session_start", "context_session_start", Kind.BOOLEAN),
    Field("record_id", "record_id"),
    Field("uuid_ts", "uuid_ts", Kind.TIME),
)
TABLE_FIELDS = {
    "tracks": (Field("event", "event"), Field("event_text", "event_text")),
    "identifies": (),
    "aliases": (Field("previous_id", "previous_id"),),
}
STAGED_FIELDS = (
    Field("data", "data", Kind.JSON, required=True),
    Field("metadata", "metadata", Kind.JSON, required=True),
)
