//! What it costs a server to start a shell: the start-up files of the account's login shell.
//!
//! sshd runs the account's login shell, which may read start-up files (`~/.bashrc`, `~/.zshenv`, `config.fish`), and that
//! replaces itself by `sh`. It stays the same process, so what `sh` prints for `times` as its first deed is what all
//! that has cost (POSIX, "times": user and system time of the shell and of its children that have ended).

use std::time::Duration;

/// The cost of starting a shell on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StartUp {
    /// CPU of the server, of the login shell, of what its start-up files ran, and of `sh` until it answered; in steps of
    /// 1 to 10 ms, as the server counts. What still runs in the background does not count. `None` when `sh` did not
    /// say.
    pub cpu: Option<Duration>,
    /// From asking for a shell to its first answer, as it was seen here: the way there and back is in it.
    pub wall: Duration,
}

/// Takes the first answer of a shell apart: the CPU that it has used, and what the script has printed after that.
pub(crate) fn apart(mut answer: Vec<u8>) -> (Option<Duration>, Vec<u8>) {
    let mut ends = answer.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let end = ends.nth(1).unwrap_or(0);
    let cpu = answer.get(..end).and_then(|times| cpu(&String::from_utf8_lossy(times)));
    // What is no such answer may be the script's own.
    let printed = if cpu.is_some() { answer.split_off(end) } else { answer };
    (cpu, printed)
}

/// The CPU that two lines such as `0m0.01s 0m0.00s` add up to.
fn cpu(times: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    let mut lines = times.lines();
    for _ in 0..2 {
        let mut spans = lines.next()?.split_whitespace();
        for _ in 0..2 {
            sum = sum.checked_add(span(spans.next()?)?)?;
        }
    }
    Some(sum)
}

/// No shell is waited for as long as this many minutes: what says so is no clock.
const MINUTES_END: u32 = 24 * 60;

/// `MmS.Ss`; some shells write a comma where the language does.
fn span(text: &str) -> Option<Duration> {
    let (minutes, seconds) = text.strip_suffix('s')?.split_once('m')?;
    let is_plain = |number: &str| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',');
    if !is_plain(minutes) || !is_plain(seconds) {
        return None;
    }
    let minutes: u32 = minutes.parse().ok().filter(|minutes| *minutes < MINUTES_END)?;
    let seconds: f64 = seconds.replace(',', ".").parse().ok().filter(|seconds| *seconds < 60.0)?;
    Duration::from_secs(60).checked_mul(minutes)?.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_s_way_to_write_times_is_read() {
        for (printed, millis) in [
            ("0m0.000000s 0m0.010000s\n0m0.000000s 0m0.000000s\n", 10), // dash
            ("0m0.002s 0m0.001s\n0m0.120s 0m0.004s\n", 127),            // bash
            ("0m0,002s 0m0,001s\n0m0,000s 0m0,000s\n", 3),              // bash in a language with a comma
            ("0m0.00s 0m0.01s\n1m0.50s 0m0.00s\nnoise of the script", 60_510), // BusyBox
        ] {
            assert_eq!(cpu(printed), Some(Duration::from_millis(millis)), "{printed}");
        }
    }

    #[test]
    fn what_a_script_prints_stands_behind_its_cost() {
        let times = "0m0.002s 0m0.001s\n0m0.000s 0m0.004s\n";
        let both = format!("{times}one\ntwo").into_bytes();
        assert_eq!(apart(both), (Some(Duration::from_millis(7)), b"one\ntwo".to_vec()));
        assert_eq!(apart(times.as_bytes().to_vec()), (Some(Duration::from_millis(7)), Vec::new()));
        assert_eq!(apart(b"one\ntwo\nthree".to_vec()), (None, b"one\ntwo\nthree".to_vec()));
        assert_eq!(apart(Vec::new()), (None, Vec::new()));
    }

    #[test]
    fn what_is_no_time_is_no_measure() {
        for printed in [
            "4294967295m1e18s 0m0s\n0m0s 0m0s",
            "4294967295m0s 0m0s\n0m0s 0m0s",
            "1440m0s 0m0s\n0m0s 0m0s",
            "0m60.0s 0m0s\n0m0s 0m0s",
            "0m1e1s 0m0s\n0m0s 0m0s",
            "+1m0s 0m0s\n0m0s 0m0s",
            "",
            "0m0.00s 0m0.00s\n",
            "times: not found\nx\n",
            "0m-1s 0m0s\n0m0s 0m0s",
            "0mNaNs 0minfs\n0m0s 0m0s",
        ] {
            assert_eq!(cpu(printed), None, "{printed}");
        }
    }
}
