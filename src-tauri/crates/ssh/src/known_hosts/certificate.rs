//! Whether a host certificate is good for a host (OpenSSH's PROTOCOL.certkeys; ssh-keygen(1), "CERTIFICATES").

use std::time::{SystemTime, UNIX_EPOCH};

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Algorithm, Certificate, HashAlg};

/// Whether `certificate`, of an authority that is trusted for `host`, holds at `now`. `host` is the name without the
/// port, in lower case.
pub(crate) fn holds(certificate: &Certificate, host: &str, now: SystemTime) -> bool {
    let Ok(now) = now.duration_since(UNIX_EPOCH) else { return false };
    let authority = certificate.signature_key().fingerprint(HashAlg::Sha256);
    let principals = certificate.valid_principals();
    certificate.cert_type() == CertType::Host
        && (principals.is_empty() || principals.iter().any(|principal| principal == host))
        && certificate.critical_options().is_empty()
        && is_signed_well(certificate)
        && certificate.validate_at(now.as_secs(), [&authority]).is_ok()
}

/// `CASignatureAlgorithms` of ssh_config(5): nothing that rests on SHA-1, and no authority that is a certificate itself.
fn is_signed_well(certificate: &Certificate) -> bool {
    let by_plain_key = !certificate.signature_key().is_certificate();
    by_plain_key && !matches!(certificate.signature().algorithm(), Algorithm::Rsa { hash: None } | Algorithm::Dsa)
}
