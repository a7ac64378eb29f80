//! Flash and RAM: sections and symbols of linked images.

use super::firmware::{self, PROCESSORS, Processor};
use super::stack;
use super::{Measured, Measurement, figures::Table};
use crate::process::Failure;

/// What is linked of the library: the values of `IMAGE` in `tests/footprint/images.c`.
const IMAGES: [(&str, &str); 3] = [
    ("1", "open, set, get, remove, iterate"),
    ("2", "all of one store"),
    ("3", "and the global API, locks, names"),
];

/// Sections of RAM; their rows.
const DATA: [(&str, &str, &str); 3] = [
    ("2", ".data", "data, all of one store"),
    ("2", ".bss", "bss, all of one store"),
    ("3", ".bss", "bss, and the global API, locks, names"),
];

/// Arrays in `tests/footprint/images.c`, and their rows.
const LENT: [(&str, &str); 3] = [
    ("ram_16_keys", "lent: 16 keys, 16 segments"),
    ("ram_64_keys", "lent: 64 keys, 64 segments"),
    ("ram_1000_keys", "lent: 1,000 keys, 64 segments"),
];

/// What may not be linked, and parts of the names by which it is known. Names of floating point are
/// those of Arm's ABI and of GCC; a processor without division of 64 bits has a function for it.
const FORBIDDEN: [(&str, &[&str]); 4] = [
    ("panics", &["9panicking"]),
    ("formatting", &["4core3fmt"]),
    (
        "floating point",
        &[
            "__aeabi_f",
            "__aeabi_d",
            "__aeabi_i2",
            "__aeabi_ui2",
            "__aeabi_l2",
            "__aeabi_ul2",
            "df2",
            "sf2",
            "df3",
            "sf3",
            "dfsi",
            "sfsi",
            "dfdi",
            "sfdi",
            "sidf",
            "sisf",
            "didf",
            "disf",
        ],
    ),
    (
        "64-bit division",
        &["ldivmod", "udivmoddi4", "divdi3", "moddi3"],
    ),
];

/// What is linked all the same, in every image. The list is exact: what is no longer linked must
/// leave it.
const KNOWN: [&str; 0] = [];

/// All of it; or what to install.
pub(super) fn measure() -> Measured {
    if let Some(what) = firmware::missing() {
        return Ok(Err(what));
    }
    let names = PROCESSORS.each_ref().map(|processor| processor.name);
    let mut flash = Table::new("Flash, bytes", &names);
    let mut memory = Table::new("RAM, bytes", &names);
    let mut stacks = stack::table(&names);
    for processor in &PROCESSORS {
        processor.archive()?;
        measure_images(processor, &mut flash, &mut memory)?;
        stack::measure(processor, &mut stacks)?;
    }
    Ok(Ok(Measurement {
        compiler: firmware::compilers(),
        tables: vec![flash, memory, stacks],
    }))
}

fn measure_images(
    processor: &Processor,
    flash: &mut Table,
    memory: &mut Table,
) -> Result<(), Failure> {
    let (empty, _) = image(processor, "0")?;
    for (number, row) in IMAGES {
        let (sections, path) = image(processor, number)?;
        let text = sections.text().saturating_sub(empty.text());
        flash.put(row, processor.name, text);
        for (_, section, row) in DATA.iter().filter(|(of, ..)| *of == number) {
            let size = sections.size(section).saturating_sub(empty.size(section));
            memory.put(row, processor.name, size);
        }
        is_free_of_the_forbidden(processor, &path)?;
    }
    let object = processor.compile("images.c")?;
    let symbols = processor.tool("nm", &["--print-size", &object.to_string_lossy()])?;
    for (symbol, row) in LENT {
        let size = size_of_symbol(&symbols, symbol)
            .ok_or_else(|| Failure::new(format!("images.c has no array {symbol}")))?;
        memory.put(row, processor.name, size);
    }
    Ok(())
}

fn image(processor: &Processor, number: &str) -> Result<(Sections, String), Failure> {
    let option = format!("-DIMAGE={number}");
    let path = processor.link(&format!("image{number}.elf"), &["images.c"], &[&option])?;
    let path = path.to_string_lossy().into_owned();
    let printed = processor.tool("size", &["-A", &path])?;
    Ok((Sections::parse(&printed), path))
}

