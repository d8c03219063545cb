//! What a shell on a server says that it has used, with everything that it started: the output of `times`
//! (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_27>).

use crate::footprint::RemoteCpu;

/// What the output of `times` adds up to: user and system time, of the shell and of what it started and saw end. ksh93 tells
/// only its own, with words around it. Nothing where no time stands there.
#[must_use]
pub fn parse(text: &str) -> Option<RemoteCpu> {
    let spans = text.split_ascii_whitespace().filter_map(seconds).take(4);
    spans.fold(None, |sum, span| Some(sum.unwrap_or(0.0) + span)).map(RemoteCpu)
}

/// Minutes and seconds, such as `0m0.02s`.
fn seconds(word: &str) -> Option<f64> {
    let (minutes, seconds) = word.strip_suffix('s')?.split_once('m')?;
    let (minutes, seconds) = (minutes.parse::<u32>().ok()?, seconds.parse::<f64>().ok()?);
    (0.0..60.0).contains(&seconds).then(|| f64::from(minutes) * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::dash("0m0.010000s 0m0.020000s\n0m1.000000s 2m0.500000s\n", 121.53)]
    #[case::bash("0m0.010s 0m0.020s\n0m1.000s 2m0.500s\n", 121.53)]
    #[case::busybox_and_zsh("0m0.01s 0m0.02s\n0m1.00s 2m0.50s\n", 121.53)]
    #[case::ksh93("user\t0m0.25s\nsys\t0m0.50s\n", 0.75)]
    #[case::more_than_there_should_be("0m1s 0m1s\n0m1s 0m1s\n0m1s", 4.0)]
    fn user_and_system_time_of_shell_and_children_add_up(#[case] text: &str, #[case] seconds: f64) {
        assert!((parse(text).unwrap().0 - seconds).abs() < 1e-9, "{text:?}");
    }

    #[test]
    fn what_no_clock_can_show_is_nothing() {
        for text in ["", "\n", "sh: times: not found", "0m-1s", "0mNaNs", "0minfs", "-1m0s", "0m60s", "99999999999m1s"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
