//! What becomes a candidate, what is skipped and why; and what no configuration can do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

use std::path::{Path, PathBuf};

use hostrounds_core::server::{Hop, Login, SshTarget, Target};
use hostrounds_ssh_config::{
    Candidate, ConfigError, Configuration, MAX_FILE, MAX_HOSTS, MAX_INCLUDES, MAX_LINES, MAX_SKIPPED, Surroundings,
    read,
};
use proptest::prelude::*;
use tempfile::TempDir;

/// A home directory of our own.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::Builder::new().prefix("hostrounds-ssh-config-").tempdir().unwrap());
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file below `.ssh`.
    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(".ssh").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn surroundings(&self) -> Surroundings {
        let variables = [("KEYS".to_owned(), "~/.ssh".to_owned()), ("SOCK".to_owned(), "/run/s".to_owned())];
        Surroundings { home: self.path().to_owned(), user: "ann".into(), variables: variables.into() }
    }

    fn read(&self, config: impl AsRef<[u8]>) -> Configuration {
        read(&self.put("config", config), &self.surroundings()).unwrap()
    }

    fn only(&self, config: &str) -> Candidate {
        let configuration = self.read(config);
        assert_eq!(configuration.candidates.len(), 1, "{configuration:#?}");
        configuration.candidates[0].clone()
    }

    fn logins(&self, config: &str) -> Vec<Login> {
        way(&self.only(config)).hop.logins
    }
}

fn way(candidate: &Candidate) -> SshTarget {
    let Target::Ssh(way) = candidate.draft.target.clone() else { panic!("{candidate:?}") };
    way
}

fn key(path: &str) -> Login {
    Login::key(path)
}

fn agent_key(path: &str) -> Login {
    Login::Agent { key: Some(path.into()), socket: None }
}

/// `line: text | reason` of everything that was skipped.
fn skipped(configuration: &Configuration) -> Vec<String> {
    configuration.skipped.iter().map(|item| format!("{}: {} | {}", item.line, item.text, item.reason)).collect()
}

#[test]
fn logins_follow_keys_agent_and_preference() {
    let home = Home::new();
    let cases: Vec<(&[&str], &str, Vec<Login>)> = vec![
        (&[], "Host w\n", vec![Login::agent()]),
        (&["id_ed25519"], "Host w\n", vec![Login::agent(), key("~/.ssh/id_ed25519")]),
        (&[], "Host w\nIdentitiesOnly yes\n", vec![key("~/.ssh/id_ed25519")]),
        (&["a"], "Host w\nIdentityFile ~/.ssh/a\n", vec![key("~/.ssh/a"), Login::agent()]),
        (&[], "Host w\nIdentityFile ~/.ssh/a\nIdentitiesOnly yes\n", vec![key("~/.ssh/a")]),
        (
            &["a.pub"],
            "Host w\nIdentityFile ~/.ssh/a\nIdentitiesOnly yes\n",
            vec![key("~/.ssh/a"), agent_key("~/.ssh/a.pub")],
        ),
        (&[], "Host w\nIdentityFile ~/.ssh/a\nIdentityAgent none\n", vec![key("~/.ssh/a")]),
        (&["t.pub"], "Host w\nIdentityFile ~/.ssh/t\nIdentitiesOnly yes\n", vec![agent_key("~/.ssh/t.pub")]),
        (&[], "Host w\nIdentityFile ~/.ssh/t.pub\nIdentitiesOnly yes\n", vec![agent_key("~/.ssh/t.pub")]),
        (&[], "Host w\nIdentityFile ~/.ssh/gone\nIdentitiesOnly yes\n", vec![key("~/.ssh/gone")]),
        (
            &["web-ops"],
            "Host w\nHostName web\nUser ops\nIdentityFile ${KEYS}/%h-%r\nIdentityAgent none\n",
            vec![key("~/.ssh/web-ops")],
        ),
        (
            &[],
            "Host w\nIdentityAgent $SOCK\nIdentityFile none\n",
            vec![Login::Agent { key: None, socket: Some("/run/s".into()) }],
        ),
        (
            &[],
            "Host w\nPreferredAuthentications password,hostbased,publickey,keyboard-interactive\nIdentityFile ~/.ssh/a\nIdentityAgent none\n",
            vec![Login::Password, key("~/.ssh/a"), Login::Prompts],
        ),
        (
            &[],
            "Host w\nPreferredAuthentications password,publickey\nPasswordAuthentication no\nIdentityFile ~/.ssh/a\nIdentityAgent none\n",
            vec![key("~/.ssh/a")],
        ),
        (&[], "Host w\nPubkeyAuthentication no\n", vec![Login::Prompts, Login::Password]),
    ];
    for (files, config, logins) in cases {
        for file in files {
            home.put(file, "x");
        }
        assert_eq!(home.logins(config), logins, "{config}");
    }
}