/// Names and sizes.
struct Sections(Vec<(String, u64)>);

impl Sections {
    /// What `size -A` prints: a name, a size and an address in each line.
    fn parse(printed: &str) -> Self {
        let section = |line: &str| -> Option<(String, u64)> {
            let mut words = line.split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
        };
        Sections(printed.lines().filter_map(section).collect())
    }

    fn size(&self, wanted: &str) -> u64 {
        let matching = self.0.iter().filter(|(name, _)| name == wanted);
        matching.map(|(_, size)| *size).sum()
    }

    /// Code and constants, tables for unwinding included.
    fn text(&self) -> u64 {
        [".text", ".ARM.exidx", ".eh_frame"]
            .iter()
            .map(|name| self.size(name))
            .sum()
    }
}

/// Lines of `nm --print-size`: address, size, kind, name.
fn size_of_symbol(printed: &str, wanted: &str) -> Option<u64> {
    printed.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, size, _, name] if name == wanted => u64::from_str_radix(size, 16).ok(),
            _ => None,
        }
    })
}

fn is_free_of_the_forbidden(processor: &Processor, image: &str) -> Result<(), Failure> {
    let printed = processor.tool("nm", &["--format=just-symbols", image])?;
    let found = forbidden(&printed);
    if found == KNOWN {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{image}: [{}] is known to be linked of what is forbidden in firmware, and there is [{}]",
        KNOWN.join(", "),
        found.join(", ")
    )))
}

fn forbidden(names: &str) -> Vec<&'static str> {
    let is_there = |parts: &[&str]| {
        names
            .lines()
            .any(|name| parts.iter().any(|part| name.contains(part)))
    };
    let found = FORBIDDEN.iter().filter(|(_, parts)| is_there(parts));
    found.map(|(what, _)| *what).collect()
}

/// Prints the functions of an image with all of one store, the largest first.
pub(super) fn print_symbols(target: &str) -> Result<(), Failure> {
    let Some(processor) = PROCESSORS.iter().find(|known| known.short == target) else {
        let known = PROCESSORS.each_ref().map(|processor| processor.short);
        return Err(Failure::new(format!(
            "no `{target}`; there are {}",
            known.join(", ")
        )));
    };
    if let Some(what) = firmware::missing() {
        return Err(Failure::new(what));
    }
    processor.archive()?;
    let (_, path) = image(processor, "2")?;
    let options = [
        "--print-size",
        "--size-sort",
        "--reverse-sort",
        "--radix=d",
        "--demangle",
    ];
    let printed = processor.tool("nm", &[&options[..], &[&path]].concat())?;
    for line in printed.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        if let [_, size, _, name] = words[..] {
            println!("{:>6} {name}", size.trim_start_matches('0'));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read() {
        let printed =
            "image.elf  :\nsection size addr\n.text 1000 0\n.ARM.exidx 8 1000\n.data 4 2\n";
        let sections = Sections::parse(printed);
        assert_eq!(sections.text(), 1008);
        assert_eq!(sections.size(".data"), 4);
        assert_eq!(sections.size(".bss"), 0);
    }

    #[test]
    fn symbols_are_read() {
        let printed = "00000000 00000641 B ram_16_keys\n         U kv_store_open\n";
        assert_eq!(size_of_symbol(printed, "ram_16_keys"), Some(0x641));
        assert_eq!(size_of_symbol(printed, "kv_store_open"), None);
    }

    #[test]
    fn what_is_forbidden_is_found() {
        let names = "kv_store_set\n__aeabi_memcpy\n__aeabi_uidiv\n__aeabi_idivmod\nmemcpy\n";
        assert_eq!(forbidden(names), [""; 0]);
        for (name, what) in [
            ("_RNvNtCs1_4core9panicking9panic_fmt", "panics"),
            ("_RNvNtCs1_4core3fmt5write", "formatting"),
            ("__aeabi_dadd", "floating point"),
            ("__muldf3", "floating point"),
            ("__floatsisf", "floating point"),
            ("__aeabi_uldivmod", "64-bit division"),
            ("__udivdi3", "64-bit division"),
        ] {
            assert_eq!(forbidden(name), [what]);
        }
    }
}
