//! What a form says about the secrets of a server, carried out whole or not at all.

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::server::{Hop, Login, SecretSlot, Server, ServerDraft, Target};
use secrecy::{ExposeSecret, SecretString};

use super::view::{ApiError, SecretChange, SecretEdit, Trouble};
use crate::credentials::{CredentialError, Noted, place_of};
use crate::engine::Engine;
use crate::failure::{KEYRING_UNAVAILABLE, capitalised};

/// What was done to a secret.
pub(super) struct Done {
    slot: SecretSlot,
    what: &'static str,
}

/// A secret as it was before, to be put back.
struct Before {
    slot: SecretSlot,
    secret: Option<SecretString>,
}

/// Whether the edits change anything.
pub(super) fn changes_something(edits: &[SecretEdit]) -> bool {
    edits.iter().any(|edit| !matches!(edit.change, SecretChange::Keep))
}

/// A secret is for a login that uses one, and not empty.
pub(super) fn check(draft: &ServerDraft, edits: &[SecretEdit]) -> Result<(), ApiError> {
    let usable = usable(&draft.target);
    for edit in edits {
        let SecretChange::Set { value } = &edit.change else { continue };
        if !usable.contains(&edit.slot) {
            let message = format!("No login of this server uses the {}.", name(&edit.slot));
            return Err(ApiError::invalid_field("secrets", message));
        }
        if value.expose_secret().is_empty() {
            let field = field(&edit.slot, &draft.target);
            return Err(ApiError::invalid_field(&field, format!("The {} is empty.", name(&edit.slot))));
        }
    }
    Ok(())
}

fn usable(target: &Target) -> Vec<SecretSlot> {
    match target {
        Target::Ssh(ssh) => ssh.secret_slots(),
        Target::Local => Vec::new(),
    }
}

/// The host that a secret of a server may be shown to, see [`place_of`].
fn place(slot: &SecretSlot, target: &Target) -> Option<String> {
    match target {
        Target::Ssh(ssh) => place_of(slot, ssh),
        Target::Local => None,
    }
}

/// The field of a form in which a secret is entered: `password` of the server or of a jump host, `passphrase` of the first login
/// that uses the key file.
fn field(slot: &SecretSlot, target: &Target) -> String {
    let Target::Ssh(ssh) = target else { return "secrets".to_owned() };
    match slot {
        SecretSlot::Password { jump: None } => "password".to_owned(),
        SecretSlot::Password { jump: Some(jump) } => match ssh.jumps.iter().position(|hop| hop.to_string() == *jump) {
            Some(index) => format!("jumps.{index}.password"),
            None => "secrets".to_owned(),
        },
        SecretSlot::Passphrase { path } => {
            let login = |hop: &Hop| {
                hop.logins.iter().position(|login| matches!(login, Login::Key { path: its, .. } if its == path))
            };
            let own = login(&ssh.hop).map(|login| format!("logins.{login}.passphrase"));
            let of_jump = || {
                let place = |(index, hop)| Some(format!("jumps.{index}.logins.{}.passphrase", login(hop)?));
                ssh.jumps.iter().enumerate().find_map(place)
            };
            own.or_else(of_jump).unwrap_or_else(|| "secrets".to_owned())
        }
    }
}

/// A secret, as people call it.
fn name(slot: &SecretSlot) -> String {
    match slot {
        SecretSlot::Password { jump: None } => "password".to_owned(),
        SecretSlot::Password { jump: Some(jump) } => format!("password of the jump host {jump}"),
        SecretSlot::Passphrase { path } => format!("passphrase of {path}"),
    }
}

