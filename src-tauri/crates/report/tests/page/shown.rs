//! What the page says.

use hostrounds_core::time::UnixMillis;
use hostrounds_report::{Report, html};
use jiff::tz::TimeZone;

use crate::sample::{DAY, FROM, busy, empty, report, span};

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn page(report: &Report) -> String {
    html(report, &berlin()).unwrap()
}

/// The page without its style, and with the first letters of its drawings alone.
fn words(page: &str) -> String {
    let mut words = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("aria-label=") {
        let (label, drawing) = after.split_once('>').unwrap();
        let (_, after) = drawing.split_once("</svg>").unwrap();
        words.extend([before, "aria-label=", label, ">(drawing)</svg>"]);
        rest = after;
    }
    words.push_str(rest);
    let (head, rest) = words.split_once("<style>").unwrap();
    format!("{head}{}", rest.split_once("</style>").unwrap().1)
}

#[test]
fn a_page_says_it_all() {
    let page = page(&report(vec![busy("web-1", 400, 1.0), empty("spare")]));
    // For whoever wants to look at one.
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("report.html"), &page).unwrap();
    insta::assert_snapshot!("page", words(&page));
}

#[test]
fn a_drawing_is_drawn_as_ever() {
    let mut server = busy("web-1", 60, 1.0);
    server.metrics.truncate(1);
    let page = page(&report(vec![server]));
    let drawing = page.split_once("<svg").unwrap().1.split_once("</svg>").unwrap().0;
    insta::assert_snapshot!("drawing", drawing.replace("><", ">\n<"));
}

#[test]
fn the_clock_of_the_zone_is_shown_across_the_end_of_summer_time() {
    let page = page(&report(vec![busy("web-1", 100, 1.0)]));
    assert!(page.contains("2026-10-20 14:00 to 2026-10-27 13:00"), "an hour was gained");
    assert!(page.contains(">Oct 26</text>") && page.contains("Times are those of Europe&#x2f;Berlin."));
}

#[test]
fn what_was_not_observed_is_neither_up_nor_down() {
    let nothing = page(&report(vec![empty("spare")]));
    assert!(nothing.contains("Nothing was observed of this server in this range."));
    assert!(nothing.contains("<dt>Uptime</dt><dd>not observed</dd>"));
    assert!(!nothing.contains("<svg"));

    let mut seen = empty("half");
    seen.coverage.observed = span(0, 7 * DAY).length() / 2;
    seen.coverage.collections = 10;
    seen.coverage.gaps = vec![span(0, 7 * DAY / 2)];
    let half = page(&report(vec![seen]));
    assert!(half.contains("<dt>Uptime</dt><dd>100 %</dd>") && half.contains("<dt>Coverage</dt><dd>50.0 %</dd>"));
}

#[test]
fn the_future_counts_for_nothing() {
    let mut early = report(vec![empty("new")]);
    early.generated_at = UnixMillis(FROM + DAY);
    early.servers[0].coverage.observed = span(0, DAY).length();
    early.servers[0].coverage.collections = 10;
    early.servers[0].coverage.gaps = vec![span(DAY, 7 * DAY)];
    let page = page(&early);
    assert!(page.contains("<dt>Coverage</dt><dd>100 %</dd>") && page.contains("the range had not ended yet"));
    assert!(!page.contains("<h3>Not observed</h3>"));
}

#[test]
fn no_server_and_no_time_are_no_trouble() {
    assert!(page(&report(vec![])).contains("No server was chosen."));
    let mut moment = report(vec![busy("web-1", 10, 1.0)]);
    moment.range = span(0, 0);
    page(&moment);
    moment.range = hostrounds_report::data::Span { from: UnixMillis(i64::MIN), to: UnixMillis(i64::MAX) };
    page(&moment);
}

#[test]
fn hundreds_of_servers_stay_a_usable_file() {
    let servers = (0..300).map(|number| busy(&format!("web-{number}"), 130, f64::from(number))).collect();
    let begin = std::time::Instant::now();
    let page = page(&report(servers));
    println!("300 servers: {} bytes in {:?}", page.len(), begin.elapsed());
    assert!(page.len() < 20 << 20, "{} bytes", page.len());
}
