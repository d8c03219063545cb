-- What is not read of a server, as JSON.
ALTER TABLE server ADD COLUMN families_off TEXT NOT NULL DEFAULT '[]';

-- Several ways to log in, in order, and jump hosts.
UPDATE server
SET target = json_set(json_remove(target, '$.login'), '$.logins', json_array(json_extract(target, '$.login')), '$.jumps', json('[]'))
WHERE json_extract(target, '$.login') IS NOT NULL;

-- Which secrets the keyring holds is noted for each of them from now on, and no longer in a setting for each server. No version
-- that wrote that setting was ever released: what a build of those days has put into a keyring is not looked up any more, and is
-- given anew.
DELETE FROM setting WHERE key = 'secrets';

-- A row for each secret, so that two processes never undo each other's. place: the host that a password of the server itself was
-- given for; no other one is ever shown it. No reference to server: where the keyring could not remove a secret, it is known that
-- it is still there.
CREATE TABLE in_keyring (
    server INTEGER NOT NULL,
    slot TEXT NOT NULL,
    place TEXT,
    PRIMARY KEY (server, slot)
) STRICT, WITHOUT ROWID;

ALTER TABLE latest ADD COLUMN tables TEXT;

-- The schedule of a server stands still until a person acts. Kept, so that a restart does not knock again.
CREATE TABLE hold (
    server INTEGER PRIMARY KEY REFERENCES server (id) ON DELETE CASCADE,
    since INTEGER NOT NULL,
    failure TEXT NOT NULL
) STRICT;

CREATE TABLE connection_test (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    report TEXT NOT NULL
) STRICT;
CREATE INDEX connection_test_of_server ON connection_test (server, id);

-- What a server was made to spend, per day (UTC, in days since 1970).
CREATE TABLE footprint (
    server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    logins INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    received INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    cpu REAL NOT NULL,
    collections INTEGER NOT NULL,
    start_up REAL NOT NULL,
    warned INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (server, day)
) STRICT, WITHOUT ROWID;
