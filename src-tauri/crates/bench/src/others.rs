//! Where the same samples take their room elsewhere: a row for each snapshot in SQLite, Prometheus, VictoriaMetrics, RRDtool.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hostrounds_core::observation::{Observation, Series};

use crate::plain_rows::PlainRows;

/// Bytes of all files of a folder and of those below it.
pub(crate) fn bytes_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_of(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// The columns of a table that has one for each series.
pub(crate) struct Columns(BTreeMap<Series, usize>);

impl Columns {
    pub(crate) fn of<'a>(observations: impl IntoIterator<Item = &'a Observation>) -> Self {
        let mut columns = BTreeMap::new();
        for point in observations.into_iter().flat_map(|observation| &observation.points) {
            if !columns.contains_key(&point.series) {
                columns.insert(point.series.clone(), columns.len());
            }
        }
        Self(columns)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// SQL for the table: a row for each snapshot, a column for each series.
    pub(crate) fn schema(&self) -> String {
        let columns: Vec<String> = (0..self.len()).map(|column| format!("m{column} REAL")).collect();
        format!(
            "CREATE TABLE snapshot (server INTEGER NOT NULL, at INTEGER NOT NULL, {}, PRIMARY KEY (server, at)) WITHOUT ROWID;",
            columns.join(", ")
        )
    }

    /// SQL that adds the snapshots of one tick in one transaction.
    pub(crate) fn insert(&self, tick: &[Observation]) -> Result<String> {
        let mut sql = String::from("BEGIN IMMEDIATE;\n");
        for (server, observation) in tick.iter().enumerate() {
            let mut cells = vec!["NULL".to_owned(); self.len()];
            for point in &observation.points {
                let column = self.0.get(&point.series).context("a series without a column")?;
                *cells.get_mut(*column).context("a column too many")? = point.value.to_string();
            }
            writeln!(sql, "INSERT INTO snapshot VALUES ({server}, {}, {});", observation.at.0, cells.join(", "))?;
        }
        sql.push_str("COMMIT;");
        Ok(sql)
    }

    /// SQL that answers as a chart wants it: smallest, average and largest value of each column in so many parts of a range.
    pub(crate) fn chart(&self, server: usize, from: i64, to: i64, buckets: i64) -> String {
        let cells: Vec<String> =
            (0..self.len()).map(|column| format!("min(m{column}), avg(m{column}), max(m{column})")).collect();
        format!(
            "SELECT (at - {from}) / {width}, {} FROM snapshot WHERE server = {server} AND at >= {from} AND at < {to} GROUP BY 1;",
            cells.join(", "),
            width = (to - from) / buckets
        )
    }
}

/// A table of snapshots, filled.
pub(crate) fn snapshots(
    folder: &Path,
    columns: &Columns,
    ticks: impl Iterator<Item = Vec<Observation>>,
) -> Result<PlainRows> {
    let mut rows = PlainRows::open(&folder.join("plain.db"))?;
    rows.run(&columns.schema())?;
    for tick in ticks {
        rows.run(&columns.insert(&tick)?)?;
    }
    Ok(rows)
}

/// Bytes of the blocks that Prometheus makes of the samples, without the log and the head that it has besides.
pub(crate) fn prometheus(folder: &Path, ticks: impl Iterator<Item = Vec<Observation>>) -> Result<u64> {
    let text = folder.join("openmetrics.txt");
    // OpenMetrics gives times in seconds.
    write_text(&text, ticks, |at| format!("{}.{:03}", at / 1000, at % 1000), "# EOF\n")?;
    let blocks = folder.join("blocks");
    let output = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&text, &blocks])
        .output()
        .context("promtool")?;
    ensure!(output.status.success(), "promtool: {}", String::from_utf8_lossy(&output.stderr));
    fs::remove_file(text)?;
    bytes_of(&blocks)
}

