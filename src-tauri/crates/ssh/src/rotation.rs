//! Further host keys of a server, learned over a session whose own key is trusted, so that the server can change its
//! keys without anybody being asked.
//!
//! After the login a server may announce all its keys (`hostkeys-00@openssh.com`, OpenSSH's PROTOCOL, section 2.5). An
//! announcement proves nothing: keys count only when the server has signed the identifier of this very session with
//! each of them (`hostkeys-prove-00@openssh.com`), all or none, as OpenSSH has it (`UpdateHostKeys` in ssh_config(5)).
//! russh can ask and check by itself ([`russh::client::Handle::hostkeys_prove`]), but takes RSA signatures with SHA-1
//! for proof; so the request is sent and its answer checked here.

use std::sync::Arc;

use russh::client::Session;
use russh::keys::signature::Verifier;
use russh::keys::ssh_encoding::{self, Decode, Encode};
use russh::keys::ssh_key::public::KeyData;
use russh::keys::ssh_key::{self, Signature};
use russh::keys::{Algorithm, PublicKey};
use tokio::sync::{oneshot, watch};

use crate::known_hosts::{KnownHosts, Record};

const PROVE: &str = "hostkeys-prove-00@openssh.com";
/// A server that announces more keys is not believed at all.
const MAX_KEYS: usize = 16;
/// Smaller RSA keys are not worth learning, larger ones could not be checked.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=4096;

/// How far the learning is.
#[derive(Debug, Default)]
struct Progress {
    proving: bool,
    learned: Vec<String>,
}

/// What came of an announcement; told by the session's task, asked by whoever holds the session.
#[derive(Debug, Default)]
pub(crate) struct Learning(watch::Sender<Progress>);

impl Learning {
    /// Fingerprints of the keys that were learned.
    pub(crate) fn learned(&self) -> Vec<String> {
        self.0.borrow().learned.clone()
    }

    /// Waits while the server is asked for proof.
    pub(crate) async fn settled(&self) {
        // It cannot be closed: the sender is here.
        let _ = self.0.subscribe().wait_for(|progress| !progress.proving).await;
    }

    fn begin(&self) {
        self.0.send_modify(|progress| progress.proving = true);
    }

    fn end(&self, learned: Vec<String>) {
        self.0.send_replace(Progress { proving: false, learned });
    }
}

/// Deals with what the server of one session announces.
#[derive(Debug)]
pub(crate) struct Rotation {
    known: KnownHosts,
    learning: Arc<Learning>,
    heard: bool,
}

impl Rotation {
    pub(crate) fn new(known: KnownHosts, learning: Arc<Learning>) -> Self {
        Self { known, learning, heard: false }
    }

    /// Asks for proof of `announced` if there is something to learn from it; the answer is awaited in a task of its own,
    /// which ends with the session. `trusted` is the key that the server showed at the beginning, `identifier` that of
    /// the session. Only a server's first announcement is heard.
    pub(crate) fn announced(
        &mut self,
        announced: Vec<PublicKey>,
        record: &Record,
        trusted: &PublicKey,
        identifier: Vec<u8>,
        session: &mut Session,
    ) {
        if std::mem::replace(&mut self.heard, true) || announced.len() > MAX_KEYS {
            return;
        }
        if !record.learns_by(trusted) || !announced.contains(trusted) {
            return;
        }
        let claimed: Vec<_> = announced.iter().filter(|key| *key != trusted && is_learnable(key)).cloned().collect();
        if record.new_among(&claimed).is_empty() && record.own_lines_without(&announced).next().is_none() {
            return;
        }
        let Ok(request) = encoded(&claimed) else { return };
        let (reply, answer) = oneshot::channel();
        if claimed.is_empty() {
            // The key exchange has proved the only key there is.
            let _ = reply.send(Some(Vec::new().into()));
        } else if session.send_global_request(Some(reply), PROVE, &request).is_err() {
            return;
        }
        self.learning.begin();
        let (known, learning) = (self.known.clone(), Arc::clone(&self.learning));
        let (name, trusted) = (record.name().to_owned(), trusted.clone());
        tokio::spawn(async move {
            let mut learned = Vec::new();
            if let Ok(Some(answer)) = answer.await
                && is_proof(&answer, &identifier, &claimed)
            {
                let filing = move || known.learn(&name, &trusted, &claimed, &announced);
                // What could not be filed is learned another time.
                learned = tokio::task::spawn_blocking(filing).await.ok().and_then(Result::ok).unwrap_or_default();
            }
            learning.end(learned);
        });
    }
}

/// Certificates have an authority to vouch for them; keys of other types could not be checked.
fn is_learnable(key: &PublicKey) -> bool {
    match key.key_data() {
        KeyData::Ed25519(_) | KeyData::Ecdsa(_) => true,
        KeyData::Rsa(key) => RSA_BITS.contains(&key.key_size()),
        _ => false,
    }
}

fn encoded(keys: &[PublicKey]) -> ssh_key::Result<Vec<u8>> {
    let mut request = Vec::new();
    for key in keys {
        key.to_bytes()?.encode(&mut request)?;
    }
    Ok(request)
}

