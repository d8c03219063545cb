//! The configuration as a text file: settings, servers and accepted host keys, and never a secret. Pure: text in, text out.
//!
//! `docs/configuration.md` describes the format. The shape is written down here once more than in `core`, since a file lives
//! longer than a type: what is renamed there must not change what people have in their repositories.

mod apply;
mod entry;
mod read;
mod write;

use std::collections::BTreeMap;

pub(crate) use self::apply::{local_draft, server_draft, settings};
pub(crate) use self::entry::{LocalEntry, ServerEntry, SettingsEntry};
pub(crate) use self::read::read;
pub(crate) use self::write::write;

/// The version of the format that is written, and the newest that is read.
pub(crate) const VERSION: i64 = 1;

/// What a file says.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct ConfigFile {
    pub(crate) settings: Option<Section<SettingsEntry>>,
    pub(crate) local: Option<Section<LocalEntry>>,
    pub(crate) servers: Vec<Section<ServerEntry>>,
    /// Host as a file of known hosts names it -> keys as they stand there.
    pub(crate) host_keys: BTreeMap<String, Vec<String>>,
    /// Fields that no version up to this one knows, with their path.
    pub(crate) unknown: Vec<String>,
}

/// A part of a file that makes sense, or why it makes none.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Section<T> {
    /// What it is called, for people.
    pub(crate) name: String,
    pub(crate) entry: Result<T, String>,
}

#[cfg(test)]
mod tests {
    use hostrounds_core::footprint::Budget;
    use hostrounds_core::probe::Family;
    use hostrounds_core::retention::Retention;
    use hostrounds_core::server::{Hop, Login, ServerDraft, SshTarget, Target, Thresholds};
    use proptest::prelude::*;

    use super::read::ReadError;
    use super::*;
    use crate::api::view::Settings;

    const WORD: &str = "[^\\p{C}]{1,20}";

    fn login() -> impl Strategy<Value = Login> {
        let some = || proptest::option::of(WORD);
        prop_oneof![
            Just(Login::Password),
            Just(Login::Prompts),
            (WORD, some()).prop_map(|(path, certificate)| Login::Key { path, certificate }),
            (some(), some()).prop_map(|(key, socket)| Login::Agent { key, socket }),
        ]
    }

    fn hop() -> impl Strategy<Value = Hop> {
        (WORD, 1u16.., WORD, proptest::collection::vec(login(), 0..4)).prop_map(|(host, port, user, logins)| Hop {
            host,
            port,
            user,
            logins,
        })
    }

    fn percent() -> impl Strategy<Value = Option<f64>> {
        proptest::option::of((10u32..1000).prop_map(|tenths| f64::from(tenths) / 10.0))
    }

    fn draft() -> impl Strategy<Value = ServerDraft> {
        let target = (hop(), proptest::collection::vec(hop(), 0..3))
            .prop_map(|(hop, jumps)| Target::Ssh(SshTarget { hop, jumps }));
        let thresholds = (percent(), percent(), percent(), percent())
            .prop_map(|(cpu, memory, disk, disk_full_in)| Thresholds { cpu, memory, disk, disk_full_in });
        let families = proptest::sample::subsequence(Family::ALL.to_vec(), 0..Family::ALL.len());
        let tags = proptest::collection::vec(WORD, 0..3);
        (WORD, target, any::<bool>(), 5u32..604_800, thresholds, families, proptest::option::of(WORD), tags).prop_map(
            |(name, target, enabled, interval, thresholds, families_off, environment, tags)| ServerDraft {
                name,
                target,
                enabled,
                interval,
                thresholds,
                families_off,
                environment,
                tags,
            },
        )
    }

