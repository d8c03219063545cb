//! `report`, on a real store.

use std::os::unix::fs::PermissionsExt;

use crate::program::Program;

#[tokio::test]
async fn a_report_on_this_computer_is_one_file_that_loads_nothing() {
    let program = Program::new();
    program.run(&["collect"]).await.done();
    let told = program.run(&["report", "local", "--from", "-1h", "--output", "week.html"]).await.done();
    assert!(told.out.contains("1 server, ") && told.out.contains("written to week.html"), "{told:?}");
    let path = program.folder().join("week.html");
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.contains("<h1>Report on local</h1>") && page.contains("<dt>Uptime</dt><dd>100 %</dd>"));
    assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_that_is_there_is_replaced_only_by_force() {
    let program = Program::new();
    let path = program.folder().join("there.html");
    std::fs::write(&path, "precious").unwrap();
    let report = ["report", "--all", "--output", "there.html"];
    program.run(&report).await.refused(2, &["exists already"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let document = program.run(&[&["--json"], &report[..], &["--force"]].concat()).await.done().json();
    assert_eq!((&document["servers"], &document["path"]), (&1.into(), &"there.html".into()));
    assert_eq!(document["bytes"], std::fs::metadata(&path).unwrap().len());
}

#[tokio::test]
async fn a_report_goes_to_stdout_when_asked() {
    let program = Program::new();
    let page = program.run(&["report", "local", "--output", "-"]).await.done().out;
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("Nothing was observed of this server in this range."));
}

#[tokio::test]
async fn wrong_use_is_told() {
    let program = Program::new();
    program.run(&["report", "local"]).await.refused(2, &["--output"]);
    program.run(&["report", "--output", "x.html"]).await.refused(2, &["NAME"]);
    program.run(&["report", "nobody", "--output", "x.html"]).await.refused(2, &["There is no server named `nobody`."]);
    let turned = ["report", "local", "--from", "-1h", "--to", "-2h", "--output", "x.html"];
    program.run(&turned).await.refused(2, &["The range must begin before it ends."]);
    let lost = ["report", "local", "--output", "no/such/folder/x.html"];
    program.run(&lost).await.refused(3, &["There is no folder"]);
}
