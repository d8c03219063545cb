//! The TypeScript types of the window are generated from the Rust ones, committed, and checked here.
//!
//! `HOSTROUNDS_WRITE_TYPES=1 cargo test -p hostrounds-engine --test api_types` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hostrounds_core::history::{HistoryQuery, SeriesHistory};
use hostrounds_core::metric::MetricInfo;
use hostrounds_engine::api::export::{ExportRequest, Exported};
use hostrounds_engine::api::report::{ReportEnd, ReportRequest};
use hostrounds_engine::api::view::{
    ApiError, ConnectionTest, Event, FootprintReport, HostKeyCheck, ImportPreview, RestrictKit, RetentionPreview,
    ServerForm, Snapshot, StorageReport, TestReport,
};
use ts_rs::{Config, TS};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../frontend/src/api/gen")
}

fn generate(folder: &Path) {
    let config = Config::new().with_out_dir(folder).with_large_int("number");
    Snapshot::export_all(&config).unwrap();
    Event::export_all(&config).unwrap();
    ServerForm::export_all(&config).unwrap();
    TestReport::export_all(&config).unwrap();
    HostKeyCheck::export_all(&config).unwrap();
    ConnectionTest::export_all(&config).unwrap();
    FootprintReport::export_all(&config).unwrap();
    ImportPreview::export_all(&config).unwrap();
    ReportEnd::export_all(&config).unwrap();
    ReportRequest::export_all(&config).unwrap();
    RestrictKit::export_all(&config).unwrap();
    ExportRequest::export_all(&config).unwrap();
    Exported::export_all(&config).unwrap();
    ApiError::export_all(&config).unwrap();
    HistoryQuery::export_all(&config).unwrap();
    SeriesHistory::export_all(&config).unwrap();
    MetricInfo::export_all(&config).unwrap();
    StorageReport::export_all(&config).unwrap();
    RetentionPreview::export_all(&config).unwrap();
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    std::fs::read_dir(folder)
        .expect("the folder of the generated types")
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn the_types_of_the_window_are_those_of_the_engine() {
    if std::env::var_os("HOSTROUNDS_WRITE_TYPES").is_some() {
        let _ = std::fs::remove_dir_all(committed());
        generate(&committed());
        return;
    }
    let fresh = tempfile::tempdir().unwrap();
    generate(fresh.path());
    assert_eq!(
        files(&committed()),
        files(fresh.path()),
        "write them anew: HOSTROUNDS_WRITE_TYPES=1 cargo test -p hostrounds-engine --test api_types"
    );
}
