//! Jump hosts: each with its own host key, its own login, and its own failures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // a test may fail loudly

mod common;

use common::{Hosts, endpoint, key, patient, say};
use hostrounds_ssh::{Credential, Deadlines, Endpoint, Hop, MAX_JUMPS, Route, RouteError, Session, Step, StepDone};
use hostrounds_testbed::{ClientKey, KeyType, MisbehavingServer, Misbehaviour, Sshd, SshdConfig};
use rstest::rstest;

fn at(sshd: &Sshd) -> Endpoint {
    endpoint(sshd.port(), sshd.user())
}

fn hop(sshd: &Sshd) -> Hop {
    Hop::new(at(sshd), key(sshd.key()))
}

/// Servers in the order of the way, and a file that knows them all.
async fn chain(length: usize) -> (Vec<Sshd>, Hosts) {
    let mut servers = Vec::new();
    for _ in 0..length {
        servers.push(Sshd::start(SshdConfig::default()).await.unwrap());
    }
    let hosts = Hosts::with(&servers.iter().map(Sshd::known_hosts_line).collect::<Vec<_>>());
    (servers, hosts)
}

fn through(servers: &[Sshd]) -> Route {
    let (server, jumps) = servers.split_last().unwrap();
    Route { jumps: jumps.iter().map(hop).collect(), server: hop(server) }
}

async fn connect(route: &Route, hosts: &Hosts, steps: &mut Vec<StepDone>) -> Result<Session, RouteError> {
    hostrounds_ssh::connect(route, &hosts.known, &patient(), None, &mut |step| steps.push(step)).await
}

async fn refusal(route: &Route, hosts: &Hosts) -> RouteError {
    connect(route, hosts, &mut Vec::new()).await.unwrap_err()
}

#[tokio::test]
async fn a_login_that_fails_says_what_it_has_cost() {
    let (servers, hosts) = chain(1).await;
    let mut route = through(&servers);
    route.server.credentials =
        vec![Credential::Key { path: "/nonexistent".into(), certificate: None, passphrase: None }];
    let error = refusal(&route, &hosts).await;
    assert!(error.login.is_some_and(|traffic| traffic.received > 500 && traffic.sent > 500), "{error:?}");
    route.server.credentials.clear();
    assert_eq!(refusal(&route, &hosts).await.login, None, "nobody wanted to log in");
    route.server.endpoint.port = 1;
    assert_eq!(refusal(&route, &hosts).await.login, None);
}

#[tokio::test]
async fn one_jump_host_is_passed_step_by_step() {
    let (servers, hosts) = chain(2).await;
    let mut steps = Vec::new();
    let session = connect(&through(&servers), &hosts, &mut steps).await.unwrap();
    assert_eq!(
        say(&session, "echo $SSH_CONNECTION").await.split(' ').nth(3),
        Some(&*format!("{}\n", servers[1].port()))
    );
    let order: Vec<(Step, bool)> = steps.iter().map(|done| (done.step, done.jump.is_some())).collect();
    use Step::{Connect, HostKey, KeyExchange, Login, Resolve};
    let jump = [Resolve, Connect, KeyExchange, HostKey, Login].map(|step| (step, true));
    let server = [Connect, KeyExchange, HostKey, Login].map(|step| (step, false));
    assert_eq!(order, [jump.as_slice(), server.as_slice()].concat());
    assert_eq!(steps[0].jump, Some(at(&servers[0])));
    assert!(steps[3].detail.contains(servers[0].fingerprint()) && steps[7].detail.contains(servers[1].fingerprint()));
    assert_eq!(steps[5].detail, format!("127.0.0.1:{} from {}", servers[1].port(), at(&servers[0])));
    assert!(servers[0].log().contains("Accepted publickey") && servers[1].log().contains("Accepted publickey"));
    session.close().await;
}

#[tokio::test]
async fn as_many_as_are_possible_make_a_chain() {
    let (servers, hosts) = chain(MAX_JUMPS + 1).await;
    let session = connect(&through(&servers), &hosts, &mut Vec::new()).await.unwrap();
    assert_eq!(say(&session, "head -c 3000000 /dev/zero | tr '\\0' x | wc -c").await.trim(), "3000000");
    // More than a window of every session on the way.
    let limits = hostrounds_ssh::Limits { max_bytes: 8 << 20, ..common::LIMITS };
    let mut shell = session.shell("").await.unwrap();
    assert_eq!(shell.ask("head -c 5000000 /dev/zero", limits).await.unwrap().len(), 5_000_000);
    let spent = session.spent();
    assert!(spent.traffic.received > 5_000_000 && spent.traffic.received < 6_000_000, "counted once: {spent:?}");
    assert_eq!(spent.channels, 2);
}

