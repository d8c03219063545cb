//! Questions of a server that only a person can answer, such as a second factor.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::endpoint::Endpoint;

/// One round of questions. Its texts come from the server; they are bounded and hold no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questions {
    /// The host that asks.
    pub hop: Endpoint,
    /// What the server calls this round; often empty.
    pub name: String,
    /// What the server says to it; often empty. Lines are kept.
    pub instructions: String,
    /// One answer is wanted for each; never empty.
    pub questions: Vec<Question>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// As the server puts it.
    pub text: String,
    /// Whether the answer may be seen while it is typed.
    pub echo: bool,
}

/// Whoever asks a person.
#[async_trait]
pub trait Prompter: Send + Sync {
    /// Answers in the order of the questions; `None` when nobody answers. The future is dropped when the time for an
    /// answer ([`Deadlines::person`](crate::Deadlines::person)) is over.
    async fn ask(&self, questions: Questions) -> Option<Vec<SecretString>>;
}