#[test]
fn certificates_belong_to_the_key_of_their_name() {
    let home = Home::new();
    home.put("a", "x");
    home.put("b", "x");
    let two = "Host w\nIdentityAgent none\nIdentityFile ~/.ssh/a\nIdentityFile ~/.ssh/b\n";
    let with = |path: &str, certificate: &str| Login::Key { path: path.into(), certificate: Some(certificate.into()) };
    assert_eq!(
        home.logins(&format!("{two}CertificateFile ~/.ssh/b-cert.pub\nCertificateFile ~/.ssh/a-cert.pub\n")),
        [with("~/.ssh/a", "~/.ssh/a-cert.pub"), with("~/.ssh/b", "~/.ssh/b-cert.pub")]
    );
    let unclear = home.only(&format!("{two}CertificateFile ~/.ssh/signed.pub\n"));
    assert_eq!(way(&unclear).hop.logins, [key("~/.ssh/a"), key("~/.ssh/b")]);
    assert!(unclear.notes[0].contains("CertificateFile"), "{unclear:?}");
    let one = "Host w\nIdentityAgent none\nIdentityFile ~/.ssh/a\nCertificateFile ~/.ssh/signed.pub\n";
    assert_eq!(home.logins(one), [with("~/.ssh/a", "~/.ssh/signed.pub")]);
}

#[test]
fn what_cannot_be_used_is_noted_at_its_host() {
    let home = Home::new();
    let config = "Host w\nIdentityFile ~/.ssh/gone\nIdentityFile id\nIdentityFile /k/%C\nHostKeyAlias web\nIdentityAgent ${NONE}\n\
                  PreferredAuthentications publickey,password\n";
    let notes = home.only(config).notes.join("\n");
    for words in [
        "~/.ssh/gone is missing",
        "IdentityFile id is left out",
        "%C",
        "HostKeyAlias is not used",
        "config:5",
        "${NONE}",
        "password",
    ] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    let jumps = home.read("Host w\nProxyJump j\nHost j\nBindAddress 10.0.0.1\n");
    assert!(jumps.candidates[0].notes[0].starts_with("Jump host j: BindAddress is not used"), "{jumps:?}");
}

#[test]
fn jump_hosts_have_their_own_settings_and_jumps() {
    let home = Home::new();
    home.put("j", "x");
    let configuration = home.read(
        "Host w\nProxyJump a,ops@b:29\nIdentityAgent none\nIdentityFile ~/.ssh/w\nHost a\nHostName a.example.org\nProxyJump first\n\
         Host b\nHostName b.example.org\nUser no\nPort 28\nProxyJump never\nIdentityFile ~/.ssh/j\nIdentityAgent none\n",
    );
    let hop = |user: &str, host: &str, port, logins| Hop { host: host.into(), port, user: user.into(), logins };
    let way = way(&configuration.candidates[0]);
    assert_eq!(
        way.jumps,
        [
            hop("ann", "first", 22, vec![Login::agent()]),
            hop("ann", "a.example.org", 22, vec![Login::agent()]),
            hop("ops", "b.example.org", 29, vec![key("~/.ssh/j")]),
        ]
    );
    assert_eq!(way.hop.logins, [key("~/.ssh/w")]);
}

