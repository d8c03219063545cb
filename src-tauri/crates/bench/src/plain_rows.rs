//! The comparison for P7: a row for each point, all of a tick in one transaction, handed to the `sqlite3` program as SQL.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hostrounds_core::observation::Observation;

use crate::cpu;

/// As durable as our store. The table has no index, which a history could not do without and which would cost more.
const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE sample (series INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL) STRICT;";

const DONE: &str = "done";

/// A `sqlite3` that is told what to do and says when it has done it.
pub(crate) struct PlainRows {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What makes rows of the observations of a tick, in one transaction. Series are numbered in the order of the points.
pub(crate) fn sql<'a>(tick: impl IntoIterator<Item = &'a Observation>) -> Result<String> {
    let mut sql = String::from("BEGIN IMMEDIATE;\n");
    let mut series = 0;
    for observation in tick {
        let at = observation.at.0;
        let mut before = "INSERT INTO sample VALUES";
        for point in &observation.points {
            write!(sql, "{before} ({series}, {at}, {})", point.value)?;
            before = ",";
            series += 1;
        }
        sql.push_str(";\n");
    }
    sql.push_str("COMMIT;");
    Ok(sql)
}

impl PlainRows {
    /// An empty file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut command = Command::new("sqlite3");
        command.args(["-batch", "-bail"]).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("sqlite3")?;
        let input = process.stdin.take().context("sqlite3 has no input")?;
        let output = BufReader::new(process.stdout.take().context("sqlite3 has no output")?);
        let mut rows = Self { process, input, output };
        rows.run(SCHEMA)?;
        Ok(rows)
    }

    /// CPU of the program so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu::of_process(self.process.id())
    }

    /// Does what the SQL says; what that commits is durable on return.
    pub(crate) fn run(&mut self, sql: &str) -> Result<()> {
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
    use hostrounds_core::metric::Metric;
    use hostrounds_core::observation::{Attributes, Point};
    use hostrounds_core::time::UnixMillis;

    use super::*;

    #[test]
    fn every_point_is_a_row_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain.db");
        let mut rows = PlainRows::open(&path).unwrap();
        for at in [1, 2] {
            let points = [0.5, 2.0, 7.0].map(|value| Point::new(Metric::ALL[0], Attributes::none(), value).unwrap());
            let observation = Observation { points: points.to_vec(), ..Observation::empty(UnixMillis(at)) };
            rows.run(&sql([&observation, &observation]).unwrap()).unwrap();
        }
        let question = "SELECT count(*), count(DISTINCT at), count(DISTINCT series), sum(value) FROM sample";
        let output = Command::new("sqlite3").arg(&path).arg(question).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "12|2|6|38.0");
    }

    #[test]
    fn a_refusal_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = PlainRows::open(&folder.path().join("plain.db")).unwrap();
        assert!(rows.run("INSERT INTO nowhere VALUES (1);").is_err());
    }
}
