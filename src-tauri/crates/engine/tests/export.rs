//! What is exported of a history and of what the engine knows, and what is left when it is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod support;

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use calamine::{Data, Reader, Xlsx};
use hostrounds_core::collection::{Collection, CollectionId, CollectionState, Trigger};
use hostrounds_core::metric::{Metric, attribute};
use hostrounds_core::observation::{Attributes, Observation, Point};
use hostrounds_core::server::ServerId;
use hostrounds_core::time::UnixMillis;
use hostrounds_engine::api::export::{
    Destination, ExportEnd, ExportRequest, ExportSubject, ExportTable, Exported, Format,
};
use hostrounds_engine::api::{ErrorCode, Event, Hostrounds};
use hostrounds_store::{Record, Store};
use support::{draft_of, event, open};

/// A moment in 2025.
const THEN: i64 = 1_764_000_000_000;
const ID: &str = "export-1";

fn flow(interface: &str, value: f64) -> Point {
    let attributes =
        Attributes::none().with(attribute::INTERFACE, interface).with(attribute::NETWORK_DIRECTION, "receive");
    Point::new(Metric::NetworkIo, attributes, value).unwrap()
}

fn cpu(value: f64) -> Point {
    Point::new(Metric::CpuUtilization, Attributes::none(), value).unwrap()
}

/// Keeps observations as if they had been made.
async fn keep(folder: &Path, server: ServerId, observations: impl IntoIterator<Item = (i64, Vec<Point>)>) {
    let store = Store::open(&folder.join("data/hostrounds.db")).await.unwrap();
    let made: Vec<(Collection, Observation)> = observations
        .into_iter()
        .map(|(at, points)| {
            let collection = Collection {
                id: CollectionId(at),
                server,
                trigger: Trigger::Live,
                state: CollectionState::Completed,
                queued_at: UnixMillis(at),
                started_at: Some(UnixMillis(at)),
                ended_at: Some(UnixMillis(at)),
                retry_at: None,
                attempts: 1,
                max_attempts: 1,
                stages: Vec::new(),
                failure: None,
                points: 1,
            };
            (collection, Observation { points, ..Observation::empty(UnixMillis(at)) })
        })
        .collect();
    for batch in made.chunks(2_000) {
        let batch: Vec<Record<'_>> = batch
            .iter()
            .map(|(collection, observation)| Record { collection, observation: Some(observation), spent: None })
            .collect();
        store.record(&batch).await.unwrap();
    }
    store.close().await;
}

fn history(format: Format, servers: &[ServerId], metrics: &[Metric]) -> ExportRequest {
    ExportRequest {
        subject: ExportSubject::History {
            servers: servers.to_vec(),
            metrics: metrics.to_vec(),
            attributes: Attributes::none(),
            from: UnixMillis(0),
            to: UnixMillis(THEN + 10_000_000_000),
        },
        format,
    }
}

fn file(path: &Path) -> Destination {
    Destination::File { path: path.to_owned(), replace: false }
}

async fn written(hostrounds: &Hostrounds, request: ExportRequest, path: &Path) -> Exported {
    match hostrounds.export(ID.into(), request, file(path)).await.unwrap() {
        ExportEnd::Complete(exported) => exported,
        other => panic!("{other:?}"),
    }
}

