//! Servers taken over from an OpenSSH configuration: first looked at, then chosen, then added.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hostrounds_core::activity::ActivityKind;
use hostrounds_core::server::ServerDraft;
use hostrounds_ssh_config::{Candidate, ConfigError, Configuration, Skipped, Surroundings};

use super::Hostrounds;
use super::view::{ApiError, ErrorCode, ImportCandidate, ImportPreview, ImportSkipped, ServerForm, ServerView};

/// How many previews are kept; older ones are forgotten.
const KEPT: usize = 8;

/// The previews that were shown, so that exactly what was looked at is added, whatever the file says by then.
#[derive(Default)]
pub(crate) struct Previews {
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    count: u64,
    /// By id, oldest first.
    drafts: Vec<(String, Vec<ServerDraft>)>,
}

impl Previews {
    fn keep(&self, drafts: Vec<ServerDraft>) -> String {
        let mut shown = self.lock();
        shown.count += 1;
        let id = format!("import-{}", shown.count);
        shown.drafts.push((id.clone(), drafts));
        if shown.drafts.len() > KEPT {
            shown.drafts.remove(0);
        }
        id
    }

    fn get(&self, id: &str) -> Option<Vec<ServerDraft>> {
        self.lock().drafts.iter().find(|(known, _)| known == id).map(|(_, drafts)| drafts.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hostrounds {
    /// What an OpenSSH configuration holds; `~/.ssh/config` where no `path` is given. Nothing is changed, executed or dialled.
    ///
    /// # Errors
    /// [`ErrorCode::SshConfig`] when the file cannot be read.
    pub async fn ssh_config(&self, path: Option<PathBuf>) -> Result<ImportPreview, ApiError> {
        let reading = tokio::task::spawn_blocking(move || {
            let surroundings = Surroundings::of_this_user()?;
            let path = path.unwrap_or_else(|| surroundings.default_config());
            hostrounds_ssh_config::read(&path, &surroundings)
        });
        let Configuration { files, mut candidates, mut skipped } = match reading.await {
            Ok(read) => read.map_err(|error| unreadable(&error))?,
            Err(error) => {
                return Err(ApiError::new(
                    ErrorCode::SshConfig,
                    format!("The reading broke off: {error}."),
                    "Try again.",
                ));
            }
        };
        candidates.iter_mut().for_each(|candidate| candidate.draft.enabled = false);
        let id = self.engine.previews.keep(candidates.iter().map(|candidate| candidate.draft.clone()).collect());
        let taken = self.names();
        let files: Vec<String> =
            files.iter().map(|file| hostrounds_core::text::neutralised(&file.to_string_lossy(), 1_000)).collect();
        // As a person would come upon it, file by file.
        skipped.sort_by_key(|skipped| (files.iter().position(|file| *file == skipped.file), skipped.line));
        Ok(ImportPreview {
            id,
            files,
            servers: candidates
                .into_iter()
                .map(|Candidate { alias, draft, notes }| ImportCandidate {
                    exists: taken.contains(&draft.name.to_lowercase()),
                    alias,
                    draft,
                    notes,
                })
                .collect(),
            skipped: skipped
                .into_iter()
                .map(|Skipped { file, line, text, reason }| ImportSkipped { file, line, text, reason })
                .collect(),
        })
    }

    /// Adds the servers with these aliases as the preview showed them, each whole, and says which were added. Those whose name
    /// exists already are left as they are. They are switched off until a person has tested them or switches them on: dozens of
    /// logins that nobody has tried would lock an account that they share, and fill the alerts.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when there is no such preview; [`ErrorCode::Invalid`] when an alias is not in it;
    /// [`ErrorCode::Store`], whose message names those that were added before.
    pub async fn import_ssh_config(&self, preview: String, aliases: Vec<String>) -> Result<Vec<ServerView>, ApiError> {
        let drafts = self.engine.previews.get(&preview).ok_or_else(|| ApiError::not_found("preview"))?;
        let wanted = |name: &str| aliases.iter().any(|alias| alias.to_lowercase() == name.to_lowercase());
        if let Some(unknown) =
            aliases.iter().find(|alias| drafts.iter().all(|draft| draft.name.to_lowercase() != alias.to_lowercase()))
        {
            let message = format!("`{unknown}` is not among the servers that can be taken over.");
            return Err(ApiError::invalid_field("aliases", message));
        }
        let mut added: Vec<ServerView> = Vec::new();
        let mut failed = None;
        for draft in drafts.into_iter().filter(|draft| wanted(&draft.name)) {
            match self.add_server(ServerForm { draft, secrets: Vec::new() }).await {
                Ok(view) => added.push(view),
                Err(error) if error.code == ErrorCode::NameTaken => {}
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let names: Vec<&str> = added.iter().map(|view| view.server.name.as_str()).collect();
        let names = names.join(", ");
        if !added.is_empty() {
            let message = format!("{} taken over from an SSH configuration: {names}", counted(added.len()));
            self.engine.log(ActivityKind::ServersImported, None, &message).await;
        }
        match failed {
            None => Ok(added),
            Some(error) if added.is_empty() => Err(error),
            Some(error) => {
                let message = format!("Only {} added ({names}). {}", counted(added.len()), error.message);
                Err(ApiError { message, ..error })
            }
        }
    }

    /// The names of all servers, in lower case.
    fn names(&self) -> Vec<String> {
        self.engine.board.servers().iter().map(|server| server.name.to_lowercase()).collect()
    }
}

fn counted(servers: usize) -> String {
    if servers == 1 { "1 server was".to_owned() } else { format!("{servers} servers were") }
}

fn unreadable(error: &ConfigError) -> ApiError {
    ApiError::new(ErrorCode::SshConfig, error.to_string(), error.hint())
}
