//! Aligned columns.

use unicode_width::UnicodeWidthStr;

use super::safe;
use super::style::Style;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// How a cell is set off.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Doubtful,
    Bad,
}

/// One cell: text that cannot disturb the terminal.
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn toned(text: &str, tone: Tone) -> Self {
        Self { text: safe(text), tone }
    }

    fn width(&self) -> usize {
        self.text.width()
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text.as_ref(), Tone::Plain)
    }
}

/// A table: columns with a heading, rows of cells.
pub(crate) struct Table {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(columns: &[(&'static str, Side)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The same without the columns in which no row has anything.
    pub(crate) fn without_empty_columns(mut self) -> Self {
        let used: Vec<bool> = (0..self.columns.len())
            .map(|index| self.rows.iter().any(|row| row.get(index).is_some_and(|cell| !cell.text.is_empty())))
            .collect();
        let mut keep = used.iter().copied();
        self.columns.retain(|_| keep.next().unwrap_or(true));
        for row in &mut self.rows {
            let mut keep = used.iter().copied();
            row.retain(|_| keep.next().unwrap_or(true));
        }
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, headings first. Columns stand two spaces apart; nothing trails the last one.
    pub(crate) fn lines(&self, style: Style) -> Vec<String> {
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, (heading, _))| {
                let cells = self.rows.iter().filter_map(|row| row.get(index)).map(Cell::width);
                cells.fold(heading.width(), usize::max)
            })
            .collect();
        let headings = self.columns.iter().map(|(heading, _)| (*heading, style.strong(heading)));
        let mut lines = vec![self.line(&widths, headings)];
        for row in &self.rows {
            lines.push(self.line(&widths, row.iter().map(|cell| (cell.text.as_str(), toned(style, cell)))));
        }
        lines
    }

    /// Padding counts what is seen, so each cell comes with its plain text.
    fn line<'a>(&self, widths: &[usize], cells: impl Iterator<Item = (&'a str, String)>) -> String {
        let mut line = String::new();
        let mut owed = 0;
        for ((plain, shown), ((_, side), width)) in cells.zip(self.columns.iter().zip(widths)) {
            let padding = width.saturating_sub(plain.width());
            let before = if *side == Side::Right { padding } else { 0 };
            if !plain.is_empty() {
                line.extend(std::iter::repeat_n(' ', owed + before));
                line.push_str(&shown);
                owed = 2 + padding - before;
            } else {
                owed += 2 + padding;
            }
        }
        line
    }
}

fn toned(style: Style, cell: &Cell) -> String {
    match cell.tone {
        Tone::Plain => cell.text.clone(),
        Tone::Good => style.good(&cell.text),
        Tone::Doubtful => style.doubtful(&cell.text),
        Tone::Bad => style.bad(&cell.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_without_anything_can_be_left_out() {
        let mut table = Table::new(&[("NAME", Side::Left), ("READ", Side::Right), ("NOTE", Side::Left)]);
        table.row(["a".into(), "".into(), "".into()]);
        table.row(["b".into(), "".into(), "ok".into()]);
        assert_eq!(table.without_empty_columns().lines(Style::plain()), ["NAME  NOTE", "a", "b     ok"]);
    }

    #[test]
    fn columns_are_aligned_whatever_the_script_and_nothing_trails() {
        let mut table = Table::new(&[("NAME", Side::Left), ("USED", Side::Right), ("NOTE", Side::Left)]);
        table.row(["资料".into(), "3.4 %".into(), "".into()]);
        table.row(["données".into(), "".into(), "ok".into()]);
        table.row(["x\u{1b}[31m\n".into(), "100 %".into(), "".into()]);
        assert_eq!(
            table.lines(Style::plain()),
            ["NAME      USED  NOTE", "资料     3.4 %", "données         ok", "x\u{FFFD}[31m\u{FFFD}  100 %"]
        );
    }
}
