//! Backups, and the way back.

use hostrounds_testbed::{Sshd, SshdConfig};

use crate::program::Program;

fn names(list: &serde_json::Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|view| view["server"]["name"].as_str().unwrap().to_owned()).collect()
}

fn kept_aside(program: &Program, part: &str) -> Vec<String> {
    let files = std::fs::read_dir(program.data_dir()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(part)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_brings_back_servers_history_and_trust() {
    let program = Program::new();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let (port, key) = (sshd.port().to_string(), sshd.key().display().to_string());
    let target = ["--host", sshd.host(), "--port", &port, "--user", sshd.user(), "--key", &key];
    program.run(&[&["server", "add", "web"][..], &target].concat()).await.done();
    program.run(&["server", "trust", "web", "--fingerprint", sshd.fingerprint()]).await.done();
    program.run(&["collect", "web"]).await.done();
    let made = program.run(&["backup", "a.db"]).await.done();
    assert!(made.out.contains("a.db (") && made.err.contains("Passwords"), "{made:?}");
    program.run(&["backup", "a.db"]).await.refused(3, &["exists already", "--force"]);
    let made = program.run(&["--json", "backup", "--force", "a.db"]).await.done().json();
    assert_eq!(made["size"], std::fs::metadata(program.folder().join("a.db")).unwrap().len());

    program.run(&["server", "remove", "web", "--yes"]).await.done();
    std::fs::write(program.data_dir().join("known_hosts"), "# other keys\n").unwrap();
    program.run(&["restore", "a.db"]).await.refused(2, &["no terminal", "--yes"]);
    assert_eq!(names(&program.run(&["--json", "server", "list"]).await.done().json()), ["local"]);
    let restored = program.run(&["restore", "a.db", "--yes"]).await.done();
    assert!(restored.out.contains("1 server, observed until"), "{restored:?}");
    assert!(restored.out.contains("hostrounds.db.before-restore-"), "{restored:?}");
    assert_eq!(names(&program.run(&["--json", "server", "list"]).await.done().json()), ["local", "web"]);
    program.run(&["collect", "web"]).await.done();
    assert_eq!(kept_aside(&program, "before-restore").len(), 2, "the database and the host keys");
    let activity = program.run(&["activity"]).await.done().out;
    assert!(activity.contains("restored from a backup of"), "{activity}");

    // On a computer that has nothing yet, nothing is asked.
    let other = Program::new();
    let file = program.folder().join("a.db");
    other.run(&["restore", file.to_str().unwrap()]).await.done();
    other.run(&["collect", "web"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_restored_under_a_process_that_has_the_data_open() {
    let program = Program::new();
    program.run(&["backup", "a.db"]).await.done();
    let mut running = program.start(&["watch"]);
    running.line().await;
    program.run(&["restore", "a.db", "--yes"]).await.refused(2, &["uses", "Quit the window"]);
    program.run(&["restore", "--anew", "--yes"]).await.refused(2, &["uses", "Quit the window"]);
    program.run(&["backup", "b.db"]).await.done();
    running.end_with(rustix::process::Signal::TERM).await;
    assert!(kept_aside(&program, "before-restore").is_empty());
    program.run(&["restore", "b.db", "--yes"]).await.done();
}

#[tokio::test]
async fn what_is_no_backup_is_refused() {
    let program = Program::new();
    program.run(&["backup", "a.db"]).await.done();
    std::fs::write(program.folder().join("text"), "no database").unwrap();
    std::fs::write(program.folder().join("empty"), "").unwrap();
    program.run(&["restore"]).await.refused(2, &["Usage:"]);
    program.run(&["restore", "none", "--yes"]).await.refused(3, &["no file"]);
    program.run(&["restore", ".", "--yes"]).await.refused(3, &["is not a file"]);
    program.run(&["restore", "empty", "--yes"]).await.refused(3, &["is empty"]);
    program.run(&["restore", "text", "--yes"]).await.refused(3, &["damaged", "Choose another backup"]);
    let json = program.run(&["--json", "restore", "text", "--yes"]).await.refused(3, &["\"backup\""]);
    assert_eq!(json.out, "");
    program.run(&["backup", "data/b.db"]).await.refused(3, &["in the data directory"]);
    program.run(&["backup", "nowhere/b.db"]).await.refused(3, &["no folder"]);
    assert!(kept_aside(&program, "before-restore").is_empty());
}

#[tokio::test]
async fn a_damaged_database_is_told_and_never_silently_made_anew() {
    let program = Program::new();
    program.run(&["backup", "a.db"]).await.done();
    let database = program.data_dir().join("hostrounds.db");
    let damage = b"what is left of a database ".repeat(1000);
    for way_out in [&["restore", "a.db", "--yes"], &["restore", "--anew", "--yes"]] {
        std::fs::write(&database, &damage).unwrap();
        let told = program.run(&["server", "list"]).await.refused(3, &["damaged", "hostrounds restore FILE", "--anew"]);
        assert_eq!(told.out, "");
        assert_eq!(std::fs::read(&database).unwrap(), damage, "untouched");
        program.run(way_out).await.done();
        assert_eq!(names(&program.run(&["--json", "server", "list"]).await.done().json()), ["local"]);
    }
    for part in ["before-restore", "set-aside"] {
        let aside = kept_aside(&program, part);
        let [name] = aside.as_slice() else { panic!("{aside:?}") };
        assert_eq!(std::fs::read(program.data_dir().join(name)).unwrap(), damage);
    }
}

#[tokio::test]
async fn a_configuration_goes_to_another_computer() {
    let program = Program::new();
    let add = ["server", "add", "web", "--host", "192.0.2.1", "--user", "ops", "--agent", "--tag", "eu", "--disabled"];
    program.run(&add).await.done();
    let shown = program.run(&["config", "export"]).await.done().out;
    assert!(shown.contains("name = \"web\"") && shown.contains("version = 1"), "{shown}");
    program.run(&["config", "export", "team.toml"]).await.done();
    program.run(&["config", "export", "team.toml"]).await.refused(3, &["exists already", "--force"]);
    let file = program.folder().join("team.toml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), shown);

    let other = Program::new();
    let file = file.to_str().unwrap();
    let dry = other.run(&["config", "import", file, "--dry-run"]).await.done();
    assert!(dry.out.contains("web") && dry.out.contains("new") && dry.err.contains("Nothing was changed"), "{dry:?}");
    assert_eq!(names(&other.run(&["--json", "server", "list"]).await.done().json()), ["local"]);
    let json = other.run(&["--json", "config", "import", file]).await.done().json();
    assert_eq!(json["imported"]["added"], 1, "{json}");
    assert_eq!(other.run(&["config", "export"]).await.done().out, shown);
    std::fs::write(other.folder().join("bad.toml"), "version = 1\n[[server]]\nname = \"-x\"\n").unwrap();
    let refused = other.run(&["config", "import", "bad.toml"]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.out.contains("refused"), "{refused:?}");
    other.run(&["config", "import", "none"]).await.refused(3, &["none"]);
}