impl Engine {
    /// A password that the keyring holds was given for one user on one host: it is not kept for another.
    pub(super) fn check_kept(
        &self,
        before: &Server,
        draft: &ServerDraft,
        edits: &[SecretEdit],
    ) -> Result<(), ApiError> {
        let (Target::Ssh(from), Target::Ssh(to)) = (&before.target, &draft.target) else { return Ok(()) };
        let slot = SecretSlot::Password { jump: None };
        let is_kept = self.secrets.has(before.id, &slot, from) && !self.secrets.has(before.id, &slot, to);
        let is_edited = edits.iter().any(|edit| edit.slot == slot && !matches!(edit.change, SecretChange::Keep));
        if is_kept && !is_edited && to.hop.logins.contains(&Login::Password) {
            return Err(ApiError::invalid_field(
                &field(&slot, &draft.target),
                "Enter the password again: the server's address or user has changed.",
            ));
        }
        Ok(())
    }

    /// Carries out what a form says. Where any of it fails, what was done is undone.
    ///
    /// Secrets that no login can use any more are removed afterwards. A keyring that fails then is a trouble and no reason to
    /// refuse the settings; such a secret stays noted, and the next change tries again.
    pub(super) async fn change_secrets(&self, server: &Server, edits: Vec<SecretEdit>) -> Result<Vec<Done>, ApiError> {
        let mut noted = self.secrets.noted(server.id);
        let was_noted = noted.clone();
        let mut undo = Vec::new();
        let mut done = Vec::new();
        for SecretEdit { slot, change } in edits {
            match self.change_secret(server, &slot, change, &was_noted, &mut undo).await {
                Ok(Some(true)) => {
                    noted.insert(slot.clone(), place(&slot, &server.target));
                    done.push(Done { slot, what: "put into the keyring" });
                }
                Ok(Some(false)) => {
                    noted.remove(&slot);
                    done.push(Done { slot, what: "removed from the keyring" });
                }
                Ok(None) => {}
                Err(error) => {
                    self.put_back(server, undo).await;
                    return Err(error.into());
                }
            }
        }
        let usable = usable(&server.target);
        let is_stale = |(slot, noted): &(&SecretSlot, &Option<String>)| {
            !usable.contains(slot) || **noted != place(slot, &server.target)
        };
        let stale: Vec<SecretSlot> = noted.iter().filter(is_stale).map(|(slot, _)| slot.clone()).collect();
        if noted == was_noted && stale.is_empty() && done.is_empty() {
            return Ok(done);
        }
        if let Err(error) = self.note_secrets(server.id, noted.clone()).await {
            self.put_back(server, undo).await;
            return Err(error.into());
        }
        if !done.is_empty() {
            self.troubles.settle(|code| code == KEYRING_UNAVAILABLE);
        }
        for slot in stale {
            match self.credentials.clear(server.id, &slot).await {
                Ok(()) => {
                    noted.remove(&slot);
                    done.push(Done { slot, what: "removed from the keyring" });
                }
                Err(error) => self.troubles.raise(Trouble {
                    code: KEYRING_UNAVAILABLE.into(),
                    message: capitalised(&error.to_string()),
                    hint: error.hint().into(),
                }),
            }
        }
        self.note_secrets(server.id, noted).await?;
        Ok(done)
    }

    /// Whether the secret is there now, or nothing where that is as it was.
    async fn change_secret(
        &self,
        server: &Server,
        slot: &SecretSlot,
        change: SecretChange,
        noted: &Noted,
        undo: &mut Vec<Before>,
    ) -> Result<Option<bool>, CredentialError> {
        let value = match change {
            SecretChange::Keep => return Ok(None),
            SecretChange::Clear if !noted.contains_key(slot) => return Ok(None),
            SecretChange::Clear => None,
            SecretChange::Set { value } => Some(value),
        };
        let secret = match noted.contains_key(slot) {
            true => match self.credentials.get(server.id, slot).await {
                Err(CredentialError::Damaged) => None,
                before => before?,
            },
            false => None,
        };
        let is_set = value.is_some();
        match value {
            Some(value) => self.credentials.set(server.id, slot, value).await?,
            None => self.credentials.clear(server.id, slot).await?,
        }
        undo.push(Before { slot: slot.clone(), secret });
        Ok(Some(is_set))
    }

