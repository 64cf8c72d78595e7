CREATE SCHEMA IF NOT EXISTS raw_rudderstack;

-- Ids that name a row are stored as they are: to find their best compression takes longer than to write them.

-- One row per delivered track call.
CREATE TABLE IF NOT EXISTS raw_rudderstack.tracks (
    source_id VARCHAR,
    id VARCHAR NOT NULL USING COMPRESSION uncompressed,
    anonymous_id VARCHAR,
    user_id VARCHAR,
    event VARCHAR,
    event_text VARCHAR,
    original_timestamp TIMESTAMP,
    sent_at TIMESTAMP,
    received_at TIMESTAMP,
    "timestamp" TIMESTAMP,
    channel VARCHAR,
    context_ip VARCHAR,
    context_request_ip VARCHAR,
    context_passed_ip VARCHAR,
    context_source_id VARCHAR,
    context_source_type VARCHAR,
    context_destination_id VARCHAR,
    context_destination_type VARCHAR,
    context_session_id BIGINT,
    context_session_start BOOLEAN,
    record_id VARCHAR,
    uuid_ts TIMESTAMP,
    extras JSON,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per delivered identify call; traits are in extras.
CREATE TABLE IF NOT EXISTS raw_rudderstack.identifies (
    source_id VARCHAR,
    id VARCHAR NOT NULL USING COMPRESSION uncompressed,
    anonymous_id VARCHAR,
    user_id VARCHAR,
    original_timestamp TIMESTAMP,
    sent_at TIMESTAMP,
    received_at TIMESTAMP,
    "timestamp" TIMESTAMP,
    channel VARCHAR,
    context_ip VARCHAR,
    context_request_ip VARCHAR,
    context_passed_ip VARCHAR,
    context_source_id VARCHAR,
    context_source_type VARCHAR,
    context_destination_id VARCHAR,
    context_destination_type VARCHAR,
    context_session_id BIGINT,
    context_session_start BOOLEAN,
    record_id VARCHAR,
    uuid_ts TIMESTAMP,
    extras JSON,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per delivered alias call.
CREATE TABLE IF NOT EXISTS raw_rudderstack.aliases (
    source_id VARCHAR,
    id VARCHAR NOT NULL USING COMPRESSION uncompressed,
    anonymous_id VARCHAR,
    user_id VARCHAR,
    previous_id VARCHAR,
    original_timestamp TIMESTAMP,
    sent_at TIMESTAMP,
    received_at TIMESTAMP,
    "timestamp" TIMESTAMP,
    channel VARCHAR,
    context_ip VARCHAR,
    context_request_ip VARCHAR,
    context_passed_ip VARCHAR,
    context_source_id VARCHAR,
    context_source_type VARCHAR,
    context_destination_id VARCHAR,
    context_destination_type VARCHAR,
    context_session_id BIGINT,
    context_session_start BOOLEAN,
    record_id VARCHAR,
    uuid_ts TIMESTAMP,
    extras JSON,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per delivered call of any other type (page, screen, group, ...), or row of any other warehouse table
-- (users, rudder_discards, the tables of single events), kept as delivered.
CREATE TABLE IF NOT EXISTS raw_rudderstack.other_calls (
    source_id VARCHAR,
    type VARCHAR,
    record JSON NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);
