//! What becomes of each option of `ssh_config(5)`.

/// What becomes of an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It is taken over.
    Used,
    /// It is not, and that may change whether or where a server is reached: told at the hosts it counts for.
    Missed(&'static str),
    /// It is not, and monitoring is none the worse for it: told once per keyword.
    Harmless(&'static str),
    /// `ssh` does not know it either, so that the line may be none of a configuration: told as one that is missed, by its
    /// keyword alone.
    Unknown,
}

/// Why an option of [`Fate::Unknown`] is not taken over.
pub(crate) const UNKNOWN: &str = "This option is not known.";

use Fate::{Harmless, Missed, Unknown, Used};

const CANONICAL: Fate = Missed("Names are not completed: each HostName has to be whole.");
const KNOWN_HOSTS: Fate = Missed("Host keys are looked up in the usual known_hosts files and in Hostrounds' own.");
const ALGORITHMS: Fate = Missed("Algorithms cannot be chosen: Hostrounds offers those that are considered safe.");
const ADDRESS: Fate =
    Missed("Connections leave by the route that the system chooses, to every address of the name in turn.");
const TOKENS: Fate = Missed("Keys on tokens are used through an SSH agent: add them to it with `ssh-add`.");
const OTHER_LOGINS: Fate = Missed("This way to log in is not supported.");
const FORWARDING: Fate = Harmless("Nothing is forwarded.");
const TERMINAL: Fate = Harmless("It is for people at a terminal.");
const SHARING: Fate = Harmless("Hostrounds keeps one session per server by itself.");
const PATIENCE: Fate = Harmless("Hostrounds has deadlines and keepalives of its own.");

/// What becomes of the option with that keyword, in lower case.
pub(crate) fn fate(keyword: &str) -> Fate {
    match keyword {
        "hostname"
        | "port"
        | "user"
        | "identityfile"
        | "identityagent"
        | "identitiesonly"
        | "proxyjump"
        | "proxycommand"
        | "certificatefile"
        | "preferredauthentications"
        | "passwordauthentication"
        | "kbdinteractiveauthentication"
        | "challengeresponseauthentication"
        | "pubkeyauthentication" => Used,
        "canonicalizehostname"
        | "canonicaldomains"
        | "canonicalizefallbacklocal"
        | "canonicalizemaxdots"
        | "canonicalizepermittedcnames" => CANONICAL,
        "hostkeyalias" => Missed("A host key is looked up under the name or address that is dialled."),
        "userknownhostsfile" | "globalknownhostsfile" | "knownhostscommand" | "verifyhostkeydns" => KNOWN_HOSTS,
        "stricthostkeychecking" => {
            Harmless("Host keys are always checked; a person accepts an unknown one, and there is no off switch.")
        }
        "ciphers"
        | "macs"
        | "kexalgorithms"
        | "hostkeyalgorithms"
        | "pubkeyacceptedalgorithms"
        | "pubkeyacceptedkeytypes"
        | "casignaturealgorithms"
        | "requiredrsasize" => ALGORITHMS,
        "addressfamily" | "bindaddress" | "bindinterface" => ADDRESS,
        "pkcs11provider" | "securitykeyprovider" | "smartcarddevice" => TOKENS,
        "gssapiauthentication"
        | "gssapidelegatecredentials"
        | "hostbasedauthentication"
        | "enablesshkeysign"
        | "hostbasedacceptedalgorithms" => OTHER_LOGINS,
        "remotecommand" | "sessiontype" | "stdinnull" | "forkafterauthentication" => {
            Harmless("Hostrounds runs a shell of its own, whatever is run for people.")
        }
        "proxyusefdpass" => Missed("A proxy command is never executed."),
        "localcommand" | "permitlocalcommand" => Harmless("Nothing is executed on this computer."),
        "sendenv" | "setenv" => Harmless("No environment variables are sent."),
        "forwardagent"
        | "forwardx11"
        | "forwardx11trusted"
        | "forwardx11timeout"
        | "localforward"
        | "remoteforward"
        | "dynamicforward"
        | "gatewayports"
        | "clearallforwardings"
        | "exitonforwardfailure"
        | "tunnel"
        | "tunneldevice"
        | "streamlocalbindmask"
        | "streamlocalbindunlink"
        | "permitremoteopen"
        | "xauthlocation" => FORWARDING,
        "requesttty"
        | "escapechar"
        | "visualhostkey"
        | "batchmode"
        | "numberofpasswordprompts"
        | "loglevel"
        | "logverbose"
        | "syslogfacility"
        | "fingerprinthash"
        | "hashknownhosts"
        | "enableescapecommandline"
        | "obscurekeystroketiming"
        | "versionaddendum"
        | "warnweakcrypto" => TERMINAL,
        "controlmaster" | "controlpath" | "controlpersist" | "channeltimeout" => SHARING,
        "connecttimeout"
        | "connectionattempts"
        | "serveraliveinterval"
        | "serveralivecountmax"
        | "tcpkeepalive"
        | "rekeylimit"
        | "ipqos"
        | "compression" => PATIENCE,
        "addkeystoagent" | "usekeychain" => Harmless("Passphrases are kept in the keyring of the system."),
        "checkhostip" | "updatehostkeys" | "nohostauthenticationforlocalhost" => {
            Harmless("Host keys are checked and learned in one way for all servers.")
        }
        "ignoreunknown" | "tag" => Harmless("It only matters to the configuration itself."),
        _ => Unknown,
    }
}
