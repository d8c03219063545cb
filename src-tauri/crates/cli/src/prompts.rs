//! What a server asks while it logs somebody in, such as a second factor: put to the person at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use hostrounds_engine::api::view::{Event, LoginPrompt, LoginQuestion};
use hostrounds_engine::api::{EventStream, Hostrounds};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::output::safe;
use crate::secret;

/// Answers every prompt as long as the engine runs, one after the other. Without a terminal nobody is there to answer, and the
/// login is given up at once instead of waiting.
pub(crate) async fn answer(engine: Hostrounds, mut events: EventStream) {
    while let Some(event) = events.next().await {
        let Event::Prompt { prompt } = event else { continue };
        let id = prompt.id.clone();
        let answers = if io::stdin().is_terminal() && io::stderr().is_terminal() {
            tokio::task::spawn_blocking(move || asked(&prompt)).await.ok().and_then(Result::ok)
        } else {
            None
        };
        if let Err(error) = engine.answer_prompt(id, answers).await {
            tracing::debug!(%error, "a prompt was gone before it was answered");
        }
    }
}

/// Every line is made harmless: a server must not be able to paint a question of its own choice.
fn asked(prompt: &LoginPrompt) -> io::Result<Vec<SecretString>> {
    let mut terminal = io::stderr();
    writeln!(terminal, "{} asks:", safe(&prompt.hop))?;
    for line in [&prompt.name, &prompt.instructions].into_iter().flat_map(|text| text.lines()) {
        writeln!(terminal, "  {}", safe(line))?;
    }
    prompt.questions.iter().map(one).collect()
}

fn one(question: &LoginQuestion) -> io::Result<SecretString> {
    let text = format!("  {} ", safe(question.text.trim_end()));
    if !question.echo {
        return secret::typed(&text);
    }
    io::stderr().write_all(text.as_bytes())?;
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
}
