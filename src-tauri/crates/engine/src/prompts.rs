//! Questions of servers that only a person can answer. A login waits here while the faces show what is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hostrounds_core::server::ServerId;
use hostrounds_core::text::neutralised;
use hostrounds_ssh::{Deadlines, Prompter, Questions};
use secrecy::SecretString;
use tokio::sync::oneshot;

use crate::api::view::{ApiError, Event, LoginPrompt, LoginQuestion};
use crate::clock;
use crate::engine::lock;
use crate::events::Events;

/// The most characters of one line that a server says.
const LINE: usize = 300;
/// The most lines of what a server says before it asks.
const LINES: usize = 20;

/// The prompts that wait for an answer.
pub(crate) struct Prompts {
    events: Events,
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

struct Waiting {
    prompt: LoginPrompt,
    answer: oneshot::Sender<Option<Vec<SecretString>>>,
}

impl Prompts {
    pub(crate) fn new(events: Events) -> Arc<Self> {
        Arc::new(Self { events, waiting: Mutex::default() })
    }

    /// All that wait.
    pub(crate) fn all(&self) -> Vec<LoginPrompt> {
        lock(&self.waiting).values().map(|waiting| waiting.prompt.clone()).collect()
    }

    /// Answers a prompt, or gives its login up.
    pub(crate) fn answer(&self, id: &str, answers: Option<Vec<SecretString>>) -> Result<(), ApiError> {
        let mut waiting = lock(&self.waiting);
        let gone = || ApiError::not_found("prompt; the login may have ended");
        let asked = waiting.get(id).ok_or_else(gone)?.prompt.questions.len();
        if answers.as_ref().is_some_and(|answers| answers.len() != asked) {
            return Err(ApiError::invalid_field("answers", format!("The server asks {asked} questions; answer each.")));
        }
        let Waiting { answer, .. } = waiting.remove(id).ok_or_else(gone)?;
        drop(waiting);
        // The login may have ended in this moment.
        let _ = answer.send(answers);
        Ok(())
    }

    /// Who puts the questions of a login to the person; `server` is the one that is visited, where it is saved.
    pub(crate) fn of(self: &Arc<Self>, server: Option<ServerId>) -> Asker {
        Asker { prompts: Arc::clone(self), server }
    }
}

/// Puts the questions of one login to the person before the screen.
pub(crate) struct Asker {
    prompts: Arc<Prompts>,
    server: Option<ServerId>,
}

#[async_trait]
impl Prompter for Asker {
    async fn ask(&self, questions: Questions) -> Option<Vec<SecretString>> {
        let prompts = &self.prompts;
        if !prompts.events.has_listeners() {
            return None;
        }
        let prompt = LoginPrompt {
            id: format!("{:032x}", rand::random::<u128>()),
            server: self.server,
            hop: questions.hop.to_string(),
            name: neutralised(&questions.name, LINE),
            instructions: lines(&questions.instructions),
            questions: questions
                .questions
                .iter()
                .map(|question| LoginQuestion { text: neutralised(question.text.trim(), LINE), echo: question.echo })
                .collect(),
            until: clock::now().plus(Deadlines::default().person),
        };
        let (answer, answered) = oneshot::channel();
        lock(&prompts.waiting).insert(prompt.id.clone(), Waiting { prompt: prompt.clone(), answer });
        let _open = Open { prompts, id: prompt.id.clone() };
        prompts.events.send(Event::Prompt { prompt });
        answered.await.ok().flatten()
    }
}

/// Text of several lines, each made fit to be shown.
fn lines(text: &str) -> String {
    text.lines().take(LINES).map(|line| neutralised(line, LINE)).collect::<Vec<_>>().join("\n")
}

/// A prompt that is shown. However its login ends, it goes.
struct Open<'a> {
    prompts: &'a Prompts,
    id: String,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        lock(&self.prompts.waiting).remove(&self.id);
        self.prompts.events.send(Event::PromptGone { id: self.id.clone() });
    }
}
