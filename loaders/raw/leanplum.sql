CREATE SCHEMA IF NOT EXISTS raw_leanplum;

-- Ids that name a row are stored as they are: to find their best compression takes longer than to write them.

-- One row per delivered session. Names are the vendor's JSON keys in snake case.
CREATE TABLE IF NOT EXISTS raw_leanplum.sessions (
    app_id VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    export_date DATE NOT NULL,
    session_id VARCHAR NOT NULL USING COMPRESSION uncompressed,
    user_id VARCHAR,
    user_bucket BIGINT,
    first_run TIMESTAMP,
    time TIMESTAMP,
    duration DOUBLE,
    country VARCHAR,
    region VARCHAR,
    city VARCHAR,
    lat VARCHAR,
    lon VARCHAR,
    locale VARCHAR,
    timezone VARCHAR,
    timezone_offset_seconds BIGINT,
    app_version VARCHAR,
    client VARCHAR,
    sdk_version VARCHAR,
    system_name VARCHAR,
    system_version VARCHAR,
    device_model VARCHAR,
    browser_name VARCHAR,
    browser_version VARCHAR,
    device_id VARCHAR,
    prior_events BIGINT,
    prior_sessions BIGINT,
    prior_states BIGINT,
    prior_time_spent_in_app DOUBLE,
    is_developer BOOLEAN,
    is_session BOOLEAN,
    source_publisher_id VARCHAR,
    source_publisher VARCHAR,
    source_sub_publisher VARCHAR,
    source_site VARCHAR,
    source_campaign VARCHAR,
    source_ad_group VARCHAR,
    source_ad VARCHAR,
    extras JSON,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per state of a delivered session, nameless wrappers of stateless events included.
CREATE TABLE IF NOT EXISTS raw_leanplum.states (
    app_id VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    export_date DATE NOT NULL,
    session_id VARCHAR NOT NULL,
    state_id VARCHAR NOT NULL,
    name VARCHAR,
    time TIMESTAMP,
    duration DOUBLE,
    info VARCHAR,
    time_until_first_for_user DOUBLE,
    parameters JSON,
    extras JSON,
    _ordinal BIGINT NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per event of a delivered session.
CREATE TABLE IF NOT EXISTS raw_leanplum.events (
    app_id VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    export_date DATE NOT NULL,
    session_id VARCHAR NOT NULL,
    state_id VARCHAR,
    event_id VARCHAR NOT NULL USING COMPRESSION uncompressed,
    name VARCHAR,
    time TIMESTAMP,
    value DOUBLE,
    info VARCHAR,
    time_until_first_for_user DOUBLE,
    extras JSON,
    _ordinal BIGINT NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per parameter of an event. The CSV form does not tell the session.
CREATE TABLE IF NOT EXISTS raw_leanplum.event_parameters (
    app_id VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    export_date DATE NOT NULL,
    session_id VARCHAR,
    event_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    value VARCHAR,
    _ordinal BIGINT NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per user attribute of a delivered session.
CREATE TABLE IF NOT EXISTS raw_leanplum.user_attributes (
    app_id VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    export_date DATE NOT NULL,
    session_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    value VARCHAR,
    _ordinal BIGINT NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);

-- One row per experiment of a delivered session.
CREATE TABLE IF NOT EXISTS raw_leanplum.experiments (
    app_id VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    export_date DATE NOT NULL,
    session_id VARCHAR NOT NULL,
    experiment_id VARCHAR NOT NULL,
    variant_id VARCHAR,
    impressed BOOLEAN,
    extras JSON,
    _ordinal BIGINT NOT NULL,
    _load_id BIGINT NOT NULL,
    _loaded_at TIMESTAMP NOT NULL,
    _file VARCHAR NOT NULL,
    _line BIGINT NOT NULL
);
