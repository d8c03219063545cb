//! Servers that ask what only a person can answer: at a terminal, and where nobody is there.

use std::process::Stdio;

use hostrounds_testbed::{Asked, PasswordServer, PasswordServerConfig, Round};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::program::Program;

/// A server that asks for a name that may be seen and a code that may not, added and trusted.
async fn asking(program: &Program) -> PasswordServer {
    let round = Round {
        name: "Second factor".into(),
        instructions: "Look at\u{1b}[31m your token.".into(),
        questions: vec![Asked::open("Which token?", "blue"), Asked::hidden("Code:", "123456")],
    };
    let server = PasswordServer::start(PasswordServerConfig::asking("ops", vec![round])).await.unwrap();
    let port = server.port().to_string();
    let add = ["server", "add", "web", "--host", "127.0.0.1", "--port", &port, "--user", "ops", "--prompts"];
    program.run(&add).await.done();
    program.run(&["server", "trust", "web", "--fingerprint", server.fingerprint()]).await.done();
    server
}

/// Runs the program on a terminal of its own (`script` of util-linux), typing each answer when its question stands there.
/// What was shown, and the exit code.
pub(crate) async fn at_a_terminal(program: &Program, arguments: &[&str], answers: &[(&str, &str)]) -> (String, i32) {
    let inner = program.command(&[]);
    let line = format!("exec {} {}", env!("CARGO_BIN_EXE_hostrounds"), arguments.join(" "));
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear().kill_on_drop(true);
    for (name, value) in inner.as_std().get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = String::new();
    let mut buffer = [0; 4096];
    let mut answers = answers.iter();
    let mut next = answers.next();
    let talk = async {
        loop {
            let read = stdout.read(&mut buffer).await.unwrap();
            if read == 0 {
                break;
            }
            shown.push_str(&String::from_utf8_lossy(&buffer[..read]));
            while let Some((question, answer)) = next.filter(|(question, _)| shown.contains(question)) {
                let _ = question;
                stdin.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
                next = answers.next();
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), talk).await.expect("it hangs");
    let code = child.wait().await.unwrap().code().unwrap();
    (shown, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_there_the_login_is_given_up_and_the_server_held() {
    let program = Program::new();
    let _server = asking(&program).await;
    program.run(&["collect", "web"]).await.refused(1, &["login", "Nobody answered", "no terminal to answer on"]);
    let collected = program.run(&["--json", "collect", "web"]).await;
    assert_eq!(collected.json()[0]["collection"]["failure"]["code"], "prompts_declined", "{collected:?}");
    let report = program.run(&["--json", "server", "test", "web"]).await;
    assert_eq!((report.code, &report.json()["failure"]["code"]), (1, &"prompts_declined".into()), "{report:?}");
    let list = program.run(&["--json", "server", "list"]).await.done().json();
    assert_eq!(list[1]["state"], "held", "{list}");
    let shown = program.run(&["server", "show", "web"]).await.done().out;
    assert!(shown.contains("held since") && shown.contains("`hostrounds collect web`"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_terminal_a_person_answers() {
    let program = Program::new();
    let _server = asking(&program).await;
    let answers = [("Which token?", "blue"), ("Code:", "123456")];
    let (shown, code) = at_a_terminal(&program, &["server", "test", "web"], &answers).await;
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("ops@127.0.0.1:") && shown.contains("Second factor"), "{shown}");
    assert!(shown.contains("blue") && !shown.contains("123456"), "what may not be seen is not: {shown}");
    assert!(!shown.contains("\u{1b}[31m your token"), "a server sets no colours: {shown}");
    let (shown, code) = at_a_terminal(&program, &["collect", "web"], &answers).await;
    assert_eq!(code, 0, "{shown}");
    let (shown, code) = at_a_terminal(&program, &["collect", "web"], &[answers[0], ("Code:", "wrong")]).await;
    assert_eq!(code, 1, "{shown}");
}