    fn some_settings() -> impl Strategy<Value = Settings> {
        let whole = || proptest::option::of(0u64..(1 << 53));
        let small = || proptest::option::of(any::<u32>());
        (1u32..65, any::<bool>(), small(), whole(), percent(), small(), whole(), whole()).prop_map(
            |(concurrency, notifications, logins, of_budget, cpu, days, bytes, warn_bytes)| Settings {
                concurrency,
                notifications,
                budget: Budget { logins, bytes: of_budget, cpu },
                retention: Retention { days, bytes, warn_bytes },
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            drafts in proptest::collection::vec(draft(), 0..5),
            present in some_settings(),
            keys in proptest::collection::btree_map("[a-z\\[\\]:.0-9]{1,20}", proptest::collection::vec("ssh-[a-z0-9]{1,9} [A-Za-z0-9+/=]{1,40}", 1..3), 0..3),
        ) {
            let text = write(&present, &drafts, &keys);
            let file = read(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert!(file.unknown.is_empty(), "{:?}", file.unknown);
            prop_assert_eq!(&file.host_keys, &keys);
            let other = Settings {
                concurrency: 64,
                notifications: !present.notifications,
                budget: Budget { logins: Some(1), bytes: Some(1), cpu: Some(1.0) },
                retention: Retention { days: Some(1), bytes: Some(1), warn_bytes: Some(1) },
            };
            prop_assert_eq!(settings(file.settings.unwrap().entry.unwrap(), &other), present.clone());
            let mut back: Vec<ServerDraft> =
                file.servers.into_iter().map(|section| server_draft(section.entry.unwrap(), None).unwrap()).collect();
            for draft in &mut back {
                draft.environment = draft.environment.take().filter(|word| !word.is_empty());
            }
            let mut expected = drafts;
            expected.sort_by_key(|draft| (draft.name.to_lowercase(), draft.name.clone()));
            prop_assert_eq!(&back, &expected);
            prop_assert_eq!(write(&present, &back, &keys), text, "and written the same again");
        }

        #[test]
        fn no_text_makes_it_panic(text in "(version = 1\n)?(\\[\\[server\\]\\]\n)?[a-z_]{0,9} ?= ?[\\[\\]{}\"a-z0-9=., \n]{0,40}") {
            if let Ok(file) = read(&text) {
                for section in file.servers {
                    let _ = section.entry.map(|entry| server_draft(entry, None));
                }
            }
        }
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_unknown_is_told() {
        let file = read(
            "version = 1\nfuture = 1\n[settings]\nconcurrency = 7\n[settings.budget]\nlogins = \"off\"\nwater = 3\n\
             [[server]]\nname = \"web\"\nhost = \"h\"\nuser = \"u\"\nlogins = [{ method = \"password\", password = \"x\" }]\n\
             thresholds = { cpu = 50.5 }\n[[server]]\nhost = \"h\"\n[[server]]\nname = \"bad\"\ninterval = \"often\"\n",
        )
        .unwrap();
        let mut unknown = file.unknown.clone();
        unknown.sort();
        assert_eq!(unknown, ["future", "settings: budget.water", "web: logins.0.password"]);
        let present = Settings::default();
        let wanted = settings(file.settings.unwrap().entry.unwrap(), &present);
        assert_eq!((wanted.concurrency, wanted.notifications), (7, present.notifications));
        assert_eq!(wanted.budget, Budget { logins: None, ..present.budget });
        let [web, nameless, bad] = file.servers.as_slice() else { panic!() };
        let draft = server_draft(web.entry.clone().unwrap(), None).unwrap();
        let Target::Ssh(ssh) = &draft.target else { panic!() };
        assert_eq!((ssh.hop.port, draft.enabled, draft.interval), (22, false, 900));
        assert_eq!(draft.thresholds, Thresholds { cpu: Some(50.5), ..Thresholds::default() });
        assert!(nameless.entry.as_ref().unwrap_err().contains("name"), "{nameless:?}");
        assert!(bad.entry.is_err());
    }

    #[test]
    fn other_versions_and_other_texts_are_refused() {
        assert!(matches!(read("version = 2"), Err(ReadError::Newer { found: 2 })));
        assert!(matches!(read(""), Err(ReadError::NoVersion)));
        assert!(matches!(read("version = \"1\""), Err(ReadError::NoVersion)));
        assert!(matches!(read("Host web"), Err(ReadError::Syntax(_))));
    }
}