#[tokio::test]
async fn more_than_are_possible_are_refused_before_anything_is_dialled() {
    let nowhere = || Hop::new(endpoint(1, "ops"), Credential::Password("never sent".into()));
    let route = Route { jumps: (0..=MAX_JUMPS).map(|_| nowhere()).collect(), server: nowhere() };
    let error = refusal(&route, &Hosts::with(&[])).await;
    assert_eq!((error.error.code(), error.error.retryable(), error.jump), ("too_many_jumps", false, None));
}

#[tokio::test]
async fn every_host_key_on_the_way_is_judged() {
    let (servers, _) = chain(3).await;
    for unknown in 0..3 {
        let lines: Vec<&str> = servers
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != unknown)
            .map(|(_, sshd)| sshd.known_hosts_line())
            .collect();
        let error = refusal(&through(&servers), &Hosts::with(&lines)).await;
        assert_eq!(error.error.code(), "host_key_unknown");
        assert_eq!(error.error.host_key().unwrap().fingerprint, servers[unknown].fingerprint());
        let failed = servers.get(unknown).filter(|_| unknown < 2).map(at);
        assert_eq!(error.jump, failed, "{error}");
    }
}

#[tokio::test]
async fn the_key_of_a_jump_host_does_not_pass_for_that_of_the_server() {
    let (servers, _) = chain(2).await;
    let key_alone = servers[0].known_hosts_line().split_once(' ').unwrap().1;
    let wrong = format!("[127.0.0.1]:{} {key_alone}", servers[1].port());
    let error = refusal(&through(&servers), &Hosts::with(&[servers[0].known_hosts_line(), &wrong])).await;
    assert_eq!((error.error.code(), error.jump), ("host_key_changed", None));
}

#[tokio::test]
async fn every_hop_has_its_own_credential() {
    let (mut servers, hosts) = chain(3).await;
    for refusing in 0..3 {
        let stranger = servers[refusing].stranger(ClientKey::Ed25519).await.unwrap();
        let mut route = through(&servers);
        let hops = route.jumps.iter_mut().chain([&mut route.server]);
        for (index, hop) in hops.enumerate() {
            if index == refusing {
                hop.credentials = vec![key(&stranger)];
            }
        }
        let error = refusal(&route, &hosts).await;
        assert_eq!((error.error.code(), error.error.refuses_login()), ("login_refused", true));
        assert_eq!(error.jump, servers.get(refusing).filter(|_| refusing < 2).map(at));
        if refusing < 2 {
            assert!(error.to_string().starts_with(&format!("jump host {}", at(&servers[refusing]))), "{error}");
        }
    }
}

#[rstest]
#[case("AllowTcpForwarding no")]
#[case("DisableForwarding yes")]
#[case("PermitOpen 192.0.2.1:22")]
#[tokio::test]
async fn a_jump_host_that_forwards_nothing_has_its_own_error(#[case] line: &str) {
    let config = SshdConfig { lines: vec![line.into()], ..SshdConfig::default() };
    let (jump, server) = (Sshd::start(config).await.unwrap(), Sshd::start(SshdConfig::default()).await.unwrap());
    let hosts = Hosts::with(&[jump.known_hosts_line(), server.known_hosts_line()]);
    let servers = [jump, server];
    let error = refusal(&through(&servers), &hosts).await;
    assert_eq!(
        (error.error.code(), error.error.step(), error.error.retryable()),
        ("forwarding_refused", Step::Connect, false)
    );
    assert_eq!(error.jump, Some(at(&servers[0])));
    assert_eq!(error.error.remedy().as_deref(), Some("AllowTcpForwarding yes"));
}

#[rstest]
#[case::refused("127.0.0.1", "refused")]
#[case::no_such_name("no-such-name.invalid", "")]
#[tokio::test]
async fn a_server_that_a_jump_host_cannot_reach_is_the_one_that_failed(#[case] host: &str, #[case] said: &str) {
    let (mut servers, hosts) = chain(2).await;
    servers[1].stop().await;
    let mut route = through(&servers);
    route.server.endpoint.host = host.into();
    let error = refusal(&route, &hosts).await;
    assert_eq!(
        (error.error.code(), error.error.step(), error.error.retryable()),
        ("jump_cannot_reach", Step::Connect, true)
    );
    assert_eq!(error.jump, None);
    let text = error.to_string();
    assert!(text.to_lowercase().contains(said) && text.contains(&at(&servers[0]).to_string()), "{text}");
    assert_eq!(
        error.error.remedy().unwrap(),
        format!("ssh -p {} -- {}@127.0.0.1", servers[0].port(), servers[0].user())
    );
}