/// A stream that hands on what it is given, and can be looked at.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_value_stands_there_once_in_order_of_time_however_dense_or_far_apart() {
    let folder = tempfile::tempdir().unwrap();
    // So dense that a window of the history holds more than is read at once, and then again years later.
    let dense =
        (0..20_000).map(|step| (THEN - 100_000_000_000 + step * 500, vec![cpu((step % 10_000) as f64 / 10_000.0)]));
    let late = (0..10).map(|step| (THEN + step, vec![cpu(1.0), flow("eth0", 5.0), flow("=eth1", 7.0)]));
    keep(folder.path(), ServerId::LOCAL, dense.chain(late)).await;
    let hostrounds = open(folder.path()).await;
    let mut events = hostrounds.events();

    let path = folder.path().join("out.csv");
    let request = history(Format::Csv, &[ServerId::LOCAL], &[Metric::CpuUtilization, Metric::NetworkIo]);
    let exported = written(&hostrounds, request, &path).await;
    assert_eq!(exported, Exported { file: Some("out.csv".into()), rows: 20_030, sheets: 1 });
    let share = event(&mut events, |event| match event {
        Event::Export { id, share, .. } if id == ID => Some(share),
        _ => None,
    });
    assert!((0.0..=1.0).contains(&share.await));

    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "time,server,metric,network.interface.name,network.io.direction,value,unit");
    assert_eq!(lines[1], "2022-09-24T06:13:20.000Z,local,system.cpu.utilization,,,0,1");
    assert_eq!(lines[20_000], "2022-09-24T08:59:59.500Z,local,system.cpu.utilization,,,0.9999,1");
    assert_eq!(
        lines[20_001..20_004],
        [
            "2025-11-24T16:00:00.000Z,local,system.cpu.utilization,,,1,1",
            "2025-11-24T16:00:00.000Z,local,system.network.io,'=eth1,receive,7,By/s",
            "2025-11-24T16:00:00.000Z,local,system.network.io,eth0,receive,5,By/s",
        ]
    );
    assert!(lines[1..].is_sorted_by_key(|line| line.split(',').next()));
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_workbook_has_a_sheet_per_server_and_a_column_per_series() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("data/hostrounds.db")).await.unwrap();
    let mut draft = draft_of(
        vec![],
        hostrounds_core::server::Hop {
            host: "192.0.2.1".into(),
            port: 22,
            user: "ops".into(),
            logins: vec![hostrounds_core::server::Login::agent()],
        },
    );
    draft.name = "a/b".into();
    draft.enabled = false;
    let web = store.add_server(&draft, UnixMillis(THEN)).await.unwrap().id;
    store.close().await;
    keep(
        folder.path(),
        ServerId::LOCAL,
        [(THEN, vec![cpu(0.25), flow("eth0", 5.0)]), (THEN + 1, vec![cpu(0.5)]), (THEN + 2, vec![flow("eth1", 7.0)])],
    )
    .await;
    keep(folder.path(), web, [(THEN, vec![cpu(0.75)])]).await;
    let hostrounds = open(folder.path()).await;

    let path = folder.path().join("out.xlsx");
    let request = history(Format::Xlsx, &[ServerId::LOCAL, web], &[Metric::NetworkIo, Metric::CpuUtilization]);
    let exported = written(&hostrounds, request, &path).await;
    assert_eq!((exported.rows, exported.sheets), (4, 2));
    let mut book: Xlsx<_> = calamine::open_workbook(&path).unwrap();
    assert_eq!(book.sheet_names(), ["local", "a_b"]);
    let sheet = book.worksheet_range("local").unwrap();
    let rows: Vec<&[Data]> = sheet.rows().collect();
    let headings: Vec<String> = rows[0].iter().map(ToString::to_string).collect();
    let expected = [
        "time (UTC)",
        "system.network.io eth0 receive [By/s]",
        "system.network.io eth1 receive [By/s]",
        "system.cpu.utilization [1]",
    ];
    assert_eq!(headings, expected);
    assert_eq!(rows[1][1..], [Data::Float(5.0), Data::Empty, Data::Float(0.25)]);
    assert_eq!(rows[2][1..], [Data::Empty, Data::Empty, Data::Float(0.5)]);
    assert_eq!(rows[3][1..], [Data::Empty, Data::Float(7.0), Data::Empty]);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_cancelled_export_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), ServerId::LOCAL, (0..100).map(|step| (THEN + step, vec![cpu(0.5)]))).await;
    let hostrounds = open(folder.path()).await;
    let place = tempfile::tempdir().unwrap();
    for format in Format::ALL {
        let path = place.path().join("out");
        let request = history(format, &[ServerId::LOCAL], &[Metric::CpuUtilization]);
        let mut exporting = std::pin::pin!(hostrounds.export(ID.into(), request, file(&path)));
        tokio::select! {
            biased;
            end = &mut exporting => panic!("nothing can be ready at once: {end:?}"),
            () = std::future::ready(()) => hostrounds.cancel_export(ID),
        }
        assert_eq!(exporting.await.unwrap(), ExportEnd::Cancelled);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn the_end_of_the_engine_ends_an_export_and_waits_until_nothing_is_left_of_it() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), ServerId::LOCAL, (0..20_000).map(|step| (THEN + step * 500, vec![cpu(0.5)]))).await;
    let hostrounds = open(folder.path()).await;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("out.csv");
    let mut events = hostrounds.events();
    let request = history(Format::Csv, &[ServerId::LOCAL], &[Metric::CpuUtilization]);
    let exporting = tokio::spawn({
        let (hostrounds, path) = (hostrounds.clone(), path.clone());
        async move { hostrounds.export(ID.into(), request, file(&path)).await }
    });
    event(&mut events, |event| matches!(event, Event::Export { .. }).then_some(())).await;
    hostrounds.shutdown().await;
    let left = std::fs::read_dir(place.path()).unwrap().count();
    match exporting.await.unwrap() {
        // It may have been as good as done.
        Ok(ExportEnd::Complete(_)) => assert_eq!(left, 1),
        Ok(_) | Err(_) => assert_eq!(left, 0),
    }
}

