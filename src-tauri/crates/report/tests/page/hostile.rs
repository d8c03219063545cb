//! What servers and people may be called, and what must not become of it.

use hostrounds_core::alert::RuleKind;
use hostrounds_core::metric::{Metric, attribute as a};
use hostrounds_core::observation::Attributes;
use hostrounds_report::{Report, html};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::sample::{DAY, alert, busy, curve, metric, report, series};

/// A report in which `text` stands wherever text can stand.
fn everywhere(text: &str) -> Report {
    let mut server = busy(text, 4, 1.0);
    let own = || Some(text.to_owned());
    server.environment = own();
    server.tags = vec![text.to_owned()];
    let facts = &mut server.facts;
    (facts.hostname, facts.os, facts.kernel, facts.architecture, facts.cpu_model) = (own(), own(), own(), own(), own());
    let mut disk = alert(RuleKind::Disk, Some(text), Some(0.91), DAY, Some(2 * DAY));
    disk.resolution = own();
    let mut gone = alert(RuleKind::Unreachable, None, None, DAY, None);
    gone.message = text.to_owned();
    server.alerts = vec![disk, gone];
    let named = |by: &[&str]| by.iter().fold(Attributes::none(), |attributes, name| attributes.with(name, text));
    for (kind, by) in [
        (Metric::FilesystemUtilization, &[a::MOUNTPOINT, a::DEVICE][..]),
        (Metric::NetworkIo, &[a::INTERFACE, a::NETWORK_DIRECTION]),
        (Metric::DiskIo, &[a::DEVICE, a::DISK_DIRECTION]),
    ] {
        server.metrics.retain(|report| report.metric != kind);
        server.metrics.push(metric(kind, vec![series(named(by), curve(4, 0.5, 0.1, 1.0, &[]))]));
    }
    Report { title: text.to_owned(), version: text.to_owned(), ..report(vec![server]) }
}

fn page(text: &str) -> String {
    html(&everywhere(text), &TimeZone::UTC).unwrap()
}

/// The page of a harmless name has these elements; no name can add one.
fn elements(page: &str) -> usize {
    page.matches('<').count()
}

/// Whatever would load, run or lead away.
fn assert_inert(page: &str) {
    let low = page.to_ascii_lowercase();
    for forbidden in [
        "<script",
        "<iframe",
        "<object",
        "<embed",
        "<link",
        "<base",
        "<img",
        "<form",
        "<image",
        "<use",
        "<foreignobject",
        "<animate",
    ] {
        assert!(!low.contains(forbidden), "{forbidden}");
    }
    let body = low.split_once("</style>").unwrap().1;
    for attribute in [" src=", " href=", " style=", " srcset=", "xlink:", "url("] {
        for (at, _) in body.match_indices(attribute) {
            // Within a tag: an attribute. Behind one: words.
            let is_in_tag = body[..at].rfind('<') > body[..at].rfind('>');
            let is_own = body[at..].starts_with(" href=\"#overview\"") || body[at..].starts_with(" href=\"#server-");
            let is_quoted = body[..at].rfind('<').is_some_and(|open| body[open..at].matches('"').count() % 2 == 1);
            assert!(!is_in_tag || is_own || is_quoted, "{attribute}: {}", &body[at..(at + 60).min(body.len())]);
        }
    }
}

#[test]
fn names_stay_names() {
    let plain = elements(&page("web"));
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'\" onload='x",
        "</title></style></svg><svg onload=alert(1)>",
        "{{ 7 * 7 }}{% for x in y %}",
        "&lt;b&gt;&amp;",
        "http://example.org/x.js",
        "javascript:alert(1)",
        "<!-- -->]]>",
    ] {
        let page = page(text);
        assert_inert(&page);
        assert_eq!(elements(&page), plain, "{text}");
        assert!(!page.contains("49"), "{text}: templates are not evaluated twice");
    }
}

#[test]
fn what_deceives_the_eye_is_replaced() {
    let page = page("a\u{202E}cod.exe\u{0}\u{1b}[31m\u{85}\u{2028}b\r\n");
    assert!(!page.contains(['\u{202E}', '\u{0}', '\u{1b}', '\u{85}', '\u{2028}', '\r']));
    assert!(page.contains("a\u{FFFD}cod.exe"));
}

#[test]
fn long_names_are_cut() {
    let page = page(&"<x>".repeat(22_000));
    assert!(page.len() < 200_000, "{} bytes", page.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_text_gets_out_of_its_place(text in "[<>\"'&a-z/=:!{}%#\\-\\PC]{1,60}") {
        let page = page(&text);
        assert_inert(&page);
        prop_assert_eq!(elements(&page), elements(&self::page("web")));
    }
}