#[rstest]
#[case(Misbehaviour::Silent, "key_exchange_timeout")]
#[case(Misbehaviour::Http, "not_ssh")]
#[case(Misbehaviour::ClosesAtOnce, "disconnected")]
#[tokio::test]
async fn a_server_behind_a_jump_host_that_misbehaves_is_given_up(#[case] how: Misbehaviour, #[case] code: &str) {
    let (servers, hosts) = chain(1).await;
    let bad = MisbehavingServer::start(how).await.unwrap();
    let route =
        Route { jumps: vec![hop(&servers[0])], server: Hop::new(endpoint(bad.port(), "ops"), key(servers[0].key())) };
    let deadlines = Deadlines { key_exchange: std::time::Duration::from_millis(500), ..patient() };
    let error = hostrounds_ssh::connect(&route, &hosts.known, &deadlines, None, &mut |_| {}).await.unwrap_err();
    assert_eq!((error.error.code(), error.error.step(), error.jump), (code, Step::KeyExchange, None));
}

#[tokio::test]
async fn a_jump_host_that_dies_ends_the_session_and_is_named() {
    let (mut servers, hosts) = chain(3).await;
    let session = connect(&through(&servers), &hosts, &mut Vec::new()).await.unwrap();
    let mut shell = session.shell("").await.unwrap();
    assert_eq!(common::ask(&mut shell, "echo in").await, "in\n");
    let mark = servers[2].folder().join("asked");
    let command = format!(": > '{}'; sleep 600", mark.display());
    let jump = at(&servers[1]).to_string();
    let stop = async {
        while !mark.exists() {
            tokio::task::yield_now().await;
        }
        servers[1].stop().await;
    };
    let (answer, ()) = tokio::join!(shell.ask(&command, common::LIMITS), stop);
    let error = answer.unwrap_err();
    assert_eq!(error.code(), "disconnected");
    assert!(error.to_string().contains(&format!("jump host {jump}")), "{error}");
    assert!(session.is_closed());
    session.close().await;
}

#[tokio::test]
async fn what_is_dropped_leaves_nothing_on_the_jump_hosts() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (servers, hosts) = chain(3).await;
    let before = tasks();
    let session = connect(&through(&servers), &hosts, &mut Vec::new()).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
    // Even a jump host that answers nothing any more keeps nobody.
    servers[0].freeze();
    drop(session);
    while tasks() > before {
        tokio::task::yield_now().await;
    }
    servers[0].thaw();
}

#[tokio::test]
async fn the_name_of_the_server_is_looked_up_by_the_jump_host() {
    let config = SshdConfig { host_keys: vec![KeyType::Ecdsa], ..SshdConfig::default() };
    let (jump, server) = (Sshd::start(SshdConfig::default()).await.unwrap(), Sshd::start(config).await.unwrap());
    let named = server.known_hosts_line().replace("127.0.0.1", "localhost");
    let hosts = Hosts::with(&[jump.known_hosts_line(), &named]);
    let servers = [jump, server];
    let mut route = through(&servers);
    route.server.endpoint.host = "localhost".into();
    let mut steps = Vec::new();
    let session = connect(&route, &hosts, &mut steps).await.unwrap();
    assert_eq!(say(&session, "echo in").await, "in\n");
    assert!(steps[5].detail.contains("which looks the name up"), "{steps:?}");
}

#[tokio::test]
async fn credentials_are_checked_without_a_server() {
    let (servers, _) = chain(2).await;
    let route = through(&servers);
    let found = hostrounds_ssh::check(&route).await.unwrap();
    assert!(found.starts_with(&format!("{}: ", at(&servers[0]))), "{found}");
    assert_eq!(found.matches("SHA256:").count(), 2, "{found}");
    let mut broken = route.clone();
    broken.jumps[0].credentials = vec![key("/nonexistent".as_ref())];
    let error = hostrounds_ssh::check(&broken).await.unwrap_err();
    assert_eq!((error.error.code(), error.jump), ("key_file_missing", Some(at(&servers[0]))));
    // One that is of use is enough.
    broken.jumps[0].credentials.push(Credential::Password("s3cret".into()));
    let found = hostrounds_ssh::check(&broken).await.unwrap();
    assert!(found.contains("no key file") && found.contains("password") && !found.contains("s3cret"), "{found}");
    broken.server.credentials.clear();
    assert_eq!(hostrounds_ssh::check(&broken).await.unwrap_err().error.code(), "no_credential");
}
