-- How many days the history of a server is kept, where that is not what the settings say for all.
CREATE TABLE retention (
    server INTEGER PRIMARY KEY REFERENCES server (id) ON DELETE CASCADE,
    days INTEGER NOT NULL
) STRICT;