    async fn put_back(&self, server: &Server, before: Vec<Before>) {
        for Before { slot, secret } in before.into_iter().rev() {
            let undone = match secret {
                Some(secret) => self.credentials.set(server.id, &slot, secret).await,
                None => self.credentials.clear(server.id, &slot).await,
            };
            if let Err(error) = undone {
                tracing::warn!(%error, "a secret could not be put back");
            }
        }
    }

    /// Removes every secret of a server that is gone.
    pub(super) async fn forget_secrets(&self, server: &Server) -> Result<(), ApiError> {
        let mut noted = self.secrets.noted(server.id);
        for slot in noted.clone().into_keys() {
            let cleared = self.credentials.clear(server.id, &slot).await;
            if cleared.is_ok() {
                noted.remove(&slot);
            }
            self.note_secrets(server.id, noted.clone()).await?;
            cleared?;
        }
        Ok(())
    }

    pub(super) async fn log_secrets(&self, server: &Server, done: Vec<Done>) {
        for Done { slot, what } in done {
            let message = format!("{}: the {} was {what}", server.name, name(&slot));
            self.log(ActivityKind::CredentialChanged, Some(server.id), &message).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use hostrounds_core::server::{ServerId, SshTarget, Thresholds};
    use hostrounds_store::Store;

    use super::*;
    use crate::api::view::ServerForm;
    use crate::api::{ErrorCode, Hostrounds, Options};
    use crate::credentials::Credentials;
    use crate::visit::{Keys, Way};

    /// A keyring in memory that fails once, after so many more calls.
    struct FakeKeyring {
        entries: Mutex<BTreeMap<(ServerId, SecretSlot), String>>,
        patience: AtomicUsize,
        reads: AtomicUsize,
    }

    impl FakeKeyring {
        fn new() -> Arc<Self> {
            Arc::new(Self {
                entries: Mutex::default(),
                patience: AtomicUsize::new(usize::MAX),
                reads: AtomicUsize::new(0),
            })
        }

        fn call(&self) -> Result<(), CredentialError> {
            let left = self.patience.load(Ordering::SeqCst);
            self.patience.store(left.checked_sub(1).unwrap_or(usize::MAX), Ordering::SeqCst);
            if left == 0 { Err(CredentialError::Waiting) } else { Ok(()) }
        }

        fn fails_after(&self, calls: usize) {
            self.patience.store(calls, Ordering::SeqCst);
        }

        fn held(&self) -> Vec<(SecretSlot, String)> {
            self.entries.lock().unwrap().iter().map(|((_, slot), secret)| (slot.clone(), secret.clone())).collect()
        }
    }

    #[async_trait]
    impl Credentials for FakeKeyring {
        async fn get(&self, server: ServerId, slot: &SecretSlot) -> Result<Option<SecretString>, CredentialError> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            self.call()?;
            Ok(self.entries.lock().unwrap().get(&(server, slot.clone())).cloned().map(SecretString::from))
        }

        async fn set(&self, server: ServerId, slot: &SecretSlot, secret: SecretString) -> Result<(), CredentialError> {
            self.call()?;
            self.entries.lock().unwrap().insert((server, slot.clone()), secret.expose_secret().to_owned());
            Ok(())
        }

        async fn clear(&self, server: ServerId, slot: &SecretSlot) -> Result<(), CredentialError> {
            self.call()?;
            self.entries.lock().unwrap().remove(&(server, slot.clone()));
            Ok(())
        }
    }

    async fn engine(keyring: &Arc<FakeKeyring>) -> (Hostrounds, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (engine_in(keyring, folder.path()).await, folder)
    }

    async fn engine_in(keyring: &Arc<FakeKeyring>, folder: &Path) -> Hostrounds {
        let options = Options { data_dir: folder.to_owned(), notify: false };
        let store = Store::open(&options.database()).await.unwrap();
        Hostrounds { engine: Engine::assemble(options, store, Arc::clone(keyring) as _, None).await.unwrap() }
    }

    fn own() -> SecretSlot {
        SecretSlot::Password { jump: None }
    }

    fn of_jump() -> SecretSlot {
        SecretSlot::Password { jump: Some("ops@bastion".into()) }
    }

    fn of_key() -> SecretSlot {
        SecretSlot::Passphrase { path: "~/.ssh/id".into() }
    }

    /// A server behind a jump host: passwords for both, and a key file. It is not visited.
    fn target() -> SshTarget {
        let hop = |host: &str, logins| Hop { host: host.into(), port: 22, user: "ops".into(), logins };
        SshTarget {
            hop: hop("web", vec![Login::key("~/.ssh/id"), Login::Password]),
            jumps: vec![hop("bastion", vec![Login::Password])],
        }
    }

    fn form(target: SshTarget, secrets: &[(SecretSlot, &str)]) -> ServerForm {
        let draft = ServerDraft {
            name: "web".into(),
            target: Target::Ssh(target),
            enabled: false,
            interval: 60,
            thresholds: Thresholds::default(),
            families_off: vec![],
            environment: None,
            tags: vec![],
        };
        let edit = |(slot, value): &(SecretSlot, &str)| SecretEdit {
            slot: slot.clone(),
            change: if value.is_empty() {
                SecretChange::Clear
            } else {
                SecretChange::Set { value: SecretString::from(*value) }
            },
        };
        ServerForm { draft, secrets: secrets.iter().map(edit).collect() }
    }

    fn kept(pairs: &[(SecretSlot, &str)]) -> Vec<(SecretSlot, String)> {
        let mut pairs: Vec<_> = pairs.iter().map(|(slot, secret)| (slot.clone(), (*secret).to_owned())).collect();
        pairs.sort();
        pairs
    }

    #[tokio::test]
    async fn each_secret_has_its_place_and_goes_when_no_login_can_use_it() {
        let keyring = FakeKeyring::new();
        let (hostrounds, _folder) = engine(&keyring).await;
        let all = [(own(), "a"), (of_jump(), "b"), (of_key(), "c")];
        let view = hostrounds.add_server(form(target(), &all)).await.unwrap();
        assert_eq!(keyring.held(), kept(&all));
        assert_eq!(view.secrets.len(), 3);
        let id = view.server.id;

        // What is not named stays; what is cleared goes; what no login can use goes.
        let direct = SshTarget { jumps: vec![], ..target() };
        let view = hostrounds.update_server(id, form(direct, &[(own(), "")])).await.unwrap();
        assert_eq!(keyring.held(), kept(&[(of_key(), "c")]));
        assert_eq!(view.secrets, [of_key()]);
        let log: Vec<String> =
            hostrounds.activity(Some(id), None, 99).await.unwrap().into_iter().map(|line| line.message).collect();
        assert!(log.contains(&"web: the password of the jump host ops@bastion was removed from the keyring".into()));

        hostrounds.remove_server(id).await.unwrap();
        assert!(keyring.held().is_empty());
        hostrounds.shutdown().await;
    }

    #[tokio::test]
    async fn a_keyring_that_fails_in_between_leaves_everything_as_it_was() {
        let keyring = FakeKeyring::new();
        let (hostrounds, _folder) = engine(&keyring).await;
        keyring.fails_after(1);
        let error = hostrounds.add_server(form(target(), &[(own(), "a"), (of_jump(), "b")])).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Keyring);
        assert_eq!(hostrounds.servers().len(), 1, "only this computer");

        let keyring = FakeKeyring::new();
        let (hostrounds, _folder) = engine(&keyring).await;
        let id = hostrounds.add_server(form(target(), &[(own(), "a")])).await.unwrap().server.id;
        for calls in 0..3 {
            // Reading the old one, setting the new one, setting the other one.
            keyring.fails_after(calls);
            let mut moved = target();
            moved.hop.port = 2222;
            let changes = form(moved, &[(own(), "A"), (of_jump(), "b")]);
            let failing = hostrounds.update_server(id, changes);
            let error = failing.await.unwrap_err();
            assert_eq!(error.code, ErrorCode::Keyring);
            let now = hostrounds.server_named("web").unwrap();
            assert_eq!((now.server.target, now.secrets), (Target::Ssh(target()), vec![own()]), "{calls}");
            assert_eq!(keyring.held(), kept(&[(own(), "a")]), "{calls}");
        }
        hostrounds.shutdown().await;
    }

