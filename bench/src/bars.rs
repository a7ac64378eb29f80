//! Plots of bars: a row for each store, a panel for each kind of figure, logarithmic.

use plotters::{
    element::Rectangle,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use serde_json::Value;

use crate::{
    baseline::STORES,
    plots::{Area, COLOURS, GRID, INK, font, number, svg},
    results::{Outcome, Row, Share},
    tables::{ELSEWHERE, elsewhere, find, inside},
};

/// Bars beside each other: a row for each store, a panel for each kind of figure.
pub struct Bars {
    title: &'static str,
    stores: Vec<String>,
    panels: Vec<Panel>,
}

struct Panel {
    caption: &'static str,
    axis: &'static str,
    /// Where the axis, which is logarithmic, begins.
    least: f64,
    figures: Vec<Option<f64>>,
}

/// A figure of a row here, and of a text from elsewhere.
struct Figure<'f> {
    caption: &'static str,
    axis: &'static str,
    least: f64,
    here: &'f dyn Fn(&str) -> Option<f64>,
    there: &'f dyn Fn(&Value) -> Option<f64>,
}

fn gather(title: &'static str, figures: &[Figure<'_>]) -> Bars {
    let elsewhere = elsewhere();
    let foreign = elsewhere["read"]["qspi"].as_object();
    let mut stores: Vec<String> = STORES.iter().map(|&name| name.to_owned()).collect();
    stores.extend(
        foreign
            .into_iter()
            .flatten()
            .map(|(name, _)| format!("{name}{ELSEWHERE}")),
    );
    let panels = figures
        .iter()
        .map(|figure| Panel {
            caption: figure.caption,
            axis: figure.axis,
            least: figure.least,
            figures: STORES
                .iter()
                .map(|name| (figure.here)(name))
                .chain(
                    foreign
                        .into_iter()
                        .flatten()
                        .map(|(_, texts)| (figure.there)(texts)),
                )
                .collect(),
        })
        .collect();
    Bars {
        title,
        stores,
        panels,
    }
}

/// A row on `qspi` that has figures.
fn good<'r>(rows: &'r [Row], store: &str, workload: &str) -> Option<&'r Row> {
    find(rows, store, "qspi", workload).filter(|row| row.outcome == Outcome::Good)
}

pub fn erase_spread(rows: &[Row]) -> Bars {
    let spread = |store: &str, workload: &str| {
        let (least, most) = good(rows, store, workload)?.wear?;
        Some(f64::from(most - least))
    };
    let part = |texts: &Value, index: usize| {
        let text = texts["spread"].as_str()?;
        text.split('/').nth(index)?.parse().ok()
    };
    gather(
        "Spread of wear: most minus least erases of a sector (qspi, 20,000 updates)",
        &[
            Figure {
                caption: "config: 64 keys of 32 bytes",
                axis: "erases",
                least: 0.5,
                here: &|store| spread(store, "config"),
                there: &|texts| part(texts, 0),
            },
            Figure {
                caption: "util40: 743 keys of 128 bytes",
                axis: "erases",
                least: 0.5,
                here: &|store| spread(store, "util40"),
                there: &|texts| part(texts, 1),
            },
        ],
    )
}

pub fn read_cost(rows: &[Row]) -> Bars {
    let per = |share: Option<Share>| share.map(|share| share.per(share.counters.reads));
    let text = |texts: &Value, name: &str| number(texts[name].as_str()?);
    gather(
        "Cost of reading (qspi, config: 64 keys of 32 bytes)",
        &[
            Figure {
                caption: "get",
                axis: "flash reads per get",
                least: 0.5,
                here: &|store| per(good(rows, store, "config")?.get),
                there: &|texts| text(texts, "get"),
            },
            Figure {
                caption: "get of a key that is not there",
                axis: "flash reads per miss",
                least: 0.5,
                here: &|store| per(good(rows, store, "config")?.miss),
                there: &|texts| text(texts, "miss"),
            },
            Figure {
                caption: "mount",
                axis: "KiB read",
                least: 0.5,
                here: &|store| {
                    let counted = good(rows, store, "config")?.mount?.counters;
                    Some(counted.read_bytes as f64 / 1024.0)
                },
                there: &|texts| Some(inside(&texts["mount"])? as f64 / 1024.0),
            },
        ],
    )
}

/// Keys of `many` less those of `config`.
const MORE_KEYS: f64 = 936.0;

