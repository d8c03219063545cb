-- "Hrnd": tells this file from the databases of other programs.
PRAGMA application_id = 1215458916;

-- Ids are never used twice (AUTOINCREMENT): another process may still hold the id of a server that is gone. They stay below 2^20,
-- because head.key keeps the server in 20 bits. name_key is the name in small letters, so that case cannot make a second one.
-- There is no column for a secret: those are in the keyring.
CREATE TABLE server (
    id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 0 AND 1048575),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    target TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    interval INTEGER NOT NULL,
    thresholds TEXT NOT NULL,
    environment TEXT,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

INSERT INTO server (id, name, name_key, target, enabled, interval, thresholds, tags, created_at)
VALUES (0, 'local', 'local', '{"kind":"local"}', 1, 2, '{"cpu":90.0,"memory":95.0,"disk":90.0}', '[]',
        CAST(unixepoch('subsec') * 1000 AS INTEGER));

-- Names of what is measured, written once. Rows live and die with their server, so a cached id is right as long as the server is there.
CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    metric TEXT NOT NULL,
    attributes TEXT NOT NULL,
    UNIQUE (server, metric, attributes)
) STRICT;

-- Which series the values of a head belong to, in their order: ascending series ids, as differences, each a LEB128 number.
CREATE TABLE layout (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    series BLOB NOT NULL,
    UNIQUE (server, series)
) STRICT;

-- One row per collection: key = server << 43 | milliseconds, "values" = one little-endian f64 per series of the layout. A rowid
-- table, because its rows may fill a page; a WITHOUT ROWID table moves everything above 1002 bytes (120 values) to a page of its own.
CREATE TABLE head (
    key INTEGER PRIMARY KEY,
    layout INTEGER NOT NULL,
    "values" BLOB NOT NULL
) STRICT;

-- What only the newest collection is asked for.
CREATE TABLE latest (
    server INTEGER PRIMARY KEY REFERENCES server (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    processes TEXT,
    facts TEXT,
    unavailable TEXT NOT NULL
) STRICT;

CREATE TABLE collection (
    id INTEGER PRIMARY KEY,
    server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    "trigger" TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('completed', 'failed', 'cancelled')),
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    stages TEXT NOT NULL,
    failure TEXT,
    points INTEGER NOT NULL
) STRICT;
CREATE INDEX collection_of_server ON collection (server, id);

CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    rule TEXT NOT NULL,
    attributes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('firing', 'resolved')),
    threshold REAL,
    value REAL,
    message TEXT NOT NULL,
    fired_at INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;
CREATE INDEX alert_of_server ON alert (server, id);
CREATE UNIQUE INDEX alert_fires_once ON alert (server, rule, attributes) WHERE state = 'firing';

-- No reference to server: what was done stays known after the server is gone.
CREATE TABLE activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    server INTEGER,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX activity_of_server ON activity (server, id);

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
