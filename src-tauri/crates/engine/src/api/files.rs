//! What the logins of a server name on this computer, and whether it is there.

use hostrounds_core::server::{Login, ServerId, Target};

use super::Hostrounds;
use super::view::ApiError;
use crate::visit::expanded;

impl Hostrounds {
    /// The key files, certificates and agent sockets that the logins of a server and of its jump hosts name and that are not
    /// there now, each once and in a sentence. That is no fault of the settings: a key may be on a stick, an agent may start later.
    ///
    /// # Errors
    /// [`super::ErrorCode::NotFound`].
    pub async fn missing_files(&self, id: ServerId) -> Result<Vec<String>, ApiError> {
        let Target::Ssh(target) = self.server(id)?.target else { return Ok(Vec::new()) };
        let mut missing = Vec::new();
        for (what, path) in target.hops().flat_map(|hop| &hop.logins).flat_map(named) {
            let sentence = format!("{what} {path} is missing.");
            // What cannot be looked at may well be there.
            let is_missing = tokio::fs::try_exists(expanded(path)).await.is_ok_and(|is_there| !is_there);
            if is_missing && !missing.contains(&sentence) {
                missing.push(sentence);
            }
        }
        Ok(missing)
    }
}

/// What a login names, each with what it is.
fn named(login: &Login) -> Vec<(&'static str, &str)> {
    match login {
        Login::Key { path, certificate } => {
            let certificate = certificate.as_deref().map(|path| ("The certificate", path));
            [("The key file", path.as_str())].into_iter().chain(certificate).collect()
        }
        Login::Agent { key, socket } => {
            let key = key.as_deref().filter(|key| !key.starts_with("SHA256:")).map(|path| ("The public key", path));
            key.into_iter().chain(socket.as_deref().map(|path| ("The socket of the SSH agent", path))).collect()
        }
        Login::Password | Login::Prompts => Vec::new(),
    }
}
