//! The comparison for P7: a row for each point, all of a tick in one transaction, by the `sqlite3` program.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use hostrounds_core::time::UnixMillis;

/// As durable as our store. The table has no index, which a history could not do without and which would cost more.
const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA temp_store = MEMORY;
CREATE TABLE sample (series INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL) STRICT;
CREATE TEMP TABLE tick (series INTEGER NOT NULL, value REAL NOT NULL) STRICT;";

const DONE: &str = "done";

/// A `sqlite3` that is told what to do and says when it has done it.
pub(crate) struct PlainRows {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl PlainRows {
    /// An empty file, and the values of a tick ready in memory, so that no time goes into reading them from text.
    pub(crate) fn open(path: &Path, points: usize) -> Result<Self> {
        let mut command = Command::new("sqlite3");
        command.args(["-batch", "-bail"]).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("sqlite3")?;
        let input = process.stdin.take().context("sqlite3 has no input")?;
        let output = BufReader::new(process.stdout.take().context("sqlite3 has no output")?);
        let mut rows = Self { process, input, output };
        rows.run(SCHEMA)?;
        rows.run(&format!(
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {points})
             INSERT INTO tick SELECT n, n / 7.0 FROM number;"
        ))?;
        Ok(rows)
    }

    /// Keeps a tick; it is durable on return.
    pub(crate) fn insert(&mut self, at: UnixMillis) -> Result<()> {
        let at = at.0;
        self.run(&format!("BEGIN IMMEDIATE; INSERT INTO sample SELECT series, {at}, value FROM tick; COMMIT;"))
    }

    fn run(&mut self, sql: &str) -> Result<()> {
        self.input.write_all(format!("{sql}\n.print {DONE}\n").as_bytes())?;
        let mut line = String::new();
        while line.trim() != DONE {
            line.clear();
            ensure!(self.output.read_line(&mut line)? > 0, "sqlite3 ended; it said why above");
        }
        Ok(())
    }
}

impl Drop for PlainRows {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_a_row_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain.db");
        let mut rows = PlainRows::open(&path, 6).unwrap();
        rows.insert(UnixMillis(1)).unwrap();
        rows.insert(UnixMillis(2)).unwrap();
        let count = "SELECT count(*), count(DISTINCT at), count(DISTINCT series) FROM sample";
        let output = Command::new("sqlite3").arg(&path).arg(count).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "12|2|6");
    }

    #[test]
    fn a_refusal_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = PlainRows::open(&folder.path().join("plain.db"), 1).unwrap();
        assert!(rows.run("INSERT INTO nothing VALUES (1);").is_err());
    }
}
