//! What a stroke or a text of a chart means. Colours are not decided here: each ink becomes a class, and a style sheet has the
//! colours of the screen at day, at night and of paper.

use plotters::style::Color;
use plotters_backend::BackendColor;

/// The meaning of a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ink {
    /// Words beside the axes.
    Label,
    /// The lines of the grid.
    Grid,
    /// Where nothing was observed.
    Gap,
    /// Where the server could not be reached.
    Unreachable,
    /// The foot of [`Self::Unreachable`], so that it is told from a gap without its colour.
    UnreachableFoot,
    /// A value that matters, such as a threshold.
    Limit,
    /// The area from the smallest to the largest values of the first line.
    Band1,
    /// The same of the second line.
    Band2,
    /// The averages of the first line.
    Line1,
    /// The averages of the second line.
    Line2,
}

const ALL: [(Ink, &str); 10] = [
    (Ink::Label, "t"),
    (Ink::Grid, "g"),
    (Ink::Gap, "n"),
    (Ink::Unreachable, "u"),
    (Ink::UnreachableFoot, "f"),
    (Ink::Limit, "h"),
    (Ink::Band1, "b1"),
    (Ink::Band2, "b2"),
    (Ink::Line1, "l1"),
    (Ink::Line2, "l2"),
];

impl Ink {
    /// The class of the elements that are drawn with it.
    pub(crate) fn class_of(color: BackendColor) -> &'static str {
        ALL.get(usize::from(color.rgb.0)).map_or("", |(_, class)| class)
    }
}

/// Plotters hands colours through to its back end; ours takes the red of one as the number of an ink.
impl Color for Ink {
    fn to_backend_color(&self) -> BackendColor {
        let place = ALL.iter().position(|(ink, _)| ink == self).unwrap_or_default();
        BackendColor { alpha: 1.0, rgb: (u8::try_from(place).unwrap_or_default(), 0, 0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_comes_back_as_its_class() {
        for (ink, class) in ALL {
            assert_eq!(Ink::class_of(ink.to_backend_color()), class);
        }
    }
}
