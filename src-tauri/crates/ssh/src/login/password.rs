//! A password that is kept: as the method `password`, or as the answer to the prompt for one.

use russh::client::{AuthResult, KeyboardInteractiveAuthResponse};
use secrecy::{ExposeSecret, SecretString};

use super::attempt::{Answer, Attempt, Cause, Halt, within};
use super::prompts::{ROUNDS, texts};
use crate::connect_error::ConnectError;

impl Attempt<'_, '_> {
    pub(super) async fn with_password(&mut self, password: &SecretString) -> Result<Answer, Halt> {
        let user = self.user().to_owned();
        let label = "the password".to_owned();
        self.sending_password(label.clone(), password);
        let showing = self.handle.authenticate_password(user, password.expose_secret());
        let result = within(self.stages.last(), showing).await?.map_err(|error| self.broken(&error));
        Ok(self.judged(label, Cause::Password, result).await?)
    }

    /// `keyboard-interactive` without a person: the first prompt, if it is a single hidden one, is for the password.
    pub(super) async fn with_password_prompt(&mut self, password: &SecretString) -> Result<Answer, Halt> {
        let mut answered = false;
        let mut reply = self.begin_prompts().await?;
        for _ in 0..ROUNDS {
            let answers = match reply {
                KeyboardInteractiveAuthResponse::Success => {
                    return Ok(self.judged(label(), Cause::Password, Ok(AuthResult::Success)).await?);
                }
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success } => {
                    let result = Ok(AuthResult::Failure { remaining_methods, partial_success });
                    let cause = if answered { Cause::Password } else { Cause::Answers };
                    return Ok(self.judged(label(), cause, result).await?);
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => match prompts.as_slice() {
                    // PAM ends a conversation with a round without questions.
                    [] => Vec::new(),
                    [prompt] if !prompt.echo && !answered => {
                        answered = true;
                        self.sending_password(label(), password);
                        vec![password.expose_secret().to_owned()]
                    }
                    // Asked the same again: the server gives another chance to someone who has another password.
                    [prompt] if !prompt.echo && is_for_password(&prompt.prompt) => break,
                    prompts => return Err(ConnectError::LoginPrompts { prompts: texts(prompts) }.into()),
                },
            };
            reply = self.answer_prompts(answers).await?;
        }
        Err(ConnectError::PasswordWrong { user: self.user().to_owned() }.into())
    }
}

fn label() -> String {
    "the password (keyboard-interactive)".into()
}

fn is_for_password(prompt: &str) -> bool {
    prompt.to_lowercase().contains("password")
}
