CREATE SCHEMA IF NOT EXISTS raw;

-- One row per export ever seen, whatever became of it.
CREATE TABLE IF NOT EXISTS raw.loads (
    load_id BIGINT,
    vendor VARCHAR NOT NULL,
    export_id VARCHAR NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('loaded', 'incomplete', 'orphan', 'rejected', 'skipped')),
    files BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    rejected_rows BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    uri VARCHAR NOT NULL,
    loaded_at TIMESTAMP
);

-- One row per file of a loaded export.
CREATE TABLE IF NOT EXISTS raw.load_files (
    load_id BIGINT NOT NULL,
    vendor VARCHAR NOT NULL,
    export_id VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    size BIGINT NOT NULL,
    version VARCHAR NOT NULL,
    digest VARCHAR NOT NULL
);

-- One row per line that could not be landed.
CREATE TABLE IF NOT EXISTS raw.rejected_lines (
    load_id BIGINT NOT NULL,
    vendor VARCHAR NOT NULL,
    export_id VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    line BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    raw_text VARCHAR,
    loaded_at TIMESTAMP NOT NULL
);

-- One row per export and file that told all about it: once the export is settled, the file is not read again
-- until it changes.
CREATE TABLE IF NOT EXISTS raw.known_files (
    vendor VARCHAR NOT NULL,
    export_id VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    size BIGINT NOT NULL,
    version VARCHAR NOT NULL
);
