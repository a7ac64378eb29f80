//! The commands of `docs/firmware.md`, run as they stand there, on a copy of what is delivered.

use std::fs;

use crate::bare_metal;
use crate::cmake::{Project, cannot, copy, expect, quiet};
use crate::paths;
use crate::process::{Failure, command};

use super::boards::{BOARDS, Board};

/// Runs the commands of each board, the last one twice.
pub(super) fn check() -> Result<(), Failure> {
    let page = paths::root().join("docs/firmware.md");
    let text = fs::read_to_string(&page).map_err(|error| cannot("read", &page, &error))?;
    let sections = sections(&text);
    let project = Project::nvkv_alone("firmware page")?;
    let example = "c-examples/firmware";
    copy(
        &paths::root().join(example),
        &project.source().join(example),
    )?;
    for (commands, board) in &sections {
        let mut shell = command("sh");
        shell.current_dir(project.source());
        // The archive as CMake would build it; that it does is seen in the steps for CMake.
        let archive = bare_metal::built(board.target, "libnvkv.a");
        let from = format!(" -DNVKV_PREBUILT='{}'", archive.display());
        let lines: Vec<String> = commands
            .iter()
            .map(|line| match line.starts_with("cmake -S") {
                true => format!("{line}{from}"),
                false => line.clone(),
            })
            .collect();
        let last = lines.last().map_or("", String::as_str);
        let all = format!("set -e\n{}\n{last}\n", lines.join("\n"));
        let printed = quiet(shell.args(["-c", &all]))?;
        let promised: &[&str] = match board.name {
            "microbit" => &["starts: 1\nstarts: 1\n"],
            _ => &["starts: 1\nstarts: 2\n"],
        };
        for what in promised {
            expect(&printed, what)?;
        }
    }
    match sections.len() {
        5 => Ok(()),
        count => Err(Failure::new(format!("docs/firmware.md has {count} boards"))),
    }
}

/// The commands of each block that builds a board, continued lines put together.
fn sections(text: &str) -> Vec<(Vec<String>, &'static Board)> {
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .filter_map(|rest| {
            let block = rest.split("```").next()?;
            let block = block.replace("\\\n", "");
            let name = block.split("-DBOARD=").nth(1)?.split_whitespace().next()?;
            let board = BOARDS.iter().find(|board| board.name == name)?;
            Some((block.lines().map(str::to_owned).collect(), board))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_build_are_found() {
        let text = "```sh\napt-get\n```\nx\n```sh\ncmake -DBOARD=virt\nrun \\\n  it\n```\n";
        let found = sections(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, ["cmake -DBOARD=virt", "run   it"]);
        assert_eq!(found[0].1.name, "virt");
    }
}
