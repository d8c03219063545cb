//! What only a person can answer: several questions, several rounds, second factors, and nobody there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use common::{Hosts, endpoint, patient, say};
use hostrounds_ssh::{
    ConnectError, Credential, Deadlines, Hop, KnownHosts, Prompter, Question, Questions, Route, Session, Step, StepDone,
};
use hostrounds_testbed::{
    Asked, PasswordMethods, PasswordServer, PasswordServerConfig, Round, Sshd, SshdConfig, TestbedError,
};
use secrecy::SecretString;

/// A person who has made up their mind.
#[derive(Default)]
struct Person {
    answers: Mutex<VecDeque<Vec<&'static str>>>,
    asked: Mutex<Vec<Questions>>,
}

impl Person {
    fn who_says(rounds: &[&[&'static str]]) -> Self {
        Self { answers: Mutex::new(rounds.iter().map(|round| round.to_vec()).collect()), asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<Questions> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Prompter for Person {
    async fn ask(&self, questions: Questions) -> Option<Vec<SecretString>> {
        self.asked.lock().unwrap().push(questions);
        let answers = self.answers.lock().unwrap().pop_front()?;
        Some(answers.into_iter().map(SecretString::from).collect())
    }
}

fn password() -> Credential {
    Credential::Password("s3cret".into())
}

async fn server(rounds: Vec<Round>) -> (PasswordServer, Hosts) {
    let server = PasswordServer::start(PasswordServerConfig::asking("ops", rounds)).await.unwrap();
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    (server, hosts)
}

fn round(questions: Vec<Asked>) -> Round {
    Round { questions, ..Round::default() }
}

/// A password, then a code, then a round without a question, as PAM does it.
fn two_factors() -> Vec<Round> {
    vec![
        round(vec![Asked::hidden("Password: ", "s3cret")]),
        round(vec![Asked::hidden("Verification code: ", "123456")]),
        round(Vec::new()),
    ]
}

async fn connect(
    port: u16,
    known: &KnownHosts,
    credentials: Vec<Credential>,
    deadlines: Deadlines,
    prompter: Option<&dyn Prompter>,
) -> Result<Session, ConnectError> {
    let route = Route::direct(Hop { endpoint: endpoint(port, "ops"), credentials });
    hostrounds_ssh::connect(&route, known, &deadlines, prompter, &mut |_| {}).await.map_err(|error| error.error)
}

#[tokio::test]
async fn a_person_answers_several_questions_in_several_rounds() {
    let first = Round {
        name: "The \x1b[31mgate".into(),
        instructions: "Look at your token.\r\nIt \u{202e}is green.\n".into(),
        questions: vec![Asked::hidden("Code: ", "123456"), Asked::open("Shift\x07 (day, night): ", "day")],
    };
    let second = round(vec![Asked::open("Reason: ", "rounds, as ever")]);
    let (server, hosts) = server(vec![first, second]).await;
    let person = Person::who_says(&[&["123456", "day"], &["rounds, as ever"]]);
    let session =
        connect(server.port(), &hosts.known, vec![Credential::Prompts], patient(), Some(&person)).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
    let asked = person.asked();
    assert_eq!(asked[0].hop, endpoint(server.port(), "ops"));
    assert_eq!(
        (asked[0].name.as_str(), asked[0].instructions.as_str()),
        ("The [31mgate", "Look at your token.\nIt is green.")
    );
    let question = |text: &str, echo| Question { text: text.into(), echo };
    assert_eq!(asked[0].questions, [question("Code:", false), question("Shift (day, night):", true)]);
    assert_eq!(asked[1].questions, [question("Reason:", true)]);
    assert_eq!(server.answers_seen(), ["123456", "day", "rounds, as ever"]);
}

#[tokio::test]
async fn a_kept_password_answers_the_first_hidden_prompt_and_a_person_the_rest() {
    let (server, hosts) = server(two_factors()).await;
    let person = Person::who_says(&[&["123456"]]);
    let credentials = vec![password(), Credential::Prompts];
    connect(server.port(), &hosts.known, credentials, patient(), Some(&person)).await.unwrap();
    assert_eq!(person.asked().len(), 1);
    assert_eq!(person.asked()[0].questions[0].text, "Verification code:");
    assert_eq!(server.answers_seen(), ["s3cret", "123456"]);
}

#[tokio::test]
async fn a_kept_password_answers_no_open_question_and_no_later_one() {
    let rounds = vec![round(vec![Asked::open("Token serial: ", "42")]), round(vec![Asked::hidden("PIN: ", "0000")])];
    let (server, hosts) = server(rounds).await;
    let person = Person::who_says(&[&["42"], &["0000"]]);
    connect(server.port(), &hosts.known, vec![password(), Credential::Prompts], patient(), Some(&person))
        .await
        .unwrap();
    assert_eq!(server.answers_seen(), ["42", "0000"], "the password was never shown");
}

#[tokio::test]
async fn without_a_person_nothing_is_answered() {
    for credentials in [vec![Credential::Prompts], vec![password(), Credential::Prompts]] {
        let (server, hosts) = server(two_factors()).await;
        let error = connect(server.port(), &hosts.known, credentials, patient(), None).await.unwrap_err();
        assert_eq!((error.code(), error.step(), error.retryable()), ("person_needed", Step::Login, false));
        let ConnectError::PromptsUnanswered { user, prompts } = &error else { panic!("{error:?}") };
        assert_eq!((user.as_str(), prompts.as_slice()), ("ops", ["Password:".to_owned()].as_slice()));
        assert_eq!(server.answers_seen(), [""; 0]);
    }
}

#[tokio::test]
async fn without_a_person_what_needs_none_goes_first() {
    let config = PasswordServerConfig::new("ops", "s3cret", PasswordMethods::Both);
    let server = PasswordServer::start(config).await.unwrap();
    let hosts = Hosts::with(&[server.known_hosts_line()]);
    connect(server.port(), &hosts.known, vec![Credential::Prompts, password()], patient(), None).await.unwrap();
}

#[tokio::test]
async fn a_password_alone_does_not_begin_what_it_cannot_finish_twice() {
    let (server, hosts) = server(two_factors()).await;
    let error = connect(server.port(), &hosts.known, vec![password()], patient(), None).await.unwrap_err();
    assert_eq!((error.code(), error.refuses_login()), ("login_prompts", true));
    assert!(error.to_string().contains("Verification code:") && error.hint().contains("a person answers"), "{error}");
}

#[tokio::test]
async fn wrong_answers_are_a_refusal() {
    let (server, hosts) = server(two_factors()).await;
    let person = Person::who_says(&[&["s3cret"], &["654321"]]);
    let error =
        connect(server.port(), &hosts.known, vec![Credential::Prompts], patient(), Some(&person)).await.unwrap_err();
    assert_eq!((error.code(), error.refuses_login()), ("login_refused", true), "{error}");
    assert!(error.to_string().contains("the answers of a person"), "{error}");
}

#[tokio::test]
async fn a_person_may_give_up() {
    let (server, hosts) = server(two_factors()).await;
    for person in [Person::default(), Person::who_says(&[&["too", "many"]])] {
        let error = connect(server.port(), &hosts.known, vec![Credential::Prompts], patient(), Some(&person)).await;
        let error = error.unwrap_err();
        assert_eq!((error.code(), error.retryable(), error.refuses_login()), ("prompts_declined", false, false));
    }
    assert_eq!(server.answers_seen(), [""; 0]);
}

/// Never answers.
struct Nobody;

#[async_trait]
impl Prompter for Nobody {
    async fn ask(&self, _: Questions) -> Option<Vec<SecretString>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_person_who_does_not_answer_is_not_waited_for_for_ever() {
    let (server, hosts) = server(two_factors()).await;
    let deadlines = Deadlines { person: Duration::from_millis(100), ..patient() };
    let error =
        connect(server.port(), &hosts.known, vec![Credential::Prompts], deadlines, Some(&Nobody)).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("prompts_timeout", false));
}

/// Answers after all the time that a login has.
struct Slow {
    person: Person,
    takes: Duration,
}

#[async_trait]
impl Prompter for Slow {
    async fn ask(&self, questions: Questions) -> Option<Vec<SecretString>> {
        // Only their time passes at once; what waits for a network waits for that.
        tokio::time::pause();
        tokio::time::advance(self.takes).await;
        tokio::time::resume();
        self.person.ask(questions).await
    }
}

#[tokio::test]
async fn the_time_of_a_person_is_not_the_time_of_the_login() {
    let (server, hosts) = server(vec![round(vec![Asked::hidden("Code: ", "123456")])]).await;
    let login = Duration::from_secs(50);
    let person = Slow { person: Person::who_says(&[&["123456"]]), takes: login };
    let route = Route::direct(Hop::new(endpoint(server.port(), "ops"), Credential::Prompts));
    let deadlines = Deadlines { login, ..patient() };
    let mut steps: Vec<StepDone> = Vec::new();
    let mut on_step = |step| steps.push(step);
    let connected = hostrounds_ssh::connect(&route, &hosts.known, &deadlines, Some(&person), &mut on_step).await;
    connected.unwrap();
    assert!(steps[4].elapsed < login, "{steps:?}");
}

/// Answers once the server has hung up.
struct TooLate<'a>(&'a PasswordServer);

#[async_trait]
impl Prompter for TooLate<'_> {
    async fn ask(&self, _: Questions) -> Option<Vec<SecretString>> {
        self.0.lose_patience().await;
        Some(vec!["s3cret".into()])
    }
}

#[tokio::test]
async fn a_server_that_does_not_wait_for_the_answers_is_told_clearly() {
    let (server, hosts) = server(two_factors()).await;
    let late = TooLate(&server);
    let error =
        connect(server.port(), &hosts.known, vec![Credential::Prompts], patient(), Some(&late)).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("login_grace_over", false), "{error:?}");
    assert_eq!(error.remedy().as_deref(), Some("LoginGraceTime 120"));
}

#[tokio::test]
async fn a_server_that_asks_for_ever_is_given_up() {
    let rounds = (0..100).map(|_| round(vec![Asked::hidden("More: ", "more")])).collect();
    let (server, hosts) = server(rounds).await;
    let person = Person::who_says(&[["more"].as_slice(); 100]);
    let error =
        connect(server.port(), &hosts.known, vec![Credential::Prompts], patient(), Some(&person)).await.unwrap_err();
    assert_eq!(error.code(), "login_prompts");
    assert!(server.answers_seen().len() < 10);
    let flood = round((0..1000).map(|_| Asked::hidden("Q", "A")).collect());
    let (server, hosts) = self::server(vec![flood]).await;
    let error =
        connect(server.port(), &hosts.known, vec![Credential::Prompts], patient(), Some(&person)).await.unwrap_err();
    assert_eq!(error.code(), "login_prompts");
    assert!(error.to_string().len() < 500, "{error}");
}

/// A real sshd that has PAM ask for the password; `None` where that needs root and we are not.
async fn sshd_with_pam(line: &str) -> Option<(Sshd, Hosts)> {
    let (password, lines) = (Some("s3cret".into()), vec![line.to_owned()]);
    let config = SshdConfig { password, pam: true, lines, ..SshdConfig::default() };
    match Sshd::start(config).await {
        Err(TestbedError::NeedsRoot { .. }) => None,
        started => {
            let sshd = started.unwrap();
            let hosts = Hosts::with(&[sshd.known_hosts_line()]);
            Some((sshd, hosts))
        }
    }
}

#[tokio::test]
async fn pam_asks_and_is_answered_by_a_person_or_by_a_kept_password() {
    let Some((sshd, hosts)) = sshd_with_pam("AuthenticationMethods publickey,keyboard-interactive").await else {
        return;
    };
    let here = endpoint(sshd.port(), sshd.user());
    let person = Person::who_says(&[&["s3cret"]]);
    for (credentials, asked) in [
        (vec![common::key(sshd.key()), Credential::Prompts], 1),
        (vec![common::key(sshd.key()), password(), Credential::Prompts], 1),
        (vec![common::key(sshd.key()), password()], 1),
    ] {
        let route = Route::direct(Hop { endpoint: here.clone(), credentials });
        let connected = hostrounds_ssh::connect(&route, &hosts.known, &patient(), Some(&person), &mut |_| {}).await;
        let session = connected.unwrap_or_else(|error| panic!("{error}\n{}", sshd.log()));
        assert_eq!(say(&session, "echo in").await, "in\n");
        assert_eq!(person.asked().len(), asked);
    }
    assert_eq!(person.asked()[0].questions[0], Question { text: "Password:".into(), echo: false });
    let route = Route::direct(Hop { endpoint: here, credentials: vec![common::key(sshd.key()), Credential::Prompts] });
    let error = hostrounds_ssh::connect(&route, &hosts.known, &patient(), None, &mut |_| {}).await.unwrap_err();
    assert_eq!(error.error.code(), "person_needed");
    assert!(!sshd.log().contains("Failed"), "{}", sshd.log());
}

/// Answers once the server at this port has closed the connection.
struct AfterTheGrace(u16);

#[async_trait]
impl Prompter for AfterTheGrace {
    async fn ask(&self, _: Questions) -> Option<Vec<SecretString>> {
        // Columns of /proc/net/tcp: number, local address, remote address, state; 01 is an open connection.
        let local = format!(":{:04X}", self.0);
        let is_open = |line: &str| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            columns[1].ends_with(&local) && columns[3] == "01"
        };
        while std::fs::read_to_string("/proc/net/tcp").unwrap().lines().any(is_open) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(vec!["s3cret".into()])
    }
}

#[tokio::test]
async fn a_real_sshd_whose_grace_is_over_is_told_clearly() {
    let Some((sshd, hosts)) = sshd_with_pam("LoginGraceTime 2").await else { return };
    let route = Route::direct(Hop::new(endpoint(sshd.port(), sshd.user()), Credential::Prompts));
    let late = AfterTheGrace(sshd.port());
    let error = hostrounds_ssh::connect(&route, &hosts.known, &patient(), Some(&late), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.error.code(), "login_grace_over", "{error}");
}
