-- How often each server is meant to be visited, in seconds, since when. Coverage is measured by it.
CREATE TABLE rhythm (
    server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
    since INTEGER NOT NULL,
    interval INTEGER NOT NULL,
    PRIMARY KEY (server, since)
) STRICT, WITHOUT ROWID;

INSERT INTO rhythm (server, since, interval) SELECT id, created_at, interval FROM server;