/// Bytes of what VictoriaMetrics makes of the samples, merged.
pub(crate) fn victoria_metrics(folder: &Path, ticks: impl Iterator<Item = Vec<Observation>>) -> Result<u64> {
    let text = folder.join("samples.txt");
    write_text(&text, ticks, |at| at.to_string(), "")?;
    let data = folder.join("victoria");
    let address = format!("127.0.0.1:{}", TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port());
    let server = Ended(
        Command::new("victoria-metrics")
            .arg(format!("-storageDataPath={}", data.display()))
            .arg(format!("-httpListenAddr={address}"))
            .arg("-retentionPeriod=100y")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("victoria-metrics")?,
    );
    let began = Instant::now();
    while !ask(&address, "health", &[])? {
        ensure!(began.elapsed() < Duration::from_secs(30), "victoria-metrics does not answer");
        std::thread::sleep(Duration::from_millis(100));
    }
    let file = format!("@{}", text.display());
    ensure!(ask(&address, "api/v1/import/prometheus", &["--data-binary", &file])?, "the import failed");
    ensure!(ask(&address, "internal/force_flush", &[])?, "the flush failed");
    ensure!(ask(&address, "internal/force_merge", &[])?, "the merge failed");
    fs::remove_file(text)?;
    // It merges in the background; it has ended when the size stays.
    let mut before = 0;
    loop {
        std::thread::sleep(Duration::from_secs(3));
        let bytes = bytes_of(&data).unwrap_or(0);
        if bytes == before && bytes > 0 {
            break;
        }
        before = bytes;
    }
    drop(server);
    // Its caches are not the history.
    Ok(bytes_of(&data.join("data"))? + bytes_of(&data.join("indexdb"))?)
}

/// Bytes of round robin databases, one for each server, with a row for each minute of a day. It knows whole seconds only.
pub(crate) fn rrdtool(folder: &Path, columns: &Columns, ticks: impl Iterator<Item = Vec<Observation>>) -> Result<u64> {
    let folder = folder.join("rrd");
    fs::create_dir(&folder)?;
    let mut made = 0;
    let mut rows = 0;
    let mut begin = 0;
    for tick in ticks {
        made = tick.len();
        begin = tick.first().map_or(begin, |first| if rows == 0 { first.at.0 / 1000 - 60 } else { begin });
        rows += 1;
    }
    for server in 0..made {
        let sources = (0..columns.len()).map(|column| format!("DS:m{column}:GAUGE:120:U:U"));
        let status = Command::new("rrdtool")
            .arg("create")
            .arg(folder.join(format!("{server}.rrd")))
            .args(["--step", "60", "--start", &begin.to_string()])
            .args(sources)
            .arg(format!("RRA:AVERAGE:0.5:1:{rows}"))
            .status()
            .context("rrdtool")?;
        ensure!(status.success(), "rrdtool create failed");
    }
    // Its files have their full size from the beginning: the values do not change it.
    bytes_of(&folder)
}

fn write_text(
    path: &Path,
    ticks: impl Iterator<Item = Vec<Observation>>,
    time: impl Fn(i64) -> String,
    end: &str,
) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for tick in ticks {
        for (server, observation) in tick.iter().enumerate() {
            let at = time(observation.at.0);
            for point in &observation.points {
                let name = point.series.metric.info().name.replace('.', "_");
                write!(out, "{name}{{server=\"{server}\"")?;
                for (label, value) in &point.series.attributes.0 {
                    write!(out, ",{}=\"{}\"", label.replace('.', "_"), value.replace(['\\', '"', '\n'], "_"))?;
                }
                writeln!(out, "}} {} {at}", point.value)?;
            }
        }
    }
    out.write_all(end.as_bytes())?;
    Ok(out.flush()?)
}

/// Whether the server answers that it is so.
fn ask(address: &str, path: &str, arguments: &[&str]) -> Result<bool> {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--fail", "--noproxy", "*"])
        .args(arguments)
        .arg(format!("http://{address}/{path}"))
        .output()
        .context("curl")?;
    if output.status.code() == Some(127) {
        bail!("curl is missing");
    }
    Ok(output.status.success())
}

/// A process that ends with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
