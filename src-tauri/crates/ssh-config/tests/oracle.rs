//! What `ssh -G` says of a host is what is read of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

use std::path::Path;
use std::process::Command;

use hostrounds_core::server::{Hop, Login, SshTarget, Target};
use hostrounds_ssh_config::{Surroundings, read};

/// What `ssh -G` prints of a host, by keyword.
fn oracle(file: &Path, host: &str) -> Vec<(String, String)> {
    let output = Command::new("ssh").arg("-G").arg("-F").arg(file).arg(host).output().expect("ssh is installed");
    assert!(output.status.success(), "{host}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn all<'a>(oracle: &'a [(String, String)], keyword: &str) -> Vec<&'a str> {
    oracle.iter().filter(|(key, _)| key == keyword).map(|(_, value)| value.as_str()).collect()
}

/// Compares everything that `ssh -G` tells with the candidate of that name.
fn agrees(folder: &Path, config: &str, alias: &str) {
    let file = folder.join("config");
    std::fs::write(&file, config).unwrap();
    let said = oracle(&file, alias);
    let surroundings = Surroundings { home: folder.to_owned(), ..Surroundings::of_this_user().unwrap() };
    let configuration = read(&file, &surroundings).unwrap();
    let candidate = configuration.candidates.iter().find(|candidate| candidate.alias == alias);
    let candidate = candidate.unwrap_or_else(|| panic!("no {alias} in {configuration:#?}"));
    let Target::Ssh(SshTarget { hop, jumps }) = &candidate.draft.target else { panic!("{candidate:?}") };

    assert_eq!(vec![hop.host.as_str()], all(&said, "hostname"), "{config}");
    assert_eq!(vec![hop.port.to_string().as_str()], all(&said, "port"), "{config}");
    assert_eq!(vec![hop.user.as_str()], all(&said, "user"), "{config}");

    let keys: Vec<&str> = hop
        .logins
        .iter()
        .filter_map(|login| match login {
            Login::Key { path, .. } => Some(path.as_str()),
            _ => None,
        })
        .collect();
    let known: Vec<&str> =
        all(&said, "identityfile").into_iter().filter(|path| *path != "none" && is_there(folder, path)).collect();
    assert_eq!(keys, known, "{config}\n{candidate:?}");

    let certificates: Vec<&str> = hop
        .logins
        .iter()
        .filter_map(|login| match login {
            Login::Key { certificate, .. } => certificate.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(certificates, all(&said, "certificatefile"), "{config}");

    let sockets: Vec<Option<&str>> = hop
        .logins
        .iter()
        .filter_map(|login| match login {
            Login::Agent { socket, .. } => Some(socket.as_deref()),
            _ => None,
        })
        .collect();
    match all(&said, "identityagent")[..] {
        ["none"] => assert_eq!(sockets, [], "{config}"),
        [] | ["SSH_AUTH_SOCK"] => assert!(sockets.iter().all(Option::is_none) && !sockets.is_empty(), "{config}"),
        [path] => assert!(sockets.iter().all(|socket| *socket == Some(path)) && !sockets.is_empty(), "{config}"),
        _ => panic!("{said:?}"),
    }

    let said_jumps = all(&said, "proxyjump").first().map(|text| text.split(',').count()).unwrap_or_default();
    assert_eq!(jumps.len(), said_jumps, "{config}\n{jumps:?}");
    for (jump, spec) in jumps.iter().zip(all(&said, "proxyjump").first().unwrap_or(&"").split(',')) {
        agrees_on_jump(&file, jump, spec);
    }
}

/// What `ssh -G` says of a jump host, asked as `ssh` itself would dial it.
fn agrees_on_jump(file: &Path, jump: &Hop, spec: &str) {
    let spec = if spec.starts_with("ssh://") { spec.to_owned() } else { format!("ssh://{spec}") };
    let said = oracle(file, &spec);
    assert_eq!(vec![jump.host.as_str()], all(&said, "hostname"), "{spec}");
    assert_eq!(vec![jump.port.to_string().as_str()], all(&said, "port"), "{spec}");
    assert_eq!(vec![jump.user.as_str()], all(&said, "user"), "{spec}");
}

fn is_there(home: &Path, path: &str) -> bool {
    path.strip_prefix("~/").map_or_else(|| path.into(), |rest| home.join(rest)).is_file()
}

/// A home directory with a few key files.
fn home() -> tempfile::TempDir {
    let home = tempfile::Builder::new().prefix("hostrounds-ssh-config-").tempdir().unwrap();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    for name in ["a", "b c", "late", "id_rsa", "id_ed25519"] {
        std::fs::write(home.path().join(".ssh").join(name), "a key").unwrap();
    }
    home
}

#[test]
fn every_host_is_read_as_ssh_reads_it() {
    let home = home();
    let more = home.path().join("more");
    std::fs::create_dir(&more).unwrap();
    std::fs::write(more.join("1.conf"), "User first\nHost inner\n  Port 5\nHost web\n  Port 6\n").unwrap();
    std::fs::write(more.join("2.conf"), "User second\nIdentityFile ~/.ssh/late\n").unwrap();
    let included = more.join("*.conf").display().to_string();
    let one = more.join("1.conf").display().to_string();
    let two = more.join("2.conf").display().to_string();
    let cases: Vec<(String, Vec<&str>)> = vec![
        ("Host web\n".into(), vec!["web"]),
        ("Host web\n HostName Web.Example.ORG\n Port 2222\n Port 33\n User ann\n User bob\n".into(), vec!["web"]),
        ("Host=web\nHostName = 10.0.0.1\nPort=23\nUser \"an n\"\n".into(), vec!["web"]),
        ("HOST a B c\n\tpOrT\t24 # tail\n# Host d\n".into(), vec!["a", "B", "c"]),
        ("Host web !web2 *.example.org\n Port 25\nHost web2\n User x\n".into(), vec!["web", "web2"]),
        ("Host web1 web2\n User ann\nHost * !web2\n Port 26\nHost w?b1\n HostName one\n".into(), vec!["web1", "web2"]),
        ("Port 27\nHost web\n Port 28\n".into(), vec!["web"]),
        ("Host web\n HostName %h.example.org\nHost db\n HostName 100%%%h\n".into(), vec!["web", "db"]),
        ("Host web\n HostName ::1\n".into(), vec!["web"]),
        ("Host web\n IdentityFile ~/.ssh/a\n IdentityFile \"~/.ssh/b c\"\n IdentityFile ~/.ssh/gone\nHost *\n IdentityFile ~/.ssh/late\n IdentityFile ~/.ssh/a\n".into(), vec!["web"]),
        ("Host web\n IdentityFile '~/.ssh/b c'\nHost db\n IdentityFile ~/.ssh/b\\ c\n".into(), vec!["web", "db"]),
        ("Host web\n IdentityFile none\n IdentityFile ~/.ssh/a\n".into(), vec!["web"]),
        ("Host web\n IdentityFile ~/.ssh/a\n CertificateFile ~/.ssh/a-cert.pub\n".into(), vec!["web"]),
        ("Host web\n IdentityAgent none\nHost db\n IdentityAgent SSH_AUTH_SOCK\nHost x\n IdentityAgent /run/agent.sock\n".into(), vec!["web", "db", "x"]),
        ("Host web\n ProxyJump bastion\nHost bastion\n HostName b.example.org\n User jump\n Port 29\n".into(), vec!["web", "bastion"]),
        ("Host web\n ProxyJump ops@bastion:30,second\nHost bastion\n HostName b.example.org\n User no\n Port 29\n".into(), vec!["web"]),
        ("Host web\n ProxyJump ssh://ops@10.0.0.9:31\n".into(), vec!["web"]),
        ("Host web\n ProxyJump none\nHost db\n User x\nHost *\n ProxyJump bastion\n".into(), vec!["web"]),
        ("Host web\n ProxyJump a\n ProxyCommand nc %h %p\n".into(), vec!["web"]),
        ("Host web\n ProxyJump a\n ProxyCommand none\n".into(), vec!["web"]),
        ("Host web\n ProxyCommand none\n ProxyJump a\n".into(), vec!["web"]),
        ("Match all\n Port 32\nHost web\n Port 33\n".into(), vec!["web"]),
        (format!("Host web\n Port 34\nInclude {included}\n"), vec!["web"]),
        (format!("Include {included}\nHost web\n Port 34\n"), vec!["web"]),
        (format!("Host inner web\n Include {one} {two}\n Port 35\nHost other\n Port 36\n"), vec!["inner", "web", "other"]),
        (format!("Host w*\n Include {one}\nHost web\n User x\n Port 37\nHost inner\n Port 38\n"), vec!["web", "inner"]),
        (format!("Host web\n Include {}/none-*.conf\n Port 39\n", more.display()), vec!["web"]),
    ];
    for (config, aliases) in cases {
        for alias in aliases {
            agrees(home.path(), &config, alias);
        }
    }
}
