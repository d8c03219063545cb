//! Looking at the credentials of a route before a server is involved.

use super::{agent, key};
use crate::connect_error::ConnectError;
use crate::credential::Credential;
use crate::route::{Hop, Route};
use crate::route_error::RouteError;

/// Looks at every credential of a route without a server: whether key files can be read and opened, whether certificates are
/// valid and belong to their keys, whether agents hold the keys. Says for people what was found.
///
/// # Errors
/// Those of [`crate::connect`] that have to do with key files, certificates and agents: the first one of a host none of
/// whose credentials is of use.
pub async fn check(route: &Route) -> Result<String, RouteError> {
    let mut found = Vec::new();
    for jump in &route.jumps {
        let here = |error| RouteError::before_login(Some(&jump.endpoint), error);
        found.push(format!("{}: {}", jump.endpoint, check_hop(jump).await.map_err(here)?));
    }
    let here = |error| RouteError::before_login(None, error);
    found.push(check_hop(&route.server).await.map_err(here)?);
    Ok(found.join("; "))
}

async fn check_hop(hop: &Hop) -> Result<String, ConnectError> {
    let (mut found, mut usable, mut first) = (Vec::new(), false, None);
    for credential in &hop.credentials {
        match check_one(credential).await {
            Ok(text) => {
                usable = true;
                found.push(text);
            }
            Err(error) => {
                found.push(error.to_string());
                first = first.or(Some(error));
            }
        }
    }
    match first {
        _ if usable => Ok(found.join(", ")),
        Some(error) => Err(error),
        None => Err(ConnectError::NoCredential { user: hop.endpoint.user.clone() }),
    }
}

async fn check_one(credential: &Credential) -> Result<String, ConnectError> {
    match credential {
        Credential::Password(_) => Ok("password".into()),
        Credential::Prompts => Ok("a person answers".into()),
        Credential::Key { path, certificate, passphrase } => {
            let loaded = key::load(path, certificate.as_deref(), passphrase.clone()).await?;
            let key = key::described(loaded.key.public_key());
            let mut text = format!("{}, {key}", path.display());
            if let Some((_, file)) = &loaded.certificate {
                text.push_str(&format!(" with the certificate {}", file.display()));
            }
            if let Some(error) = &loaded.passed_over {
                text.push_str(&format!(" ({error})"));
            }
            Ok(text)
        }
        Credential::Agent { socket, key } => {
            let mut agent = agent::open(socket.clone()).await?;
            Ok(match agent::identities(&mut agent, key.as_deref()).await?.as_slice() {
                [one] => format!("the SSH agent holds {}", key::described(&one.public_key())),
                several => format!("the SSH agent holds {} keys", several.len()),
            })
        }
    }
}