/// Whether `answer` holds, for every one of `keys` in their order and for nothing else, a signature over this session.
fn is_proof(answer: &[u8], identifier: &[u8], keys: &[PublicKey]) -> bool {
    let mut rest = answer;
    let all = keys.iter().all(|key| {
        let signature = Vec::<u8>::decode(&mut rest).ok().and_then(|bytes| Signature::try_from(bytes.as_slice()).ok());
        signature.is_some_and(|signature| is_signed(&signature, identifier, key).unwrap_or(false))
    });
    all && rest.is_empty()
}

fn is_signed(signature: &Signature, identifier: &[u8], key: &PublicKey) -> Result<bool, ssh_encoding::Error> {
    if signature.algorithm() == (Algorithm::Rsa { hash: None }) {
        return Ok(false);
    }
    let mut signed = Vec::new();
    PROVE.encode(&mut signed)?;
    identifier.encode(&mut signed)?;
    key.key_data().encode_prefixed(&mut signed)?;
    Ok(key.key_data().verify(&signed, signature).is_ok())
}

#[cfg(test)]
mod tests {
    use russh::keys::PrivateKey;
    use russh::keys::signature::Signer;
    use russh::keys::ssh_key::{EcdsaCurve, HashAlg};

    use super::*;

    const SESSION: &[u8] = b"the session";

    fn pair(algorithm: Algorithm) -> PrivateKey {
        PrivateKey::random(&mut russh::keys::key::safe_rng(), algorithm).unwrap()
    }

    /// Made by ssh-keygen, which takes less time for it than an unoptimised build.
    fn rsa(bits: u32) -> PrivateKey {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let mut ssh_keygen = std::process::Command::new("ssh-keygen");
        ssh_keygen.args(["-q", "-t", "rsa", "-N", "", "-b", &bits.to_string(), "-f"]).arg(&path);
        assert!(ssh_keygen.status().unwrap().success());
        PrivateKey::from_openssh(std::fs::read_to_string(&path).unwrap()).unwrap()
    }

    fn statement(identifier: &[u8], key: &PrivateKey) -> Vec<u8> {
        let mut signed = Vec::new();
        PROVE.encode(&mut signed).unwrap();
        identifier.encode(&mut signed).unwrap();
        key.public_key().to_bytes().unwrap().encode(&mut signed).unwrap();
        signed
    }

    fn proof(identifier: &[u8], key: &PrivateKey, signer: &PrivateKey) -> Vec<u8> {
        let signature: Signature = signer.try_sign(&statement(identifier, key)).unwrap();
        let mut answer = Vec::new();
        Vec::<u8>::try_from(signature).unwrap().encode(&mut answer).unwrap();
        answer
    }

    #[test]
    fn only_a_signature_with_each_key_over_this_session_is_proof() {
        let (one, two) = (pair(Algorithm::Ed25519), pair(Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }));
        let keys = [one.public_key().clone(), two.public_key().clone()];
        let [first, second] = [proof(SESSION, &one, &one), proof(SESSION, &two, &two)];
        let holds = |answer: &[&[u8]]| is_proof(&answer.concat(), SESSION, &keys);
        assert!(holds(&[&first, &second]));
        assert!(!holds(&[&second, &first]), "in another order");
        assert!(!holds(&[&first]), "one is missing");
        assert!(!holds(&[&first, &second, &second]), "one too many");
        assert!(!holds(&[&first, &second, b"\0"]), "something behind it");
        assert!(!holds(&[&first, &proof(b"another session", &two, &two)]), "taken from another session");
        assert!(!holds(&[&first, &proof(SESSION, &two, &one)]), "signed with another key");
        assert!(!holds(&[&first, &proof(SESSION, &one, &two)]), "about another key");
        assert!(!holds(&[&first, &second[..second.len() - 1]]), "cut short");
        assert!(!holds(&[]));
        assert!(is_proof(&[], SESSION, &[]));
    }

    #[test]
    fn an_rsa_signature_with_sha_1_is_no_proof() {
        let key = rsa(2048);
        let rsa = key.key_data().rsa().unwrap();
        for (hash, expected) in [(Some(HashAlg::Sha512), true), (Some(HashAlg::Sha256), true), (None, false)] {
            let signature: Signature = (rsa, hash).try_sign(&statement(SESSION, &key)).unwrap();
            let mut answer = Vec::new();
            Vec::<u8>::try_from(signature).unwrap().encode(&mut answer).unwrap();
            assert_eq!(is_proof(&answer, SESSION, &[key.public_key().clone()]), expected, "{hash:?}");
        }
    }

    #[test]
    fn only_keys_that_can_be_checked_are_learned() {
        for (bits, expected) in [(1024, false), (2048, true), (4096, true)] {
            assert_eq!(is_learnable(rsa(bits).public_key()), expected, "{bits}");
        }
        assert!(is_learnable(pair(Algorithm::Ed25519).public_key()));
        let on_a_token = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo=";
        assert!(!is_learnable(&PublicKey::from_openssh(on_a_token).unwrap()));
    }
}
