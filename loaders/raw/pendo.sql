CREATE SCHEMA IF NOT EXISTS raw_pendo;

-- Ids that name a row are stored as they are: to find their best compression takes longer than to write them.

-- One row per event of a period; a period is dropped and landed again when it is exported again.
CREATE TABLE IF NOT EXISTS raw_pendo.allevents (
    subscription_id VARCHAR NOT NULL,
    application_id VARCHAR NOT NULL,
    period_id DATE NOT NULL,
    event_id VARCHAR NOT NULL USING COMPRESSION uncompressed,
    visitor_id VARCHAR,
    account_id VARCHAR,
    browser_timestamp TIMESTAMP,
    received_timestamp TIMESTAMP,
    event_type VARCHAR,
    url VARCHAR,
    record JSON NOT NULL USING COMPRESSION zstd,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per event and page, feature or track type that it matches.
CREATE TABLE IF NOT EXISTS raw_pendo.matched_events (
    matchable_type VARCHAR NOT NULL,
    matchable_id VARCHAR NOT NULL,
    subscription_id VARCHAR NOT NULL,
    application_id VARCHAR NOT NULL,
    period_id DATE NOT NULL,
    event_id VARCHAR NOT NULL USING COMPRESSION uncompressed,
    visitor_id VARCHAR,
    account_id VARCHAR,
    browser_timestamp TIMESTAMP,
    received_timestamp TIMESTAMP,
    event_type VARCHAR,
    url VARCHAR,
    record JSON NOT NULL USING COMPRESSION zstd,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per page of an application.
CREATE TABLE IF NOT EXISTS raw_pendo.allpages (
    subscription_id VARCHAR NOT NULL,
    application_id VARCHAR NOT NULL,
    page_id VARCHAR NOT NULL,
    name VARCHAR,
    record JSON NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per feature of an application.
CREATE TABLE IF NOT EXISTS raw_pendo.allfeatures (
    subscription_id VARCHAR NOT NULL,
    application_id VARCHAR NOT NULL,
    feature_id VARCHAR NOT NULL,
    name VARCHAR,
    record JSON NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per track type of an application.
CREATE TABLE IF NOT EXISTS raw_pendo.alltracktypes (
    subscription_id VARCHAR NOT NULL,
    application_id VARCHAR NOT NULL,
    track_type_id VARCHAR NOT NULL,
    name VARCHAR,
    record JSON NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per guide of an application.
CREATE TABLE IF NOT EXISTS raw_pendo.allguides (
    subscription_id VARCHAR NOT NULL,
    application_id VARCHAR NOT NULL,
    guide_id VARCHAR NOT NULL,
    name VARCHAR,
    record JSON NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per account of a subscription; a record that comes again replaces its row.
CREATE TABLE IF NOT EXISTS raw_pendo.accounts (
    subscription_id VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    name VARCHAR,
    record JSON NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per visitor of a subscription; a record that comes again replaces its row.
CREATE TABLE IF NOT EXISTS raw_pendo.visitors (
    subscription_id VARCHAR NOT NULL,
    visitor_id VARCHAR NOT NULL,
    account_id VARCHAR,
    name VARCHAR,
    record JSON NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per field that the records of accounts (`account`) or visitors (`visitor`) of a subscription have.
CREATE TABLE IF NOT EXISTS raw_pendo.metadata_fields (
    subscription_id VARCHAR NOT NULL,
    object_kind VARCHAR NOT NULL,
    field_group VARCHAR,
    field_name VARCHAR NOT NULL,
    display_name VARCHAR,
    field_type VARCHAR,
    element_type VARCHAR,
    element_format VARCHAR,
    is_deleted BOOLEAN,
    is_per_app BOOLEAN,
    avro_field_name VARCHAR,
    record JSON NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);
