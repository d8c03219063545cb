//! One login: what was tried, what came of it, and what to say when nothing did.

use std::future::Future;

use russh::client::{AuthResult, Handle};
use russh::keys::{HashAlg, PublicKey};
use russh::{MethodKind, MethodSet};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};

use crate::client::{Client, Shared};
use crate::connect_error::ConnectError;
use crate::credential::Credential;
use crate::endpoint::Endpoint;
use crate::link::Link;
use crate::step::{Stages, Step};

/// Refusals that are risked. sshd hangs up at the sixth (`MaxAuthTries`), and each is in its log.
const REFUSALS: usize = 5;

/// A login on its way.
pub(super) struct Attempt<'a, 'b> {
    pub(super) handle: &'a mut Handle<Client>,
    pub(super) shared: &'a Shared,
    pub(super) endpoint: &'a Endpoint,
    pub(super) stages: &'a mut Stages<'b>,
    /// Methods that the server takes now; `None` while it has not said.
    pub(super) offered: Option<MethodSet>,
    accepted: Vec<String>,
    refused: Vec<Refused>,
    unusable: Vec<ConnectError>,
    /// A password, or answers, that the server was sent and has not judged.
    undecided: Option<Refused>,
    /// Passwords that the server was sent, whatever it made of them.
    sent: Vec<SecretString>,
}

/// Something that the server was shown and did not accept.
pub(super) struct Refused {
    /// What it was, for people.
    pub(super) label: String,
    /// What is known about the cause beyond the refusal.
    pub(super) cause: Cause,
}

/// What a refusal is about.
pub(super) enum Cause {
    /// A password.
    Password,
    /// Answers of a person.
    Answers,
    /// A key; with a command that puts its public half on the server, or shows it.
    Key { remedy: String },
    /// A certificate that is not made out to the user.
    Principals { certificate: String, principals: Vec<String> },
    /// A certificate that is.
    Certificate,
}

/// What a server made of something it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// We are in.
    In,
    /// That was right, and it wants more.
    Further,
    /// That was not right.
    Refused,
}

/// Why a credential was not judged by the server.
pub(super) enum Halt {
    /// It is of no use; another one may be.
    Unusable(ConnectError),
    /// Nothing more can be tried.
    Over(ConnectError),
}

impl From<ConnectError> for Halt {
    fn from(error: ConnectError) -> Self {
        Self::Over(error)
    }
}

/// Gives up when the time for the login is over.
pub(super) async fn within<T>(deadline: Instant, doing: impl Future<Output = T>) -> Result<T, ConnectError> {
    timeout_at(deadline, doing).await.map_err(|_| ConnectError::LoginTimeout)
}

impl<'a, 'b> Attempt<'a, 'b> {
    pub(super) fn new(link: &'a mut Link, endpoint: &'a Endpoint, stages: &'a mut Stages<'b>) -> Self {
        Self {
            handle: &mut link.handle,
            shared: &link.shared,
            endpoint,
            stages,
            offered: None,
            accepted: Vec::new(),
            refused: Vec::new(),
            unusable: Vec::new(),
            undecided: None,
            sent: Vec::new(),
        }
    }

    pub(super) fn user(&self) -> &str {
        &self.endpoint.user
    }

    /// Whether the server takes that method now, as far as it has said.
    pub(super) fn offers(&self, method: MethodKind) -> bool {
        self.offered.as_ref().is_none_or(|offered| offered.contains(&method))
    }

    /// Whether one more refusal would be one too many.
    pub(super) fn is_exhausted(&self) -> bool {
        self.refused.len() >= REFUSALS
    }

    /// What let us in, for people.
    pub(super) fn how(&self) -> String {
        self.accepted.join(", then ")
    }

    /// A credential that could not be shown.
    pub(super) fn unusable(&mut self, error: ConnectError) {
        self.unusable.push(error);
    }

    /// A password, or answers, are about to be sent. Until the server has judged them they may count as a failed attempt.
    pub(super) fn sending(&mut self, label: String, cause: Cause) {
        self.undecided = Some(Refused { label, cause });
    }

    /// The same with a password that is kept: the server is not sent it a second time.
    pub(super) fn sending_password(&mut self, label: String, password: &SecretString) {
        self.sending(label, Cause::Password);
        self.sent.push(password.clone());
    }

    /// Whether the server was sent that password already, by whatever method.
    pub(super) fn has_sent(&self, password: &SecretString) -> bool {
        self.sent.iter().any(|sent| sent.expose_secret() == password.expose_secret())
    }

    /// What the server made of something.
    pub(super) async fn judged(
        &mut self,
        label: String,
        cause: Cause,
        result: Result<AuthResult, ConnectError>,
    ) -> Result<Answer, ConnectError> {
        let (methods, partial) = match result? {
            AuthResult::Success => {
                self.undecided = None;
                self.accepted.push(label);
                return Ok(Answer::In);
            }
            AuthResult::Failure { remaining_methods, partial_success } => (remaining_methods, partial_success),
        };
        self.offered = Some(self.decided(methods).await?);
        self.undecided = None;
        if partial {
            self.accepted.push(label);
            Ok(Answer::Further)
        } else {
            self.refused.push(Refused { label, cause });
            Ok(Answer::Refused)
        }
    }