    #[tokio::test]
    async fn what_could_not_be_removed_is_removed_with_the_next_change() {
        let keyring = FakeKeyring::new();
        let (hostrounds, _folder) = engine(&keyring).await;
        let id = hostrounds.add_server(form(target(), &[(of_jump(), "b")])).await.unwrap().server.id;
        keyring.fails_after(0);
        let direct = SshTarget { jumps: vec![], ..target() };
        let view = hostrounds.update_server(id, form(direct.clone(), &[])).await.unwrap();
        assert_eq!((view.server.target, view.secrets), (Target::Ssh(direct.clone()), vec![of_jump()]));
        assert_eq!(hostrounds.troubles().first().map(|trouble| trouble.code.as_str()), Some(KEYRING_UNAVAILABLE));
        hostrounds.update_server(id, form(direct, &[])).await.unwrap();
        assert!(keyring.held().is_empty());
        hostrounds.shutdown().await;
    }

    #[tokio::test]
    async fn a_password_that_is_kept_is_shown_to_no_other_host() {
        let keyring = FakeKeyring::new();
        let (hostrounds, _folder) = engine(&keyring).await;
        let all = [(own(), "a"), (of_jump(), "b"), (of_key(), "c")];
        let id = hostrounds.add_server(form(target(), &all)).await.unwrap().server.id;
        let moves: [fn(&mut Hop); 3] =
            [|hop| hop.host = "other".into(), |hop| hop.port = 2222, |hop| hop.user = "root".into()];
        for change in moves {
            let mut moved = target();
            change(&mut moved.hop);
            keyring.reads.store(0, Ordering::SeqCst);
            let kept = SecretEdit { slot: own(), change: SecretChange::Keep };
            for edits in [vec![], vec![kept]] {
                let form = ServerForm { secrets: edits, ..form(moved.clone(), &[]) };
                for error in [
                    hostrounds.update_server(id, form.clone()).await.unwrap_err(),
                    hostrounds.test_server("t".into(), form, Some(id)).await.unwrap_err(),
                ] {
                    assert_eq!((error.code, error.fields[0].field.as_str()), (ErrorCode::Invalid, "password"));
                    assert!(error.message.contains("Enter the password again"), "{}", error.message);
                }
            }
            // Whatever asks: the secret of the server before does not come out, those of others do.
            let engine = &hostrounds.engine;
            let keys = engine.keys(Some(id), &[]);
            let way = Way::prepare(&moved, &keys).await.unwrap_or_else(|failure| panic!("{failure:?}"));
            assert_eq!((way.route.jumps[0].credentials.len(), way.route.server.credentials.len()), (1, 1));
            assert_eq!(keyring.reads.load(Ordering::SeqCst), 2);
        }
        assert_eq!(hostrounds.server_named("web").unwrap().server.target, Target::Ssh(target()));

        // Typed again, it is for the new host; cleared, or without a login that takes it, it goes.
        let mut moved = target();
        moved.hop.host = "other".into();
        let view = hostrounds.update_server(id, form(moved, &[(own(), "A")])).await.unwrap();
        assert_eq!((view.secrets.len(), keyring.held()), (3, kept(&[(own(), "A"), (of_jump(), "b"), (of_key(), "c")])));
        let mut keyed = target();
        keyed.hop.logins.pop();
        let view = hostrounds.update_server(id, form(keyed, &[])).await.unwrap();
        assert_eq!(
            (view.secrets, keyring.held()),
            (vec![of_jump(), of_key()], kept(&[(of_jump(), "b"), (of_key(), "c")]))
        );
        hostrounds.shutdown().await;
    }

