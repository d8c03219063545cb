//! A back end of plotters that writes SVG as small as it can: classes instead of colours, and lines in relative steps.
//!
//! The one that comes with plotters repeats the whole style on every element, which neither follows a dark screen nor stays small
//! in a report of hundreds of charts.

use std::convert::Infallible;
use std::fmt::Write;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::ink::Ink;

/// Writes the elements of a drawing, without the `svg` element around them.
pub(crate) struct Svg<'a> {
    size: (u32, u32),
    elements: &'a mut String,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl<'a> Svg<'a> {
    pub(crate) fn new(size: (u32, u32), elements: &'a mut String) -> Self {
        Self { size, elements }
    }

    fn path(&mut self, points: impl IntoIterator<Item = BackendCoord>, color: BackendColor, close: &str) {
        let mut points = points.into_iter();
        let Some(first) = points.next() else { return };
        self.push(format_args!("<path class=\"{}\" d=\"M{} {}l", Ink::class_of(color), first.0, first.1));
        let mut before = first;
        let mut is_first = true;
        for (x, y) in points {
            let (dx, dy) = (x - before.0, y - before.1);
            if !is_first && dx >= 0 {
                self.elements.push(' ');
            }
            self.push(format_args!("{dx}"));
            if dy >= 0 {
                self.elements.push(' ');
            }
            self.push(format_args!("{dy}"));
            (before, is_first) = ((x, y), false);
        }
        if is_first {
            self.elements.push_str("0 0"); // a line of a single point, drawn as a dot by its round ends
        }
        self.push(format_args!("{close}\"/>"));
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.elements.write_fmt(text); // a String takes whatever is written to it
    }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.push(format_args!(
            "<rect class=\"{}\" x=\"{x}\" y=\"{y}\" width=\"1\" height=\"1\"/>",
            Ink::class_of(color)
        ));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.path([from, to], style.color(), "");
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, _fill: bool) -> Drawn {
        let class = Ink::class_of(style.color());
        let (width, height) = ((to.0 - from.0).max(1), (to.1 - from.1).max(1));
        self.push(format_args!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/>",
            from.0, from.1
        ));
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.path(path, style.color(), "");
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.path(path, style.color(), "z");
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, _fill: bool) -> Drawn {
        self.push(format_args!(
            "<circle class=\"{}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>",
            Ink::class_of(style.color())
        ));
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        let down = match style.anchor().v_pos {
            VPos::Top => ".8em",
            VPos::Center => ".35em",
            VPos::Bottom => "-.2em",
        };
        self.push(format_args!(
            "<text class=\"{}\" x=\"{x}\" y=\"{y}\" dy=\"{down}\"{anchor}>",
            Ink::class_of(style.color())
        ));
        for c in text.chars() {
            match c {
                '<' => self.elements.push_str("&lt;"),
                '>' => self.elements.push_str("&gt;"),
                '&' => self.elements.push_str("&amp;"),
                other => self.elements.push(other),
            }
        }
        self.elements.push_str("</text>");
        Ok(())
    }

    /// A guess: the letters are those of whoever looks. Labels are numbers and dates of known length, and have room.
    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let letters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let size = style.size().clamp(0.0, 1_000.0) as u32;
        Ok((letters.saturating_mul(size) * 6 / 10, size))
    }

    /// Charts hold no pictures.
    fn blit_bitmap(&mut self, _at: BackendCoord, _size: (u32, u32), _pixels: &[u8]) -> Drawn {
        Ok(())
    }
}