#[tokio::test]
async fn a_stream_that_is_not_read_does_not_hold_up_the_cancelling() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), ServerId::LOCAL, (0..20_000).map(|step| (THEN + step * 500, vec![cpu(0.5)]))).await;
    let hostrounds = open(folder.path()).await;
    // More than a pipe holds (64 KiB on Linux), and nobody reads.
    let (reader, pipe) = io::pipe().unwrap();
    let mut events = hostrounds.events();
    let request = history(Format::Csv, &[ServerId::LOCAL], &[Metric::CpuUtilization]);
    let exporting = hostrounds.export(ID.into(), request, Destination::Stream(Box::new(pipe)));
    let cancelling = async {
        event(&mut events, |event| matches!(event, Event::Export { .. }).then_some(())).await;
        hostrounds.cancel_export(ID);
    };
    let (end, ()) = tokio::join!(exporting, cancelling);
    assert_eq!(end.unwrap(), ExportEnd::Cancelled);
    drop(reader);
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn a_reader_that_is_gone_and_a_place_that_cannot_be_written_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), ServerId::LOCAL, [(THEN, vec![cpu(0.5)])]).await;
    let hostrounds = open(folder.path()).await;
    let request = history(Format::Json, &[ServerId::LOCAL], &[Metric::CpuUtilization]);
    let (reader, pipe) = io::pipe().unwrap();
    drop(reader);
    let end = hostrounds.export(ID.into(), request.clone(), Destination::Stream(Box::new(pipe))).await;
    assert_eq!(end.unwrap(), ExportEnd::ReaderGone);

    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let end = hostrounds.export(ID.into(), request.clone(), Destination::Stream(Box::new(full))).await;
    let error = end.unwrap_err();
    assert_eq!(error.code, ErrorCode::Export);
    assert!(error.hint.contains("room"), "{error}");

    let error = hostrounds.export(ID.into(), request.clone(), file(&folder.path().join("no/out"))).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Export);
    std::fs::write(folder.path().join("out"), "mine").unwrap();
    let error = hostrounds.export(ID.into(), request, file(&folder.path().join("out"))).await.unwrap_err();
    assert_eq!((error.code, error.fields[0].field.as_str()), (ErrorCode::Invalid, "output"));
    assert_eq!(std::fs::read_to_string(folder.path().join("out")).unwrap(), "mine");
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    let path = folder.path().join("out");
    let refused = async |request: ExportRequest| hostrounds.export(ID.into(), request, file(&path)).await.unwrap_err();
    let none = refused(history(Format::Csv, &[], &[])).await;
    assert_eq!((none.code, none.fields[0].field.as_str()), (ErrorCode::Invalid, "metrics"));
    let unknown = refused(history(Format::Csv, &[ServerId(77)], &[Metric::Uptime])).await;
    assert_eq!(unknown.code, ErrorCode::NotFound);
    let ExportSubject::History { servers, metrics, from, .. } = history(Format::Csv, &[], &[Metric::Uptime]).subject
    else {
        panic!("it is one");
    };
    let attributes = Attributes::none().with("planet", "mars");
    let odd = ExportSubject::History { servers, metrics, attributes, from, to: UnixMillis(THEN) };
    let odd = refused(ExportRequest { subject: odd, format: Format::Csv }).await;
    assert_eq!((odd.code, odd.fields[0].field.as_str()), (ErrorCode::Invalid, "attributes"));
    assert!(!path.exists());
    hostrounds.shutdown().await;
}

#[tokio::test]
async fn every_table_has_a_cell_for_every_column() {
    let folder = tempfile::tempdir().unwrap();
    let hostrounds = open(folder.path()).await;
    hostrounds.collect_and_wait(ServerId::LOCAL, 1).await.unwrap();
    for (table, name) in ExportTable::ALL {
        for servers in [vec![], vec![ServerId::LOCAL]] {
            let stream = Shared::default();
            let subject = ExportSubject::Table { table, servers };
            let request = ExportRequest { subject, format: Format::Csv };
            let end = hostrounds.export(ID.into(), request, Destination::Stream(Box::new(stream.clone()))).await;
            let bytes = stream.0.lock().unwrap().clone();
            let text = String::from_utf8(bytes).unwrap();
            let ExportEnd::Complete(exported) = end.unwrap() else { panic!("{name}") };
            assert_eq!(exported.file, None);
            // A row with a cell too few or too many is no CSV for this reader.
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            assert_eq!(rows.len() as u64, exported.rows, "{name}");
            let is_read = matches!(table, ExportTable::Servers | ExportTable::Processes | ExportTable::Filesystems);
            assert!(!is_read || !rows.is_empty(), "{name}: {text}");
            assert!(rows.iter().all(|row| !is_read || row.iter().any(|cell| cell == "local")), "{name}: {text}");
        }
    }
    hostrounds.shutdown().await;
}
