//! What is printed whatever the computer: the help and the catalogue.

use crate::program::Program;

#[tokio::test]
async fn the_help_says_what_there_is() {
    let program = Program::new();
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_server", &["server", "--help"]),
        ("help_server_add", &["server", "add", "--help"]),
        ("help_server_edit", &["server", "edit", "--help"]),
        ("help_server_trust", &["server", "trust", "--help"]),
        ("help_collect", &["collect", "--help"]),
        ("help_server_footprint", &["server", "footprint", "--help"]),
        ("help_server_restrict", &["server", "restrict", "--help"]),
        ("help_import", &["import", "ssh-config", "--help"]),
        ("help_storage", &["storage", "--help"]),
        ("help_storage_keep", &["storage", "keep", "--help"]),
        ("help_history", &["history", "--help"]),
        ("help_report", &["report", "--help"]),
        ("help_export", &["export", "--help"]),
    ] {
        insta::assert_snapshot!(name, program.run(arguments).await.done().out);
    }
}

#[tokio::test]
async fn the_catalogue_needs_no_data_directory() {
    let program = Program::new();
    insta::assert_snapshot!("metrics", program.run(&["metrics"]).await.done().out);
    let json = program.run(&["--json", "metrics"]).await.done().json();
    assert_eq!(json[0]["name"], "system.cpu.utilization");
    assert_eq!(json[0]["unit"], "ratio");
    assert!(!program.data_dir().exists());
}

#[tokio::test]
async fn an_empty_data_directory_lists_as_such() {
    let program = Program::new();
    let list = program.run(&["server", "list"]).await.done();
    insta::assert_snapshot!("empty_list", list.out);
    insta::assert_snapshot!("empty_show", program.run(&["server", "show", "local"]).await.done().out);
    program.run(&["alerts"]).await.refused(0, &["No alert is firing."]);
    program.run(&["alerts", "--history"]).await.refused(0, &["No alert has fired yet."]);
    program.run(&["activity"]).await.refused(0, &["Nothing has happened yet."]);
    program
        .run(&["history", "local", "--metric", "system.cpu.utilization"])
        .await
        .refused(0, &["Nothing was kept of system.cpu.utilization of local"]);
}
