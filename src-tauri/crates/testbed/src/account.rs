//! What stands behind a channel: a real `sh` of this machine, perhaps on a stage.

use std::io;
use std::process::Stdio;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::replacing::Replacing;
use crate::stage::Stage;

/// Bytes of output that are passed on at once.
const CHUNK: usize = 16 * 1024;

/// What a program says.
pub(crate) enum Said {
    Output(Vec<u8>),
    Error(Vec<u8>),
    /// It has ended, with this status, and everything it wrote was told.
    Ended(u32),
}

/// A running program. It ends, with what it has started, when this is dropped.
pub(crate) struct Account {
    stdin: Option<ChildStdin>,
    group: Option<Pid>,
    staging: Replacing,
    _tasks: JoinSet<()>,
}

impl Account {
    /// Runs `command` in `sh`, as sshd would in the login shell. What it says goes to `heard` with `number`.
    pub(crate) fn start(
        command: &str,
        stage: Option<Arc<Stage>>,
        number: u32,
        heard: mpsc::Sender<(u32, Said)>,
    ) -> io::Result<Self> {
        let mut sh = Command::new("sh");
        sh.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own can be ended as a whole.
        sh.process_group(0).kill_on_drop(true);
        let (staging, unstaging) = match &stage {
            Some(stage) => {
                sh.env("PATH", stage.path()).env("XDG_DATA_HOME", stage.data_home());
                (stage.staging(), stage.unstaging())
            }
            None => (Replacing::default(), Replacing::default()),
        };
        let mut child = sh.spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // The files of the stage stay for as long as somebody may read them.
            let _stage = stage;
            tokio::join!(
                tell(stdout, unstaging, number, &heard, Said::Output),
                tell(stderr, Replacing::default(), number, &heard, Said::Error),
            );
            let status = ended(&mut child).await;
            let _ = heard.send((number, Said::Ended(status))).await;
        });
        Ok(Self { stdin, group, staging, _tasks: tasks })
    }

    /// More of its standard input. A program that does not listen any more misses nothing that it wants.
    pub(crate) async fn feed(&mut self, bytes: &[u8]) {
        let bytes = self.staging.feed(bytes);
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(&bytes).await;
        }
    }

    /// The end of its standard input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Whoever has ended needs no signal.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn tell(
    stream: Option<impl AsyncRead + Unpin>,
    mut unstaging: Replacing,
    number: u32,
    heard: &mpsc::Sender<(u32, Said)>,
    said: impl Fn(Vec<u8>) -> Said,
) {
    let Some(mut stream) = stream else { return };
    let mut buffer = vec![0; CHUNK];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let bytes = unstaging.feed(buffer.get(..count).unwrap_or_default());
        if heard.send((number, said(bytes))).await.is_err() {
            return;
        }
    }
    let _ = heard.send((number, said(unstaging.rest()))).await;
}

async fn ended(child: &mut Child) -> u32 {
    let status = child.wait().await.ok().and_then(|status| status.code());
    status.and_then(|code| u32::try_from(code).ok()).unwrap_or(255)
}