pub fn memory(rows: &[Row]) -> Bars {
    let ram = |store: &str, workload| Some(good(rows, store, workload)?.ram as f64);
    let text = |texts: &Value, name: &str| number(texts[name].as_str()?);
    let per_key = |few: f64, many: f64| (many - few) / MORE_KEYS;
    gather(
        "RAM held by an open store, 64-bit host (qspi)",
        &[
            Figure {
                caption: "for each further key",
                axis: "bytes per key",
                least: 0.5,
                here: &|store| Some(per_key(ram(store, "config")?, ram(store, "many")?)),
                there: &|texts| Some(per_key(text(texts, "ram")?, text(texts, "ram many")?)),
            },
            Figure {
                caption: "with 64 keys",
                axis: "bytes",
                least: 10.0,
                here: &|store| ram(store, "config"),
                there: &|texts| text(texts, "ram"),
            },
            Figure {
                caption: "with 1,000 keys",
                axis: "bytes",
                least: 10.0,
                here: &|store| ram(store, "many"),
                there: &|texts| text(texts, "ram many"),
            },
        ],
    )
}

/// Width of the names of stores, and height of a bar with the space around it.
const NAMES_WIDTH: i32 = 235;
const BAR: u32 = 24;

pub fn bars(bars: &Bars) -> Result<String, String> {
    let count = bars.stores.len() as u32;
    let panels = bars.panels.len() as u32;
    let height = 116 + BAR * count;
    svg((NAMES_WIDTH as u32 + 290 * panels, height + 24), |area| {
        area.draw(&Text::new(bars.title, (20, 12), font(19)))?;
        let note = format!(
            "{} measured elsewhere; {}",
            ELSEWHERE.trim(),
            "no bar and no number: it cannot do this workload"
        );
        area.draw(&Text::new(note, (20, height as i32 + 2), font(13)))?;
        let (names, plots) = area.split_horizontally(NAMES_WIDTH);
        for (index, name) in bars.stores.iter().enumerate() {
            let y = 73 + (BAR as i32) * index as i32 + BAR as i32 / 2;
            let style = font(14).pos(Pos::new(HPos::Right, VPos::Center));
            names.draw(&Text::new(name.as_str(), (NAMES_WIDTH - 6, y), style))?;
        }
        let places = plots.split_evenly((1, bars.panels.len()));
        for (place, panel) in places.iter().zip(&bars.panels) {
            bar_panel(place, panel)?;
        }
        Ok(())
    })
}

fn bar_panel(area: &Area<'_>, panel: &Panel) -> Result<(), Box<dyn std::error::Error>> {
    let count = panel.figures.len();
    let largest = panel.figures.iter().flatten().copied().fold(1.0, f64::max);
    // Room for the number behind the longest bar.
    let most = largest * (largest / panel.least).powf(0.28);
    let caption = font(15).pos(Pos::new(HPos::Left, VPos::Top));
    area.draw(&Text::new(panel.caption, (4, 46), caption))?;
    let mut chart = ChartBuilder::on(area)
        .margin_top(70)
        .margin_right(16)
        .margin_left(4)
        .margin_bottom(28)
        .x_label_area_size(42)
        .build_cartesian_2d((panel.least..most).log_scale(), -(count as f64)..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style(font(12))
        .axis_desc_style(font(14))
        .x_desc(panel.axis)
        .x_labels(5)
        .x_label_formatter(&|x| amount(*x))
        .draw()?;
    for (index, figure) in panel.figures.iter().enumerate() {
        let Some(figure) = *figure else { continue };
        let (top, bottom) = (-(index as f64) - 0.18, -(index as f64) - 0.82);
        let colour = match index {
            0 => COLOURS[0],
            _ if index < STORES.len() => RGBColor(120, 150, 185),
            _ => RGBColor(185, 185, 185),
        };
        let end = figure.max(panel.least);
        let bar = Rectangle::new([(panel.least, top), (end, bottom)], colour.filled());
        chart.draw_series([bar])?;
        let style = font(12).pos(Pos::new(HPos::Left, VPos::Center));
        let place = (end, (top + bottom) / 2.0);
        chart.draw_series([EmptyElement::at(place) + Text::new(amount(figure), (5, 0), style)])?;
    }
    Ok(())
}

/// A number with as many places as it needs.
fn amount(figure: f64) -> String {
    match figure {
        figure if figure >= 100.0 => {
            let digits = format!("{figure:.0}");
            let mut text = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index).is_multiple_of(3) {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
        figure if figure >= 10.0 => format!("{figure:.0}"),
        figure => {
            let text = format!("{figure:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        let texts = [0.0, 0.98, 2.0, 12.4, 1234.0, 1_234_567.0].map(amount);
        assert_eq!(texts, ["0", "0.98", "2", "12", "1,234", "1,234,567"]);
    }
}