    #[tokio::test]
    async fn two_processes_note_secrets_of_one_store() {
        let keyring = FakeKeyring::new();
        let (first, folder) = engine(&keyring).await;
        let web = first.add_server(form(target(), &[(own(), "a")])).await.unwrap().server.id;
        let second = engine_in(&keyring, folder.path()).await;
        second.update_server(web, form(target(), &[(of_key(), "c")])).await.unwrap();
        let mut db = form(target(), &[(own(), "d")]);
        db.draft.name = "db".into();
        let db = second.add_server(db).await.unwrap().server.id;
        first.update_server(web, form(target(), &[(of_jump(), "b")])).await.unwrap();
        for hostrounds in [first, second] {
            hostrounds.shutdown().await;
        }
        let again = engine_in(&keyring, folder.path()).await;
        let noted = |id| again.servers().into_iter().find(|view| view.server.id == id).unwrap().secrets;
        assert_eq!((noted(web), noted(db)), (vec![own(), of_jump(), of_key()], vec![own()]));
        again.shutdown().await;
    }

    #[tokio::test]
    async fn a_secret_is_for_a_login_that_uses_it() {
        let keyring = FakeKeyring::new();
        let (hostrounds, _folder) = engine(&keyring).await;
        let elsewhere = SecretSlot::Password { jump: Some("ops@other".into()) };
        let error = hostrounds.add_server(form(target(), &[(elsewhere, "a")])).await.unwrap_err();
        assert_eq!((error.code, error.fields[0].field.as_str()), (ErrorCode::Invalid, "secrets"));
        assert!(error.message.contains("ops@other"), "{}", error.message);
        hostrounds.shutdown().await;
    }

