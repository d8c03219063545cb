//! `keyboard-interactive` (RFC 4256): the server asks in rounds, a person answers.

use std::time::Duration;

use russh::client::{AuthResult, KeyboardInteractiveAuthResponse, Prompt};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout};

use super::attempt::{Answer, Attempt, Cause, Halt, within};
use crate::connect_error::ConnectError;
use crate::prompter::{Prompter, Question, Questions};
use crate::text::{printable, printable_lines};

/// Rounds of questions that a server may ask before it has to decide.
pub(super) const ROUNDS: usize = 8;
/// Questions of one round that are put to a person.
const QUESTIONS: usize = 16;
/// Characters of a question, and of a name.
const QUESTION: usize = 200;
/// Characters of the instructions.
const INSTRUCTIONS: usize = 2000;

/// What the server asks, as it may be shown.
pub(super) fn texts(prompts: &[Prompt]) -> Vec<String> {
    prompts.iter().take(QUESTIONS).map(|prompt| printable(prompt.prompt.as_bytes(), QUESTION)).collect()
}

impl Attempt<'_, '_> {
    pub(super) async fn begin_prompts(&mut self) -> Result<KeyboardInteractiveAuthResponse, ConnectError> {
        let user = self.user().to_owned();
        let beginning = self.handle.authenticate_keyboard_interactive_start(user, None);
        within(self.stages.last(), beginning).await?.map_err(|error| self.broken(&error))
    }

    pub(super) async fn answer_prompts(
        &mut self,
        answers: Vec<String>,
    ) -> Result<KeyboardInteractiveAuthResponse, ConnectError> {
        let answering = self.handle.authenticate_keyboard_interactive_respond(answers);
        within(self.stages.last(), answering).await?.map_err(|error| self.broken(&error))
    }

    /// Has a person answer. `password` answers the first prompt, if that is a single hidden one, and is not asked for then.
    pub(super) async fn with_person(
        &mut self,
        prompter: Option<&dyn Prompter>,
        limit: Duration,
        mut password: Option<&SecretString>,
    ) -> Result<Answer, Halt> {
        let label = || "the answers of a person (keyboard-interactive)".to_owned();
        let begun = Instant::now();
        let mut asked = false;
        let mut reply = self.begin_prompts().await?;
        for _ in 0..ROUNDS {
            let (name, instructions, prompts) = match reply {
                KeyboardInteractiveAuthResponse::Success => {
                    return Ok(self.judged(label(), Cause::Answers, Ok(AuthResult::Success)).await?);
                }
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success } => {
                    let result = Ok(AuthResult::Failure { remaining_methods, partial_success });
                    return Ok(self.judged(label(), Cause::Answers, result).await?);
                }
                KeyboardInteractiveAuthResponse::InfoRequest { name, instructions, prompts } => {
                    (name, instructions, prompts)
                }
            };
            let answers = if prompts.is_empty() {
                // PAM ends a conversation with a round without questions.
                Vec::new()
            } else if prompts.len() > QUESTIONS {
                return Err(ConnectError::LoginPrompts { prompts: texts(&prompts) }.into());
            } else {
                // A conversation that nobody can carry on is not begun: half a login is a failed one in the server's log.
                let Some(prompter) = prompter else {
                    let user = self.user().to_owned();
                    return Err(ConnectError::PromptsUnanswered { user, prompts: texts(&prompts) }.into());
                };
                match (password.take(), prompts.as_slice()) {
                    (Some(password), [prompt]) if !prompt.echo => {
                        self.sending_password(label(), password);
                        vec![password.expose_secret().to_owned()]
                    }
                    _ => {
                        let questions = self.questions(&name, &instructions, &prompts);
                        asked = true;
                        let answers = self.ask(prompter, limit, questions).await?;
                        self.sending(label(), Cause::Answers);
                        answers
                    }
                }
            };
            reply = match self.answer_prompts(answers).await {
                Err(ConnectError::Disconnected { .. }) if asked && !self.was_said() => {
                    // sshd says nothing when its patience is over (`LoginGraceTime`); it just closes.
                    return Err(ConnectError::LoginGraceOver { after: begun.elapsed() }.into());
                }
                outcome => outcome?,
            };
        }
        let prompts = vec![format!("more than {ROUNDS} rounds of questions")];
        Err(ConnectError::LoginPrompts { prompts }.into())
    }

    async fn ask(
        &mut self,
        prompter: &dyn Prompter,
        limit: Duration,
        questions: Questions,
    ) -> Result<Vec<String>, ConnectError> {
        let wanted = questions.questions.len();
        let begun = Instant::now();
        let answers = timeout(limit, prompter.ask(questions)).await;
        self.stages.excuse(begun.elapsed());
        match answers {
            Ok(Some(answers)) if answers.len() == wanted => {
                Ok(answers.iter().map(|answer| answer.expose_secret().to_owned()).collect())
            }
            Ok(_) => Err(ConnectError::PromptsDeclined { user: self.user().to_owned() }),
            Err(_) => Err(ConnectError::PromptsTimeout { after: limit }),
        }
    }

    fn questions(&self, name: &str, instructions: &str, prompts: &[Prompt]) -> Questions {
        let question =
            |prompt: &Prompt| Question { text: printable(prompt.prompt.as_bytes(), QUESTION), echo: prompt.echo };
        Questions {
            hop: self.endpoint.clone(),
            name: printable(name.as_bytes(), QUESTION),
            instructions: printable_lines(instructions.as_bytes(), INSTRUCTIONS),
            questions: prompts.iter().map(question).collect(),
        }
    }
}
