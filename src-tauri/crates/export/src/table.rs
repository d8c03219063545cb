//! The one shape of everything that is exported: columns with a name and a unit, rows of typed cells.

use std::borrow::Cow;

use hostrounds_core::metric::Unit;
use hostrounds_core::time::UnixMillis;

/// A column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// What it holds; the key of its values in JSON.
    pub name: Cow<'static, str>,
    /// What kind of values stand in it.
    pub holds: Holds,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holds {
    /// Words, or numbers without a unit.
    Words,
    /// Moments.
    Moments,
    /// Numbers that count something.
    Quantities(Unit),
}

impl Column {
    /// A column of words, or of numbers without a unit.
    #[must_use]
    pub fn words(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), holds: Holds::Words }
    }

    /// A column of moments.
    #[must_use]
    pub fn moments(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), holds: Holds::Moments }
    }

    /// A column of numbers that count something.
    #[must_use]
    pub fn of(unit: Unit, name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), holds: Holds::Quantities(unit) }
    }

    /// The name with the unit behind it, as it stands above the column: `memory [By]`.
    #[must_use]
    pub fn heading(&self) -> String {
        match self.holds {
            Holds::Quantities(unit) => format!("{} [{}]", self.name, unit.ucum()),
            Holds::Words | Holds::Moments => self.name.clone().into_owned(),
        }
    }
}

/// A value.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Cell<'a> {
    /// Not known, or not there.
    #[default]
    Empty,
    /// Words, whoever wrote them: no format ever takes them for a formula.
    Text(Cow<'a, str>),
    /// A number in the unit of its column; one that is not finite counts as [`Self::Empty`].
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A moment, written in UTC with milliseconds.
    Time(UnixMillis),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Cell<'_> {
    fn from(number: u32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<UnixMillis> for Cell<'_> {
    fn from(at: UnixMillis) -> Self {
        Self::Time(at)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A table that fits into memory.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Table {
    /// What it holds; the name of its sheet.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell<'static>>>,
}
