//! Proving to a host who we are: one way to log in after the other, until it lets us in or nothing is left.

mod agent;
mod attempt;
mod certificate;
mod check;
mod key;
mod password;
mod prompts;

use std::time::Duration;

use russh::MethodKind;
use russh::client::AuthResult;

use self::attempt::{Answer, Attempt, Halt};
pub use self::check::check;
use crate::connect_error::ConnectError;
use crate::credential::Credential;
use crate::link::Link;
use crate::prompter::Prompter;
use crate::route::Hop;
use crate::step::Stages;

/// Logs in, and says for people what did it. `person` is how long a person may take for one round of questions.
pub(crate) async fn login(
    link: &mut Link,
    hop: &Hop,
    prompter: Option<&dyn Prompter>,
    person: Duration,
    stages: &mut Stages<'_>,
) -> Result<String, ConnectError> {
    if hop.credentials.is_empty() {
        return Err(ConnectError::NoCredential { user: hop.endpoint.user.clone() });
    }
    let mut attempt = Attempt::new(link, &hop.endpoint, stages);
    let mut left: Vec<&Credential> = hop.credentials.iter().collect();
    if prompter.is_none() {
        // Nobody is there to answer: whatever else there is goes first.
        left.sort_by_key(|credential| matches!(credential, Credential::Prompts));
    }
    if !goes_straight(&left) && attempt.ask_for_methods().await? {
        return Ok("no credential was asked for".into());
    }
    let asks_person = left.iter().any(|credential| matches!(credential, Credential::Prompts));
    while let Some(position) = left.iter().position(|credential| suits(&attempt, credential, asks_person)) {
        let shown = match left.remove(position) {
            Credential::Password(password) if attempt.offers(MethodKind::Password) => {
                attempt.with_password(password).await
            }
            Credential::Password(password) => attempt.with_password_prompt(password).await,
            Credential::Key { path, certificate, passphrase } => {
                attempt.with_key(path, certificate.as_deref(), passphrase.clone()).await
            }
            Credential::Agent { socket, key } => attempt.with_agent(socket.clone(), key.as_deref()).await,
            Credential::Prompts => {
                let password = left.iter().find_map(|credential| match credential {
                    Credential::Password(password) => Some(password),
                    _ => None,
                });
                attempt.with_person(prompter, person, password).await
            }
        };
        match shown {
            Ok(Answer::In) => return Ok(attempt.how()),
            Ok(Answer::Further | Answer::Refused) => {}
            Err(Halt::Unusable(error)) => attempt.unusable(error),
            Err(Halt::Over(error)) => return Err(attempt.over(error, &hop.credentials).await),
        }
        // Whichever method it went by: a password that was refused once is not sent again.
        left.retain(|credential| !matches!(credential, Credential::Password(password) if attempt.has_sent(password)));
    }
    Err(attempt.failure(&hop.credentials))
}

/// A single key costs a round trip less when it is shown without asking which methods there are. Everything else asks
/// first: a password is not shown to a server that takes none, and no failed attempt gets into its log for it.
fn goes_straight(credentials: &[&Credential]) -> bool {
    matches!(credentials, [Credential::Key { .. } | Credential::Agent { .. }])
}

/// Whether the server takes that kind of credential now. Prompts are left to the person if there is to be one, who gets the
/// password answered.
fn suits(attempt: &Attempt<'_, '_>, credential: &Credential, asks_person: bool) -> bool {
    if attempt.is_exhausted() {
        return false;
    }
    match credential {
        Credential::Key { .. } | Credential::Agent { .. } => attempt.offers(MethodKind::PublicKey),
        Credential::Password(_) => {
            attempt.offers(MethodKind::Password) || !asks_person && attempt.offers(MethodKind::KeyboardInteractive)
        }
        Credential::Prompts => attempt.offers(MethodKind::KeyboardInteractive),
    }
}

impl Attempt<'_, '_> {
    /// Whether the server lets us in without anything; otherwise it says which methods it takes.
    async fn ask_for_methods(&mut self) -> Result<bool, ConnectError> {
        let user = self.user().to_owned();
        let asking = self.handle.authenticate_none(user);
        match attempt::within(self.stages.last(), asking).await?.map_err(|error| self.broken(&error))? {
            AuthResult::Success => Ok(true),
            AuthResult::Failure { remaining_methods, .. } => {
                let methods = self.alive(remaining_methods).await?;
                self.offered = Some(methods);
                Ok(false)
            }
        }
    }
}