    /// RSA keys are never used with SHA-1. A server that does not say what it takes is offered what every server since
    /// 2016 takes.
    pub(super) async fn rsa_hash(&mut self, key: &PublicKey) -> Result<Option<HashAlg>, ConnectError> {
        if !key.algorithm().is_rsa() {
            return Ok(None);
        }
        let asking = self.handle.best_supported_rsa_hash();
        let told = within(self.stages.last(), asking).await?.map_err(|error| self.broken(&error))?;
        Ok(Some(told.flatten().unwrap_or(HashAlg::Sha256)))
    }

    /// russh reports a connection that broke as a refusal that names no method.
    pub(super) async fn alive(&mut self, methods: MethodSet) -> Result<MethodSet, ConnectError> {
        if methods.is_empty() && self.handle.is_closed() {
            within(self.stages.last(), self.shared.ended()).await?;
            return Err(self.gone("it was closed"));
        }
        Ok(methods)
    }

    /// The same after a credential was shown. A server that says goodbye then has refused it, and must not be shown it
    /// again: that is how accounts get locked.
    async fn decided(&mut self, methods: MethodSet) -> Result<MethodSet, ConnectError> {
        match self.alive(methods).await {
            Err(_) if self.was_said() => Ok(MethodSet::empty()),
            outcome => outcome,
        }
    }

    pub(super) fn broken(&self, error: &russh::Error) -> ConnectError {
        self.gone(&error.to_string())
    }

    fn gone(&self, reason: &str) -> ConnectError {
        let reason = self.shared.reason().unwrap_or_else(|| reason.to_owned());
        ConnectError::Disconnected { step: Step::Login, reason }
    }

    /// Whether the server said goodbye.
    pub(super) fn was_said(&self) -> bool {
        self.shared.farewell().is_some_and(|farewell| farewell.said)
    }

    /// What to say when the login cannot go on because of `error`. A connection that ends, or a decision that does not
    /// come, is told as such only where nothing was refused and no secret is undecided: whoever takes it for an accident
    /// shows the same again, and that is how accounts get locked. A signature that is undecided locks nobody out.
    pub(super) async fn over(mut self, error: ConnectError, credentials: &[Credential]) -> ConnectError {
        match error {
            ConnectError::Disconnected { .. } => {
                // The last words of the server may still be on their way to us.
                let _ = within(self.stages.last(), self.shared.ended()).await;
            }
            ConnectError::LoginTimeout => {}
            error => return error,
        }
        if self.was_said() {
            self.refused.extend(self.undecided.take());
        }
        let secret = |refused: &Refused| matches!(refused.cause, Cause::Password | Cause::Answers);
        if let Some(undecided) = self.undecided.take_if(|_| !self.refused.iter().any(secret)) {
            let user = self.endpoint.user.clone();
            let tried = self.refused.into_iter().chain([undecided]).map(|shown| shown.label).collect();
            return ConnectError::LoginUndecided { user, tried };
        }
        if self.refused.is_empty() { error } else { self.failure(credentials) }
    }

    /// Why nothing of all that was tried let us in.
    pub(super) fn failure(self, credentials: &[Credential]) -> ConnectError {
        let user = self.endpoint.user.clone();
        let methods = names(self.offered.as_deref().unwrap_or_default());
        let unusable: Vec<String> = self.unusable.iter().map(ToString::to_string).collect();
        let tried: Vec<String> = self.refused.iter().map(|refused| refused.label.clone()).collect();
        if !self.accepted.is_empty() {
            let tried = tried.into_iter().chain(unusable).collect();
            return ConnectError::LoginIncomplete { user, accepted: self.accepted, tried, methods };
        }
        if self.refused.is_empty() {
            // What lies with this computer is told before what the server does not take.
            let have = credentials.iter().map(method_of).map(str::to_owned).collect();
            let unused = ConnectError::MethodNotOffered { user, have, methods };
            return self.unusable.into_iter().next().unwrap_or(unused);
        }
        let alone = self.unusable.is_empty();
        if alone && self.refused.iter().all(|refused| matches!(refused.cause, Cause::Password)) {
            return ConnectError::PasswordWrong { user };
        }
        let mut public_key = None;
        for refused in self.refused {
            match refused.cause {
                Cause::Principals { certificate, principals } => {
                    return ConnectError::CertificateWrongPrincipal { certificate, user, principals };
                }
                Cause::Key { remedy } => public_key = public_key.or(Some(remedy)),
                Cause::Password | Cause::Answers | Cause::Certificate => {}
            }
        }
        ConnectError::LoginRefused { user, tried, methods, unusable, public_key }
    }
}

fn names(methods: &[MethodKind]) -> Vec<String> {
    methods.iter().map(|method| <&str>::from(method).to_owned()).collect()
}

/// The method that a credential is for, as sshd_config names it.
fn method_of(credential: &Credential) -> &'static str {
    match credential {
        Credential::Password(_) => "password",
        Credential::Key { .. } | Credential::Agent { .. } => "publickey",
        Credential::Prompts => "keyboard-interactive",
    }
}
