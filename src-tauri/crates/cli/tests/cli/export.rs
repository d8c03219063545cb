//! The history and the tables, to files and to stdout.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use rustix::process::Signal;

use crate::program::Program;

const UPTIME: [&str; 4] = ["export", "local", "--metric", "system.uptime"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&UPTIME, more].concat()
}

#[tokio::test]
async fn the_history_goes_to_stdout_and_to_files_of_every_format() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    program.run(&["collect"]).await.done();

    let csv = program.run(&UPTIME).await.done();
    let lines: Vec<&str> = csv.out.lines().collect();
    assert_eq!(lines[0], "time,server,metric,value,unit");
    assert_eq!(lines.len(), 3, "{csv:?}");
    assert!(lines[1].contains("Z,local,system.uptime,") && lines[1].ends_with(",s"), "{csv:?}");
    assert_eq!(csv.err, "");

    let json = program.run(&with(&["--format", "json", "--output", "-"])).await.done().json();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(json[0]["metric"], "system.uptime");
    assert!(json[0]["value"].as_f64().unwrap() > 0.0);

    let told = program.run(&with(&["--output", "up.csv"])).await.done();
    assert_eq!(told.out, "2 rows written to up.csv\n");
    let path = program.folder().join("up.csv");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), csv.out);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let document = [&["--json"], &with(&["-o", "up.XLSX"])[..]].concat();
    let document = program.run(&document).await.done().json();
    assert_eq!(document, serde_json::json!({ "path": "up.XLSX", "format": "xlsx", "rows": 2, "sheets": 1 }));
    assert!(std::fs::read(program.folder().join("up.XLSX")).unwrap().starts_with(b"PK"));
}

#[tokio::test]
async fn a_file_that_exists_is_replaced_only_by_force() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    let path = program.folder().join("up.csv");
    std::fs::write(&path, "mine").unwrap();
    program.run(&with(&["-o", "up.csv"])).await.refused(2, &["--output", "exists already", "--force"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    program.run(&with(&["-o", "up.csv", "--force"])).await.done();
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("time,"));

    program.run(&with(&["-o", "missing/up.csv"])).await.refused(3, &["no folder `missing`", "Make the folder"]);
    let left: Vec<_> = std::fs::read_dir(program.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("export"))
        .collect();
    assert_eq!(left, [""; 0]);
}

#[tokio::test]
async fn tables_are_exported_too() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    let processes = program.run(&["export", "local", "--table", "processes"]).await.done().out;
    assert!(processes.starts_with("server,read_at,name,pid,user,state,cpu [1],memory [By],"), "{processes}");
    assert!(processes.lines().count() > 1, "{processes}");
    let mounts = program.run(&["--json", "export", "--all", "--table", "filesystems"]).await.done().json();
    assert!(mounts.as_array().unwrap().iter().all(|mount| mount["mountpoint"].is_string()), "{mounts}");
    program.run(&["export", "--all", "--table", "alerts"]).await.done();
    program
        .run(&["export", "local", "--metric", "system.uptime", "--to", "-1h"])
        .await
        .refused(0, &["Nothing was found: there are only headings."]);
}

#[tokio::test]
async fn a_reader_that_is_gone_is_no_error_and_a_full_disk_is_one() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = program.command(&UPTIME).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));

    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = program.command(&UPTIME).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let ended = child.wait_with_output().await.unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(3), "{err}");
    assert!(err.contains("cannot be written") && err.contains("Make room"), "{err}");
}

#[tokio::test]
async fn ctrl_c_ends_an_export_whose_reader_has_stopped_reading() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    // Every value of every metric is more than this pipe holds.
    let metrics = program.run(&["--json", "metrics"]).await.done().json();
    let names: Vec<&str> = metrics.as_array().unwrap().iter().map(|metric| metric["name"].as_str().unwrap()).collect();
    let metrics = names.iter().flat_map(|name| ["--metric", name]);
    let arguments: Vec<&str> = ["export", "local"].into_iter().chain(metrics).collect();
    let (mut reader, writer) = std::io::pipe().unwrap();
    rustix::pipe::fcntl_setpipe_size(&writer, 4096).unwrap();
    let child = program.command(&arguments).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let mut begin = [0; 12];
    reader.read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"time,server,");

    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::INT).unwrap();
    let ended = child.wait_with_output().await.unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{err}");
    assert!(err.contains("stopped before it was done"), "{err}");
}
