//! A place that stands for a server, and what its answers come to.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::{Attributes, Observation};
use hostrounds_core::probe::Family;
use hostrounds_core::probe::remote::{Remote, script, slow_command};
use hostrounds_core::time::UnixMillis;

pub(crate) const NONCE: &str = "n0nce";
pub(crate) const DASH: [&str; 1] = ["/bin/dash"];

/// A server of its own: the files that the script looks at, and the programs that it finds.
pub(crate) struct Place {
    root: tempfile::TempDir,
}

impl Place {
    /// One with the tools of the system and nothing else.
    pub(crate) fn new() -> Self {
        Self::with(|tool| {
            ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(tool)).find(|path| path.exists()).unwrap()
        })
    }

    /// One in which every tool is BusyBox.
    pub(crate) fn of_busybox() -> Self {
        Self::with(|_| PathBuf::from("/bin/busybox"))
    }

    pub(crate) fn with(tool: impl Fn(&str) -> PathBuf) -> Self {
        let place = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("bin")).unwrap();
        for name in ["cat", "env", "grep", "stat", "tail", "timeout", "true"] {
            std::os::unix::fs::symlink(tool(name), place.path("bin").join(name)).unwrap();
        }
        place
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn file(&self, path: &str, content: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// A program. Another process writes it: what a process that is just being started holds open for writing (as all of
    /// this one's files may be by accident) cannot be run.
    pub(crate) fn program(&self, name: &str, body: &str) -> &Self {
        let mut writer = Command::new("/bin/sh")
            .args(["-c", r#"cat >"$0" && chmod 755 "$0""#])
            .arg(self.path("bin").join(name))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        write!(writer.stdin.take().unwrap(), "#!/bin/sh\n{body}\n").unwrap();
        assert!(writer.wait().unwrap().success());
        self
    }

    /// A program that prints a fixture and ends with `status`.
    pub(crate) fn prints(&self, name: &str, fixture: &str, status: u8) -> &Self {
        self.program(name, &format!("{}; exit {status}", print(fixture)))
    }

    /// The script, which looks for its files and programs in this place alone.
    pub(crate) fn script(&self) -> String {
        let root = self.root.path().display().to_string();
        let mut script = script().replace("PATH=\"$PATH:", "PATH=\"$PATH\" # ");
        for before in [" ", "\"", "="] {
            for path in ["/run/", "/var/", "/lib/modules/", "/sys/", "/.dockerenv"] {
                script = script.replace(&format!("{before}{path}"), &format!("{before}{root}{path}"));
            }
        }
        script
    }

    pub(crate) fn answer(&self, shell: &[&str], command: &str) -> String {
        self.answer_to(&self.script(), shell, command)
    }

    pub(crate) fn answer_to(&self, script: &str, shell: &[&str], command: &str) -> String {
        let (program, arguments) = shell.split_first().unwrap();
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(format!("{script}{command}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn observe(&self, shell: &[&str], family: Family) -> Observation {
        read(&mut Remote::new(), &self.answer(shell, &slow_command(&[family], false, NONCE)), &[family])
    }
}

pub(crate) fn print(fixture: &str) -> String {
    format!("cat {}/tests/fixtures/programs/{fixture}", env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(remote: &mut Remote, answer: &str, families: &[Family]) -> Observation {
    let mut observation = Observation::empty(UnixMillis(0));
    remote.slow(answer.as_bytes(), families, NONCE, &mut observation);
    observation
}

pub(crate) fn value(observation: &Observation, metric: Metric, attributes: &[(&str, &str)]) -> Option<f64> {
    let attributes = attributes.iter().fold(Attributes::none(), |all, (name, value)| all.with(name, *value));
    observation.value(metric, &attributes)
}

/// Why the only family that was asked for is not available.
pub(crate) fn reason(observation: &Observation) -> &str {
    assert_eq!(observation.points, []);
    assert_eq!(observation.unavailable.len(), 1, "{observation:?}");
    &observation.unavailable[0].reason
}

/// The shells that servers have, each with the tools that come with it, as far as this machine has them; dash, bash and
/// BusyBox are always there.
pub(crate) fn everywhere() -> Vec<(&'static [&'static str], Place)> {
    let mut all: Vec<(&'static [&'static str], Place)> = vec![
        (&["/bin/dash"], Place::new()),
        (&["/bin/bash"], Place::new()),
        (&["/bin/bash", "--posix"], Place::new()),
        (&["/bin/busybox", "sh"], Place::new()),
        (&["/bin/busybox", "sh"], Place::of_busybox()),
    ];
    if Path::new("/bin/zsh").exists() {
        all.push((&["/bin/zsh", "--emulate", "sh"], Place::new()));
    }
    all
}
