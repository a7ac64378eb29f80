//! Figures as plots, in SVG. Without a row for a store there is no line or bar for it.

use crate::{
    bars::{bars, erase_spread, memory, read_cost},
    baseline::STORES,
    results::{Outcome, Row},
    stores::OWN,
    tables::{ELSEWHERE, elsewhere, find},
};
use plotters::{
    coord::Shift,
    element::{Circle, DynElement, IntoDynElement, Rectangle, TriangleMarker},
    prelude::*,
    series::DashedLineSeries,
    style::text_anchor::{HPos, Pos, VPos},
};

pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub const INK: RGBColor = RGBColor(40, 40, 40);
pub const GRID: RGBColor = RGBColor(225, 225, 225);
/// Told apart by people who see no red or no green.
pub const COLOURS: [RGBColor; 10] = [
    RGBColor(0, 90, 181),
    RGBColor(213, 94, 0),
    RGBColor(0, 138, 105),
    RGBColor(150, 75, 150),
    RGBColor(120, 120, 120),
    RGBColor(178, 140, 0),
    RGBColor(60, 160, 215),
    RGBColor(170, 30, 60),
    RGBColor(100, 70, 30),
    RGBColor(230, 120, 170),
];

/// The names of the plots, as files.
pub const NAMES: [&str; 4] = [
    "write-cost.svg",
    "erase-spread.svg",
    "read-cost.svg",
    "ram.svg",
];

/// All plots, by name.
pub fn all(rows: &[Row]) -> Result<Vec<(String, String)>, String> {
    let [write, spread, read, ram] = NAMES;
    Ok(vec![
        (write.to_owned(), write_cost(rows)?),
        (spread.to_owned(), bars(&erase_spread(rows))?),
        (read.to_owned(), bars(&read_cost(rows))?),
        (ram.to_owned(), bars(&memory(rows))?),
    ])
}

pub fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// The first number of a text like `2611.5 (12770)`.
pub fn number(text: &str) -> Option<f64> {
    text.split([' ', '/']).next()?.parse().ok()
}

/// Draws into an SVG of this size.
pub fn svg(
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<String, String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let done = area
            .fill(&WHITE)
            .map_err(Into::into)
            .and_then(|()| draw(&area))
            .and_then(|()| area.present().map_err(Into::into));
        done.map_err(|error| format!("plot: {error}"))?;
    }
    Ok(text)
}

/// A line of a plot.
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
    /// Measured elsewhere: dashed.
    foreign: bool,
}

/// What the two caches of a store have no part in is shown once.
fn shown(store: &str) -> Option<&str> {
    match store {
        "sequential-storage, key cache" => None,
        "sequential-storage, no cache" => Some("sequential-storage"),
        other => Some(other),
    }
}

const UTILISATIONS: [u32; 4] = [20, 40, 60, 80];

fn write_lines(rows: &[Row], flash: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |name: String, figure: &dyn Fn(&str) -> Option<f64>, foreign| {
        let points: Vec<(f64, f64)> = UTILISATIONS
            .iter()
            .filter_map(|percent| {
                let figure = figure(&format!("util{percent}"))?;
                Some((f64::from(*percent), figure))
            })
            .collect();
        lines.push(Line {
            name,
            points,
            foreign,
        });
    };
    for store in STORES {
        let Some(name) = shown(store) else { continue };
        let figure = |workload: &str| {
            let row = find(rows, store, flash, workload)?;
            let set = row.set.filter(|_| row.outcome == Outcome::Good)?;
            Some(set.per(set.counters.program_bytes))
        };
        add(name.to_owned(), &figure, false);
    }
    let elsewhere = elsewhere();
    if let Some(stores) = elsewhere["write"][flash].as_object() {
        for (store, figures) in stores {
            let figure = |workload: &str| number(figures[workload].as_str()?);
            add(format!("{store}{ELSEWHERE}"), &figure, true);
        }
    }
    lines.retain(|line| !line.points.is_empty());
    lines
}