#[test]
fn what_is_not_taken_over_is_listed_with_its_place_and_reason() {
    let home = Home::new();
    home.put("more/own.conf", "Match user x\n Port 1\nHost in\n");
    let configuration = home.read(
        "CanonicalizeHostname yes\nHost pat*\n User x\nMatch exec \"touch /tmp/x\"\n HostName elsewhere\n Include more/*\nHost p\n \
         ProxyCommand ssh -W %h:%p j\nHost loop\n ProxyJump other\nHost other\n ProxyJump loop\nHost w\n RemoteCommand x\n Frobnicate \
         yes\n Port\n User \"open\n ForwardAgent yes\nHost w2\n Port http\nHost w3\n ForwardAgent no\nHost local\nHost far\n ProxyJump \
         a,b,c,d,e\nHost none\n PubkeyAuthentication no\n PasswordAuthentication no\n KbdInteractiveAuthentication no\nInclude more/*\nInclude \
         ~nobody/x\nInclude gone\n",
    );
    let aliases: Vec<&str> = configuration.candidates.iter().map(|candidate| candidate.alias.as_str()).collect();
    assert_eq!(aliases, ["w", "w3"], "{:#?}", skipped(&configuration));
    let lines = skipped(&configuration);
    let expected = [
        "1: CanonicalizeHostname yes | Names are not completed",
        "4: Match exec \"touch /tmp/x\" | `Match` is not evaluated",
        "15: Frobnicate | This option is not known",
        "16: Port | Nothing stands behind",
        "17: User | A quote is not closed",
        "1: Match user x | `Match` is not evaluated",
        "31: Include ~nobody/x | The home directory of another user",
        "32: Include gone | No file is there",
        "2: Host pat* | It names no host",
        "8: ProxyCommand ssh -W %h:%p j | p is left out: a ProxyCommand is never executed. If it is `ssh -W %h:%p HOST`, write `ProxyJump HOST`",
        "12: ProxyJump loop | loop is left out: its ProxyJump leads back to loop",
        "10: ProxyJump other | other is left out: its ProxyJump leads back to other",
        "20: Port http | w2 is left out: its port is no number",
        "23: Host local | local is left out: `local` is the name of this computer",
        "24: Host far | far is left out",
        "Host none | none is left out: it allows",
        "14: RemoteCommand x | ",
        "18: ForwardAgent yes | Nothing is forwarded. It stands 2 times.",
    ];
    for words in expected {
        assert!(lines.iter().any(|line| line.contains(words)), "{words}: {lines:#?}");
    }
    // `in` stands in a file that is included below `Host none`.
    assert!(lines.iter().any(|line| line.contains("in is never reached here")), "{lines:#?}");
    assert_eq!(lines.len(), expected.len() + 1, "{lines:#?}");
    assert!(configuration.skipped.iter().any(|item| item.file.ends_with("/.ssh/more/own.conf")));
    assert_eq!(configuration.files.len(), 2);
}

#[test]
fn includes_are_found_beside_the_configuration_and_end() {
    let home = Home::new();
    home.put("conf.d/10-a", "Host a\nInclude conf.d/nested/deep\n");
    home.put("conf.d/nested/deep", "Host a deep\nPort 7\n");
    home.put("conf.d/20-loop", "Include config\nHost b\n");
    let configuration = home.read("Include conf.d/[12]0-*\nInclude ~/.ssh/conf.d/20-loop\nHost c\n");
    let aliases: Vec<&str> = configuration.candidates.iter().map(|candidate| candidate.alias.as_str()).collect();
    assert_eq!(aliases, ["a", "b", "c"]);
    assert_eq!(way(&configuration.candidates[0]).hop.port, 7);
    let lines = skipped(&configuration).join("\n");
    assert!(lines.contains("config includes itself"), "{lines}");

    for number in 0..60 {
        home.put(&format!("many/{number}"), format!("Host h{number}\n"));
    }
    let configuration = home.read("Include many/*\n");
    assert_eq!(configuration.candidates.len(), MAX_INCLUDES);
    assert!(skipped(&configuration).join("\n").contains("At most 50 files"));
}