    #[test]
    fn an_empty_secret_is_wrong_at_the_field_in_which_it_is_entered() {
        let mut target = target();
        target.jumps.push(Hop { logins: vec![Login::key("~/.ssh/inner")], ..target.jumps[0].clone() });
        let inner = SecretSlot::Passphrase { path: "~/.ssh/inner".into() };
        for (slot, field) in [
            (own(), "password"),
            (of_jump(), "jumps.0.password"),
            (of_key(), "logins.0.passphrase"),
            (inner, "jumps.1.logins.0.passphrase"),
        ] {
            let edit = SecretEdit { slot, change: SecretChange::Set { value: SecretString::from("") } };
            let error = check(&form(target.clone(), &[]).draft, &[edit]).unwrap_err();
            assert_eq!(error.fields[0].field, field, "{error}");
        }
    }

    #[tokio::test]
    async fn the_keyring_is_asked_only_for_what_it_holds() {
        let keyring = FakeKeyring::new();
        let (hostrounds, _folder) = engine(&keyring).await;
        let id = hostrounds.add_server(form(target(), &[(of_jump(), "b")])).await.unwrap().server.id;
        let engine = &hostrounds.engine;
        let typed = [SecretEdit { slot: own(), change: SecretChange::Set { value: SecretString::from("typed") } }];
        for (server, edits, reads) in [(Some(id), &typed[..], 1), (None, &typed[..], 0)] {
            keyring.reads.store(0, Ordering::SeqCst);
            let keys = Keys { credentials: engine.credentials.as_ref(), secrets: &engine.secrets, server, edits };
            let way = Way::prepare(&target(), &keys).await;
            assert_eq!(keyring.reads.load(Ordering::SeqCst), reads);
            match (server, way) {
                (Some(_), Ok(way)) => {
                    assert_eq!((way.route.jumps[0].credentials.len(), way.route.server.credentials.len()), (1, 2));
                }
                // The jump host takes a password and nothing else, and nobody has given one.
                (None, Err(failure)) => {
                    assert_eq!(
                        (failure.code.as_str(), failure.hop.as_deref()),
                        ("password_missing", Some("ops@bastion"))
                    );
                }
                _ => panic!("another outcome"),
            }
        }
        hostrounds.shutdown().await;
    }
}