/// Bytes programmed per set against utilisation.
fn write_cost(rows: &[Row]) -> Result<String, String> {
    let panels = [
        ("qspi: 64 sectors of 4 KiB", write_lines(rows, "qspi")),
        ("nrf52: 8 sectors of 4 KiB", write_lines(rows, "nrf52")),
    ];
    // The same store has the same colour in both.
    let mut names: Vec<String> = Vec::new();
    for line in panels.iter().flat_map(|(_, lines)| lines) {
        if !names.contains(&line.name) {
            names.push(line.name.clone());
        }
    }
    svg((1080, 470), |area| {
        let title = "Bytes programmed per set of a value of 128 bytes";
        area.draw(&Text::new(title, (20, 12), font(19)))?;
        let (plots, legend) = area.split_horizontally(850);
        let (left, right) = plots.split_horizontally(425);
        for (place, (caption, lines)) in [left, right].iter().zip(&panels) {
            write_panel(place, caption, lines, &names)?;
        }
        for (index, name) in names.iter().enumerate() {
            let y = 70 + 26 * index as i32;
            let foreign = name.ends_with(ELSEWHERE);
            let stroke = COLOURS[index % COLOURS.len()].stroke_width(2);
            let ends = if foreign {
                vec![(4, 12), (20, 28)]
            } else {
                vec![(4, 28)]
            };
            for (from, to) in ends {
                legend.draw(&PathElement::new(vec![(from, y), (to, y)], stroke))?;
            }
            legend.draw(&(EmptyElement::at((16, y)) + marker(index)))?;
            let centred = font(14).pos(Pos::new(HPos::Left, VPos::Center));
            legend.draw(&Text::new(name.as_str(), (36, y + 2), centred))?;
        }
        let y = 80 + 26 * names.len() as i32;
        let note = [
            format!("{} measured elsewhere", ELSEWHERE.trim()),
            "no point: full, or failed".to_owned(),
        ];
        for (line, text) in note.iter().enumerate() {
            let place = (4, y + 20 * line as i32);
            legend.draw(&Text::new(text.as_str(), place, font(13)))?;
        }
        Ok(())
    })
}

/// The marker of a line: another shape where the colour alone would be close.
fn marker<'a>(index: usize) -> DynElement<'static, SVGBackend<'a>, (i32, i32)> {
    let style = COLOURS[index % COLOURS.len()].filled();
    match index % 3 {
        0 => Circle::new((0, 0), 5, style).into_dyn(),
        1 => Rectangle::new([(-4, -4), (4, 4)], style).into_dyn(),
        _ => TriangleMarker::new((0, 0), 6, style).into_dyn(),
    }
}

fn write_panel(
    area: &Area<'_>,
    caption: &str,
    lines: &[Line],
    names: &[String],
) -> Result<(), Box<dyn std::error::Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .margin_top(42)
        .caption(caption, font(15))
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(16.0..84.0, (100.0..20_000.0).log_scale())?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style(font(13))
        .axis_desc_style(font(14))
        .x_desc("live keys and values, % of the partition")
        .y_desc("bytes per set")
        .x_labels(7)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    for line in lines.iter().rev() {
        let index = names.iter().position(|name| *name == line.name);
        let index = index.unwrap_or_default();
        let width = if line.name == OWN { 4 } else { 2 };
        let stroke = COLOURS[index % COLOURS.len()].stroke_width(width);
        let points = line.points.clone();
        if line.foreign {
            chart.draw_series(DashedLineSeries::new(points, 6, 4, stroke))?;
        } else {
            chart.draw_series(LineSeries::new(points, stroke))?;
        }
        chart.draw_series(line.points.iter().map(|point| {
            let at = EmptyElement::at(*point);
            at + marker(index)
        }))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_texts() {
        assert_eq!(number("2611.5 (12770)"), Some(2611.5));
        assert_eq!(number("1/14"), Some(1.0));
        assert_eq!(number("full"), None);
    }
}