#[test]
fn of_lines_that_are_no_options_only_the_first_word_is_shown() {
    let home = Home::new();
    home.put("shadow", "root:$6$salt$secrethash:19000:0:99999:7:::\nTOKEN=secret\nsecret-word another\n  \nsecret\n");
    home.put("base64", format!("{}\n", "Ab1".repeat(100)));
    let configuration = home.read("Host web\n Include shadow base64\n Password secret\n");
    let texts: Vec<&str> = configuration.skipped.iter().map(|item| item.text.as_str()).collect();
    assert_eq!(texts, ["root…", "TOKEN", "secret…", "secret", &format!("{}…", "Ab1".repeat(10)), "Password"]);
    let notes = configuration.candidates[0].notes.join("\n");
    assert!(!notes.contains("hash") && notes.contains("Password is not used"), "{notes}");
}

#[test]
fn private_keys_are_no_configurations() {
    let home = Home::new();
    let key =
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk secret\nHost inner\n-----END OPENSSH PRIVATE KEY-----\n";
    let file = home.put("id", key);
    assert_eq!(read(&file, &home.surroundings()).unwrap_err().code(), "ssh_config_private_key");
    let configuration = home.read("Include id\nHost web\n");
    assert_eq!(configuration.candidates.len(), 1);
    let lines = skipped(&configuration);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("1: Include id | ") && lines[0].ends_with("holds a private key."), "{lines:?}");
}

#[test]
fn hosts_and_users_that_are_options_or_shell_text_are_left_out() {
    let home = Home::new();
    let configuration = home.read(
        "Host good\nHost a\n HostName -oProxyCommand=x\nHost b\n User $(reboot)\nHost c\n User -l\nHost -d\nHost e\n HostName x;reboot\n\
         Host f\n ProxyJump -oProxyCommand=x\nHost g\n ProxyJump j\nHost j\n User `x`\n",
    );
    let aliases: Vec<&str> = configuration.candidates.iter().map(|candidate| candidate.alias.as_str()).collect();
    assert_eq!(aliases, ["good"]);
    let lines = skipped(&configuration).join("\n");
    for alias in ["a", "b", "c", "-d", "e", "f", "g", "j"] {
        assert!(lines.contains(&format!("{alias} is left out: ")), "{alias}: {lines}");
    }
}

