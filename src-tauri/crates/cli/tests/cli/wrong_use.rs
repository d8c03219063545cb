//! What is wrong is refused with the reason, the remedy and exit code 2, and nothing is changed.

use crate::program::Program;

const ADD: [&str; 6] = ["server", "add", "web", "--host", "127.0.0.1", "--agent"];

#[tokio::test]
async fn each_wrong_word_is_named() {
    let program = Program::new();
    program.run(&["server", "add", "taken", "--host", "a", "--user", "u", "--agent"]).await.done();
    let web = |more: &[&'static str]| [&["server", "add", "web", "--user", "u"], more].concat();
    let local = |more: &[&'static str]| [&["history", "local", "--metric", "system.uptime"], more].concat();
    let keep = |more: &[&'static str]| [&["storage", "keep"], more].concat();
    let cases: Vec<(Vec<&str>, &[&str])> = vec![
        (vec![], &["Usage:"]),
        (vec!["frobnicate"], &["unrecognized subcommand"]),
        (ADD.to_vec(), &["--user"]),
        (web(&["--host", "h"]), &["How to log in is missing", "--key FILE"]),
        (web(&["--host", "h", "--agent", "--certificate", "c"]), &["belongs to the key file before it"]),
        (web(&["--host", "h", "--agent-key", "MD5:aa"]), &["--agent-key:", "SHA256"]),
        (web(&["--host", "h", "--agent", "--jump", "b:x"]), &["--jump: `b:x`", "USER@HOST"]),
        (web(&["--host", "h", "--agent", "--jump", "a/b"]), &["--jump: `a/b`", "USER@HOST"]),
        (web(&["--host", "h", "--agent", "--jump-agent"]), &["before any jump host", "--jump USER@HOST[:PORT]"]),
        (web(&["--host", "h", "--prompts", "--jump", "b"]), &["jump host u@b is missing", "--jump-key FILE"]),
        (web(&["--host", "h", "--agent", "--jump", "b", "--jump-key", "k.pub"]), &["--jump-key:", "public key"]),
        (web(&["--host", "h", "--agent", "--without", "everything"]), &["--without", "the families are cpu"]),
        (web(&["--host", "h", "--agent", "--agent"]), &["--agent is given twice"]),
        (web(&["--host", "h", "--key", "k", "--key", "k"]), &["--key is given twice"]),
        (web(&["--host", "h", "--agent-socket", "a", "--agent-socket", "b"]), &["--agent-socket is given twice"]),
        (web(&["--host", "h", "--key", ""]), &["--key is empty"]),
        (web(&["--host", "h", "--key", "k", "--certificate", " "]), &["--certificate is empty"]),
        (web(&["--host", "h", "--agent-key", ""]), &["--agent-key is empty"]),
        (web(&["--host", "h", "--agent-socket", ""]), &["--agent-socket is empty"]),
        (web(&["--host", "h", "--agent", "--jump", "b", "--jump-key", ""]), &["--jump-key is empty"]),
        (web(&["--host", "h", "--agent", "--tag", ""]), &["--tag", "it is empty"]),
        (web(&["--host", "h", "--agent", "--environment", " "]), &["--environment", "it is empty"]),
        (web(&["--host", "h", "--agent", "--passphrase-stdin"]), &["passphrase belongs to a key file", "--key FILE"]),
        (web(&["--host", "http://h", "--agent"]), &["--host:", "only a host name"]),
        (web(&["--host", "h", "--agent", "--port", "0"]), &["--port:", "1 to 65535"]),
        (web(&["--host", "h", "--agent", "--port", "70000"]), &["--port", "70000"]),
        (web(&["--host", "h", "--agent", "--interval", "4"]), &["--interval:", "5 seconds"]),
        (web(&["--host", "h", "--agent", "--interval", "soon"]), &["--interval", "soon"]),
        (web(&["--host", "h", "--agent", "--cpu", "101"]), &["--cpu:", "1 to 100"]),
        (web(&["--host", "h", "--agent", "--disk", "full"]), &["--disk", "or `off`"]),
        (web(&["--host", "h", "--key", "id.pub"]), &["--key:", "public key"]),
        (vec!["server", "add", "local", "--host", "h", "--user", "u", "--agent"], &["NAME:", "this computer"]),
        (vec!["server", "add", "TAKEN", "--host", "h", "--user", "u", "--agent"], &["already a server named `TAKEN`"]),
        (vec!["server", "add", "web", "--host", "h", "--user", " ", "--agent"], &["--user:"]),
        (vec!["server", "show", "nobody"], &["no server named `nobody`", "local, taken"]),
        (vec!["server", "edit", "taken"], &["Nothing to change"]),
        (vec!["server", "edit", "taken", "--without", "cpu", "--with", "cpu"], &["--with and --without both name cpu"]),
        (vec!["server", "edit", "taken", "--tag", " "], &["--tag", "it is empty"]),
        (vec!["server", "edit", "taken", "--environment", ""], &["--environment", "it is empty"]),
        (vec!["server", "edit", "taken", "--name", "Local"], &["this computer"]),
        (vec!["server", "edit", "taken", "--passphrase-stdin"], &["passphrase belongs to a key file"]),
        (vec!["server", "edit", "taken", "--no-jump", "--jump", "b"], &["--no-jump", "--jump"]),
        (vec!["server", "edit", "taken", "--jump-key", "k"], &["before any jump host"]),
        (vec!["server", "edit", "taken", "--clear-secret", "--password-stdin"], &["--clear-secret"]),
        (vec!["server", "edit", "local", "--jump", "b"], &["no connection"]),
        (vec!["server", "edit", "taken", "--tag", "a", "--clear-tags"], &["--tag", "--clear-tags"]),
        (vec!["server", "edit", "local", "--host", "h"], &["no connection"]),
        (vec!["server", "edit", "local", "--name", "me"], &["cannot be renamed"]),
        (vec!["server", "edit", "local", "--interval", "1"], &["--interval:", "2 seconds"]),
        (vec!["server", "remove", "local", "--yes"], &["cannot be removed"]),
        (vec!["server", "remove", "taken"], &["no terminal", "--yes"]),
        (vec!["server", "test", "local"], &["cannot be tested"]),
        (vec!["server", "trust", "local"], &["This computer"]),
        (vec!["server", "tests", "local"], &["This computer"]),
        (vec!["server", "tests", "taken", "--limit", "0"], &["--limit", "0 is not in 1.."]),
        (vec!["server", "footprint", "local"], &["This computer"]),
        (vec!["server", "footprint", "taken", "--days", "0"], &["--days"]),
        (vec!["server", "restrict", "local"], &["This computer"]),
        (vec!["server", "restrict", "taken", "--line", "--script"], &["--line", "--script"]),
        (vec!["server", "trust", "taken", "--fingerprint", "aa:bb"], &["no SHA256 fingerprint", "ssh-keygen"]),
        (vec!["export", "local"], &["--metric", "--table"]),
        (vec!["export", "--metric", "system.uptime"], &["NAME", "--all"]),
        (vec!["export", "local", "--all", "--table", "alerts"], &["--all"]),
        (vec!["export", "nobody", "--table", "alerts"], &["no server named `nobody`"]),
        (vec!["export", "local", "--table", "secrets"], &["processes", "alerts"]),
        (vec!["export", "local", "--table", "alerts", "--metric", "system.uptime"], &["--metric"]),
        (vec!["export", "local", "--table", "alerts", "--from", "-1h"], &["--from"]),
        (vec!["export", "local", "--metric", "system.uptme"], &["Did you mean system.uptime"]),
        (vec!["export", "local", "--metric", "system.uptime", "--format", "parquet"], &["csv, json, xlsx"]),
        (vec!["export", "local", "--metric", "system.uptime", "--from", "now"], &["must begin before it ends"]),
        (
            vec!["export", "local", "--metric", "system.uptime", "--attribute", "a=b"],
            &["--attribute", "no attribute `a`"],
        ),
        (vec!["export", "local", "--table", "alerts", "--output", "."], &["--output", "no regular file"]),
        (vec!["collect", "local", "nobody"], &["no server named `nobody`"]),
        (vec!["collect", "local", "--all"], &["--all"]),
        (vec!["collect", "--tries", "0"], &["--tries"]),
        (vec!["watch", "nobody"], &["no server named `nobody`"]),
        (vec!["history", "local"], &["--metric"]),
        (vec!["history", "local", "--metric", "cpu.load"], &["no metric `cpu.load`", "hostrounds metrics"]),
        (
            vec!["history", "local", "--metric", "system.cpu.utilisation"],
            &["Did you mean system.cpu.utilization", "hostrounds metrics"],
        ),
        (local(&["--from", "yesterday"]), &["--from:", "`yesterday`", "-24h"]),
        (local(&["--to", "2026-02-30"]), &["--to:", "2026-02-30"]),
        (local(&["--from", "now", "--to", "-1h"]), &["--from:", "begin before it ends"]),
        (local(&["--max-points", "0"]), &["--max-points:", "1 to 100000"]),
        (local(&["--attribute", "device"]), &["--attribute:", "NAME=VALUE"]),
        (local(&["--attribute", "device=x"]), &["--attribute:", "no attribute `device`"]),
        (local(&["--csv", "--json"]), &["--csv", "--json"]),
        (keep(&[]), &["Nothing to change", "--days"]),
        (keep(&["--days", "0"]), &["--days", "1 to 36500"]),
        (keep(&["--days", "36501"]), &["--days", "1 to 36500"]),
        (keep(&["--days", "1.5"]), &["--days", "a whole number of days", "forever"]),
        (keep(&["--days", "-1"]), &["--days"]),
        (keep(&["--days", "default"]), &["--days default", "--server NAME"]),
        (keep(&["--server", "taken"]), &["--days"]),
        (keep(&["--server", "taken", "--days", "forever"]), &["--days forever", "36500"]),
        (keep(&["--server", "nobody", "--days", "3"]), &["no server named `nobody`"]),
        (keep(&["--server", "taken", "--days", "3", "--size", "1GiB"]), &["--server", "--size"]),
        (keep(&["--server", "taken", "--days", "3", "--warn", "1GiB"]), &["--server", "--warn"]),
        (keep(&["--size", "5"]), &["--size", "5GiB"]),
        (keep(&["--size", "5G"]), &["--size", "5GiB", "5GB"]),
        (keep(&["--size", "0GiB"]), &["--size:", "at least 64 MiB"]),
        (keep(&["--size", "63.9MiB"]), &["--size:", "at least 64 MiB"]),
        (keep(&["--size", "never"]), &["--size", "unlimited"]),
        (keep(&["--warn", "1MB"]), &["--warn:", "at least 64 MiB"]),
        (keep(&["--warn", "unlimited"]), &["--warn", "never"]),
        (keep(&["--days", "3", "--dry-run", "--yes"]), &["--dry-run", "--yes"]),
        (vec!["storage", "shrink"], &["unrecognized subcommand"]),
        (vec!["activity", "--limit", "0"], &["--limit", "0 is not in 1.."]),
        (vec!["alerts", "--history", "--limit", "0"], &["--limit", "0 is not in 1.."]),
        (vec!["alerts", "--limit", "many"], &["--limit", "many"]),
    ];
    let before = program.run(&["--json", "server", "list"]).await.done().out;
    for (arguments, words) in &cases {
        let ended = program.run(arguments).await.refused(2, words);
        assert_eq!(ended.out, "", "{arguments:?}");
    }
    assert_eq!(program.run(&["--json", "server", "list"]).await.done().out, before, "something was changed");
}

#[tokio::test]
async fn with_json_an_error_is_one_json_line() {
    let program = Program::new();
    let ended = program.run(&["--json", "server", "add", "web", "--host", " ", "--user", "", "--agent"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    let error: serde_json::Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!(error["error"]["code"], "invalid");
    let fields: Vec<&str> =
        error["error"]["fields"].as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["host", "user"]);
}

#[tokio::test]
async fn the_next_step_names_the_data_directory_that_was_named() {
    let program = Program::new();
    let folder = program.folder().join("my data");
    let place = folder.to_str().unwrap();
    let named = format!("hostrounds --data-dir '{place}'");
    let add = ["server", "add", "my web", "--host", "127.0.0.1", "--port", "1", "--user", "u", "--agent"];
    let added = program.run(&[&["--data-dir", place][..], &add].concat()).await.refused(0, &["my web"]);
    assert!(added.err.contains(&format!("{named} server test 'my web'")), "{added:?}");
    // The option may also stand behind the command, and name the folder from where it is typed.
    program.run(&["server", "disable", "my web", "--data-dir", "my data"]).await.done();
    let watched = program.run(&["--data-dir", "my data", "watch", "my web"]).await;
    assert!(watched.err.contains(&format!("{named} server enable 'my web'")), "{watched:?}");
    // Whoever has it in the environment has it there for the next command too.
    program.run(&add).await.refused(0, &["hostrounds server test 'my web'"]);
    let same = program.data_dir();
    program.run(&["--data-dir", same.to_str().unwrap(), "server", "disable", "my web"]).await.done();
    program.run(&["watch", "my web"]).await.refused(2, &["hostrounds server enable 'my web'"]);
}

#[tokio::test]
async fn a_key_file_that_is_missing_is_pointed_out() {
    let program = Program::new();
    let web = ["server", "add", "web", "--host", "h", "--user", "u"];
    let key = program.folder().join("stick/key").display().to_string();
    let sentence = format!("The key file {key} is missing.");
    let added = program.run(&[&web[..], &["--key", &key]].concat()).await.done();
    assert!(added.err.contains(&format!("warning: {sentence}")), "{added:?}");
    let tagged = program.run(&["server", "edit", "web", "--tag", "a"]).await.done();
    assert!(!tagged.err.contains("missing"), "that is no news: {tagged:?}");
    let edited = program.run(&["server", "edit", "web", "--key", &key, "--agent"]).await.done();
    assert!(edited.err.contains(&sentence), "{edited:?}");
    let json = program.run(&["--json", "server", "edit", "web", "--key", &key]).await.done().json();
    assert_eq!(json["missingFiles"], serde_json::json!([sentence]));
    std::fs::create_dir(program.folder().join("stick")).unwrap();
    std::fs::write(&key, "").unwrap();
    let edited = program.run(&["server", "edit", "web", "--key", &key, "--agent"]).await.done();
    assert!(!edited.err.contains("missing"), "{edited:?}");
}

#[tokio::test]
async fn a_disabled_server_is_not_watched() {
    let program = Program::new();
    program.run(&["server", "disable", "local"]).await.done();
    program.run(&["watch"]).await.refused(2, &["disabled", "hostrounds server enable local"]);
    program.run(&["collect", "--all"]).await.refused(2, &["No server is enabled"]);
    program.run(&["server", "enable", "local"]).await.done();
    program.run(&["collect", "--all"]).await.done();
}

#[tokio::test]
async fn a_store_that_cannot_be_used_ends_with_3() {
    let program = Program::new();
    let file = program.folder().join("a-file");
    std::fs::write(&file, "not a folder").unwrap();
    let damaged = program.folder().join("damaged");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("hostrounds.db"), "no database ".repeat(500)).unwrap();
    program.run(&["--data-dir", file.to_str().unwrap(), "server", "list"]).await.refused(3, &["a-file"]);
    let ended = program.run(&["--data-dir", damaged.to_str().unwrap(), "collect"]).await;
    ended.refused(3, &["hostrounds.db", "damaged", "backup"]);
}
