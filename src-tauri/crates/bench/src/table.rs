//! What was measured, the goal, and whether it was reached.

use std::fmt;
use std::time::Duration;

/// What a figure should come to.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most this many times the figure of the comparison arm.
    Ratio(f64),
    /// At most this, in the unit of the row.
    AtMost(f64),
}

/// One figure.
pub(crate) struct Row {
    /// The number of the goal.
    pub(crate) number: &'static str,
    pub(crate) what: &'static str,
    pub(crate) ours: f64,
    /// What it is compared with, and its figure.
    pub(crate) other: Option<(&'static str, f64)>,
    /// Of both figures; empty for a count.
    pub(crate) unit: &'static str,
    pub(crate) goal: Option<Goal>,
}

/// All figures, one line each.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.other.map(|(_, other)| self.ours / other)
    }

    fn verdict(&self) -> &'static str {
        let reached = match (self.goal, self.ratio()) {
            (Some(Goal::Ratio(most)), Some(ratio)) => ratio <= most,
            (Some(Goal::AtMost(most)), _) => self.ours <= most,
            _ => return "",
        };
        if reached { "reached" } else { "missed" }
    }

    fn cells(&self) -> [String; COLUMNS] {
        let amount = |value: f64| match self.unit {
            "" => format!("{value}"),
            unit => format!("{value:.3} {unit}"),
        };
        let goal = match self.goal {
            Some(Goal::Ratio(most)) => format!("<= {most:.2}x"),
            Some(Goal::AtMost(most)) => format!("<= {} {}", most, self.unit).trim_end().to_owned(),
            None => String::new(),
        };
        [
            self.number.to_owned(),
            self.what.to_owned(),
            amount(self.ours),
            self.other.map_or_else(String::new, |(_, other)| amount(other)),
            self.ratio().map_or_else(String::new, |ratio| format!("{ratio:.3}x")),
            goal,
            self.verdict().to_owned(),
            self.other.map_or_else(String::new, |(name, _)| name.to_owned()),
        ]
    }
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }
}

const COLUMNS: usize = 8;
const HEADINGS: [&str; COLUMNS] = ["#", "what", "ours", "other", "ratio", "goal", "", "the other is"];
/// Columns of numbers, which stand on the right.
const NUMBERS: [bool; COLUMNS] = [false, false, true, true, true, true, false, false];

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        let mut widths = [0; COLUMNS];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.len().max(*width);
            }
        }
        for line in &lines {
            let cells = line.iter().zip(widths).zip(NUMBERS).map(|((cell, width), is_number)| {
                if is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// In milliseconds: the middle one, or the mean of the two in the middle. Not a number where there are none.
pub(crate) fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let middle = [sorted.len().wrapping_sub(1) / 2, sorted.len() / 2];
    let [low, high] = middle.map(|index| sorted.get(index).copied().map_or(f64::NAN, millis));
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: f64, other: Option<f64>, goal: Option<Goal>) -> Row {
        Row { number: "P0", what: "it", ours, other: other.map(|other| ("that", other)), unit: "ms", goal }
    }

    #[test]
    fn the_median_is_the_middle() {
        let times = |all: &[u64]| all.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        assert_eq!(median(&times(&[9, 1, 2])), 2.0);
        assert_eq!(median(&times(&[4, 1, 2, 9])), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_goal_is_reached_up_to_its_limit() {
        assert_eq!(row(1.0, Some(10.0), Some(Goal::Ratio(0.1))).verdict(), "reached");
        assert_eq!(row(1.1, Some(10.0), Some(Goal::Ratio(0.1))).verdict(), "missed");
        assert_eq!(row(3.0, None, Some(Goal::AtMost(3.0))).verdict(), "reached");
        assert_eq!(row(3.1, Some(10.0), Some(Goal::AtMost(3.0))).verdict(), "missed");
        assert_eq!(row(1.0, Some(10.0), None).verdict(), "");
    }

    #[test]
    fn a_figure_that_is_none_reaches_nothing() {
        assert_eq!(row(f64::NAN, Some(10.0), Some(Goal::Ratio(0.1))).verdict(), "missed");
        assert_eq!(row(f64::NAN, None, Some(Goal::AtMost(3.0))).verdict(), "missed");
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::default();
        table.add(row(1.0, Some(10.0), Some(Goal::Ratio(0.1))));
        table.add(row(123.4567, None, None));
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "P0  it      1.000 ms  10.000 ms  0.100x  <= 0.10x  reached  that");
        assert_eq!(lines[2], "P0  it    123.457 ms");
    }
}
