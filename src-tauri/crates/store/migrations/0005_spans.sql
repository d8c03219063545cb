-- Collections of one server that were made one after the other, sealed: their values stand in chunks, a column for each series. Ids
-- are never used twice, because chunks of a dropped span may still be there. A span is `writing` until all its chunks are there, and
-- `dropped` until they are gone; only sealed ones are read, and those of one server do not overlap.
CREATE TABLE span (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    server INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('writing', 'sealed', 'dropped'))
) STRICT;
CREATE INDEX span_of_server ON span (server, first) WHERE state = 'sealed';
CREATE INDEX span_not_sealed ON span (state) WHERE state <> 'sealed';

-- key = span << 29 | series, so that a span is written and removed in one piece. Series 0 stands for the times of the collections.
-- places: which collections of the span have a value, where not all do. data: see src/chunk.rs; empty where all values are `min`.
CREATE TABLE chunk (
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    min REAL,
    max REAL,
    sum REAL,
    places BLOB,
    data BLOB NOT NULL
) STRICT;
