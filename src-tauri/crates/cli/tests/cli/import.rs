//! Servers taken over from an SSH configuration.

use hostrounds_testbed::{Sshd, SshdConfig};

use crate::program::Program;

fn put(program: &Program, name: &str, text: &str) {
    let path = program.folder().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn names(list: &serde_json::Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|view| view["server"]["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_shown_and_then_taken_over() {
    let program = Program::new();
    let sshd = Sshd::start(SshdConfig::default()).await.unwrap();
    let config = format!(
        "Include more\nHost web\n HostName {}\n Port {}\n User {}\n IdentityFile {}\n IdentityAgent none\nHost off\n ProxyCommand nc \
         %h\nMatch host x\n User y\nHost *\n HostKeyAlias z\n",
        sshd.host(),
        sshd.port(),
        sshd.user(),
        sshd.key().display()
    );
    put(&program, ".ssh/config", &config);
    put(&program, ".ssh/more", "Host inner\n ProxyJump web\n IdentityFile ~/.ssh/gone\n");

    let dry = program.run(&["import", "ssh-config", "--dry-run"]).await.done();
    for words in
        ["inner", "via", "web", "new", "is missing", "ProxyCommand", "Match host x", "/.ssh/config:10", "HostKeyAlias"]
    {
        assert!(dry.out.contains(words), "{words}: {dry:?}");
    }
    assert!(dry.err.contains("2 servers would be added"), "{dry:?}");
    assert_eq!(names(&program.run(&["--json", "server", "list"]).await.done().json()), ["local"]);

    let only = program.run(&["--json", "import", "ssh-config", "--only", "WEB"]).await.done().json();
    assert_eq!(names(&only["added"]), ["web"]);
    assert_eq!(only["added"][0]["server"]["target"]["logins"][0]["method"], "key");
    assert_eq!(only["added"][0]["server"]["enabled"], false, "nobody has tried it yet");
    let rest = program.run(&["import", "ssh-config"]).await.done();
    assert!(rest.out.contains("exists") && rest.err.contains("1 server was added"), "{rest:?}");
    assert!(rest.err.contains("switched off") && rest.err.contains("server enable"), "{rest:?}");
    let again = program.run(&["--json", "import", "ssh-config"]).await.done().json();
    assert_eq!(again["added"].as_array().unwrap().len(), 0, "{again}");
    assert_eq!(names(&program.run(&["--json", "server", "list"]).await.done().json()), ["local", "inner", "web"]);
    let activity = program.run(&["activity"]).await.done().out;
    assert!(activity.contains("taken over from an SSH configuration: web"), "{activity}");

    program.run(&["server", "trust", "web", "--fingerprint", sshd.fingerprint()]).await.done();
    program.run(&["collect", "web"]).await.done();
}

#[tokio::test]
async fn what_cannot_be_taken_over_is_refused() {
    let program = Program::new();
    program.run(&["import"]).await.refused(2, &["Usage:"]);
    program.run(&["import", "ssh-config"]).await.refused(3, &["no SSH configuration", "/.ssh/config"]);
    program.run(&["import", "ssh-config", "."]).await.refused(3, &["is not a file"]);
    let json = program.run(&["--json", "import", "ssh-config", "gone"]).await.refused(3, &["ssh_config"]);
    assert_eq!(json.out, "");
    put(&program, "config", "Host web\n");
    program.run(&["import", "ssh-config", "config", "--only", "db"]).await.refused(2, &["`db`", "It holds web."]);
    put(&program, "empty", "Host *\n");
    program.run(&["import", "ssh-config", "empty"]).await.refused(0, &["no host to take over", "0 servers were added"]);
}