#[test]
fn patterns_of_includes_are_those_of_openssh() {
    let home = Home::new();
    for file in ["top.conf", ".hidden.conf", "a/one.conf", "a/b/deep.conf", "c/two.conf"] {
        home.put(&format!("d/{file}"), "Host x\n");
    }
    let files = |pattern: &str| -> Vec<String> {
        let configuration = home.read(format!("Include {pattern}\n"));
        let root = home.path().join(".ssh/d");
        let found = configuration.files.iter().skip(1);
        found.map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(files("d/*.conf"), ["top.conf"]);
    assert_eq!(files("d/**/*.conf"), ["a/one.conf", "c/two.conf"], "no folder is searched on and on");
    assert_eq!(files("d/**.conf"), ["top.conf"]);
    assert_eq!(files("d/[ac]/?*.conf"), ["a/one.conf", "c/two.conf"]);
    assert_eq!(files("d/.*.conf"), [".hidden.conf"]);
    assert_eq!(files("d/*/b/deep.conf"), ["a/b/deep.conf"]);
    assert_eq!(files("d/*/gone.conf"), [""; 0]);
}

#[test]
fn a_search_for_includes_ends() {
    let home = Home::new();
    home.put("loop/x.conf", "Host in\n");
    std::os::unix::fs::symlink(".", home.path().join(".ssh/loop/again")).unwrap();
    for number in 0..30 {
        std::os::unix::fs::symlink(".", home.path().join(format!(".ssh/loop/{number}"))).unwrap();
    }
    let configuration = home.read(format!("Include loop/x.conf\nInclude loop{}/x.conf\nHost web\n", "/*".repeat(30)));
    let lines = skipped(&configuration).join("\n");
    assert!(lines.contains("At most 10000 names are looked at"), "{lines}");
    let aliases: Vec<&str> = configuration.candidates.iter().map(|candidate| candidate.alias.as_str()).collect();
    assert_eq!(aliases, ["in", "web"]);
}

#[test]
fn a_configuration_that_cannot_be_read_says_why() {
    let home = Home::new();
    let surroundings = home.surroundings();
    let refusal = |path: &Path| read(path, &surroundings).unwrap_err();
    assert_eq!(refusal(&home.path().join("gone")).code(), "ssh_config_missing");
    assert_eq!(refusal(home.path()).code(), "ssh_config_not_a_file");
    assert_eq!(refusal(Path::new("/dev/zero")).code(), "ssh_config_not_a_file");
    let large = home.put("large", vec![b'#'; usize::try_from(MAX_FILE).unwrap() + 1]);
    assert!(matches!(refusal(&large), ConfigError::TooLarge(_)));
    let long = home.put("long", "#\n".repeat(MAX_LINES + 1));
    assert!(matches!(refusal(&long), ConfigError::TooLarge(_)));
    // As an include each of them costs only itself.
    let configuration = home.read("Include large\nInclude conf\nHost a\nInclude /dev/zero\n");
    assert_eq!(configuration.candidates.len(), 1);
    assert_eq!(configuration.skipped.len(), 3);
}

#[test]
fn hosts_and_skipped_items_are_bounded() {
    let home = Home::new();
    let many: String = (0..=MAX_HOSTS).map(|number| format!("Host h{number}\n Frob{number} x\n")).collect();
    let configuration = home.read(&many);
    assert_eq!(configuration.candidates.len(), MAX_HOSTS);
    assert_eq!(configuration.skipped.len(), MAX_SKIPPED);
    assert!(
        configuration.skipped.last().unwrap().reason.contains("502 more are not listed"),
        "{:?}",
        configuration.skipped.last()
    );
}

#[test]
fn text_cannot_deceive() {
    let home = Home::new();
    let configuration =
        home.read(b"Host a\x1b[31m\nHost ok\n Frob \x1b]0;x\x07\xe2\x80\xae\xff\n HostKeyAlias \x1b[2J\n IdentityFile ~/\x1b[31m\nHost two\n IdentityAgent /\x1b[31m\n IdentityFile /k\n".as_slice());
    assert_eq!(configuration.candidates.len(), 2);
    assert_eq!(way(&configuration.candidates[1]).hop.logins, [key("/k")]);
    assert_eq!(way(&configuration.candidates[0]).hop.logins, [Login::agent()]);
    let shown = format!("{:?}{:?}", configuration.candidates, skipped(&configuration));
    assert!(!shown.contains("\\u{1b}") && !shown.contains("\\u{202e}") && !shown.contains("\\u{7}"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_disturb(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        Home::new().read(&bytes);
    }

    #[test]
    fn no_lines_disturb(lines in proptest::collection::vec(r#"(Host|Match|Include|Port|User|ProxyJump|ProxyCommand|IdentityFile|HostName|IdentityAgent)[ =]{0,2}[a-c*?!@:,%$'"\\{}\[\] ]{0,8}"#, 0..30)) {
        let configuration = Home::new().read(lines.join("\n"));
        for candidate in configuration.candidates {
            prop_assert_eq!(candidate.draft.clone().checked(), Ok(candidate.draft));
        }
    }
}
