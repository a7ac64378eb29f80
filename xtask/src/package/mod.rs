//! `cargo xtask package`: what is handed to people who have no Rust.
//!
//! | file | what it does |
//! |---|---|
//! | `slim.rs` | an archive for each processor, without what only weighs |
//! | `symbols.rs` | the names that an archive defines, and which it may |
//! | `link.rs` | links these archives in all the ways in which firmware is linked |
//! | `arduino.rs` | the library for Arduino |
//! | `sketches.rs` | its examples, compiled and run from the library as it is packed |
//! | `other_core.rs` | and one for a core without Mbed |
//! | `builder.rs` | the examples in Arduino's own builder |
//! | `bundle.rs` | the package for everybody else |
//! | `consumers.rs` | that package in stand-ins for Zephyr, ESP-IDF and Mbed CE |
//! | `validators.rs` | and in the tools of the package managers |
//! | `zip.rs` | zip files |

mod arduino;
mod builder;
mod bundle;
pub(crate) mod consumers;
pub(crate) mod link;
mod other_core;
pub(crate) mod sketches;
mod slim;
mod symbols;
mod validators;
mod zip;

use std::path::PathBuf;

use clap::Args;

use crate::process::Failure;

/// Options of `cargo xtask package`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the archives of targets with this in their names
    #[arg(
        long,
        value_name = "WORD",
        default_value = "",
        conflicts_with = "arduino"
    )]
    only: String,
    /// The library for Arduino, a zip file
    #[arg(long)]
    arduino: bool,
    /// Ask the package managers' own tools what they say of the packages; takes these tools from
    /// PyPI, and Arduino's builder from Debian
    #[arg(long, conflicts_with_all = ["only", "arduino"])]
    check: bool,
}

/// Builds the archives, prints how large they are, and packs them where it is all of them.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    if options.arduino {
        let file = arduino::build()?;
        println!("\n{}", file.display());
        return Ok(());
    }
    let targets: Vec<&str> = slim::TARGETS
        .into_iter()
        .filter(|target| target.contains(&options.only))
        .collect();
    if targets.is_empty() {
        return Err(Failure::new(format!(
            "no target has `{}` in its name; there are {}",
            options.only,
            slim::TARGETS.join(", ")
        )));
    }
    let archives = targets
        .into_iter()
        .map(slim::build)
        .collect::<Result<Vec<_>, _>>()?;
    println!("\n{}", slim::table(&archives));
    if options.only.is_empty() {
        let package = bundle::lay_out(&archives)?;
        let file = bundle::pack(&package)?;
        if options.check {
            validators::check(&package, &file)?;
            builder::check()?;
        }
        println!("\n{}", file.display());
    }
    Ok(())
}

/// Where packages and what they are made of go.
fn folder() -> PathBuf {
    crate::paths::target().join("package")
}
