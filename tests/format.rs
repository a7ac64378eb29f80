//! The bytes on flash are those of `docs/format.md`: golden images are rebuilt byte for byte,
//! mount, and are read by a second reader that knows the document only.
//!
//! After a change of the format: `NVKV_UPDATE=1 cargo test --features sim --test format \
//! images_are`.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;
#[path = "format/counted.rs"]
mod counted;
#[path = "format/counts.rs"]
mod counts;
#[path = "format/reader.rs"]
mod reader;
#[path = "format/rot.rs"]
mod rot;

use std::{fmt::Write as _, fs, path::PathBuf};

use common::{IndexSize, Lent, oracle::Store};
use counted::Contents;
use nvkv::{
    engine::{Config, Engine},
    error::Error,
    flash::sim::{Call, Cut, CutPoint, EraseTear, Geometry, ProgramTear, Sim},
};
use reader::{Division, crc32, hash};

/// Keys that the index has room for.
const KEYS: u32 = 80;
/// Keys that change all the time.
const BUSY: u32 = 11;
/// Keys that are set once, where the partition has segments enough to keep them apart.
const QUIET: u32 = 60;
const CONFIG: Config = Config {
    segment_size: 0,
    format_if_unrecognised: false,
    previous_on_damage: false,
    skip_verify: false,
    tidy_always: false,
};

/// The golden images: a name, and the flash.
fn flashes() -> Vec<(&'static str, Geometry)> {
    let nor = Geometry::uniform;
    vec![
        ("unit-1", nor(8, 512, 1)),
        ("unit-4", nor(8, 512, 4)),
        ("unit-32", nor(3, 4096, 32)),
        (
            "no-erase",
            Geometry {
                erased_byte: None,
                needs_erase: false,
                ..nor(8, 256, 1)
            },
        ),
        (
            "erased-0",
            Geometry {
                erased_byte: Some(0),
                ..nor(20, 512, 16)
            },
        ),
        (
            "mixed",
            Geometry {
                sectors: vec![512, 1024, 512, 512, 1024, 512, 512, 1024, 256],
                ..nor(0, 0, 8)
            },
        ),
    ]
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn golden(name: &str) -> PathBuf {
    root().join("tests/golden").join(name)
}

fn division(geometry: &Geometry) -> Division {
    Division::new(&geometry.sectors, geometry.program_size)
}

/// A store filled the same way each time, and what is in it.
struct Built {
    sim: Sim,
    contents: Contents,
    calls: Vec<Call>,
}

/// Sets a key, and notes it; `false` when it does not fit.
fn put(store: &mut Store<'_, '_>, held: &mut Contents, key: &str, value: &[u8], flags: u8) -> bool {
    match store.set(key.as_bytes(), value, flags) {
        Ok(()) => {
            held.insert(key.as_bytes().to_vec(), (flags, value.to_vec()));
            true
        }
        Err(Error::Full) => false,
        Err(error) => panic!("set {key}: {error}"),
    }
}

fn value(round: u32, size: u32) -> Vec<u8> {
    (0..size).map(|at| (round * 31 + at * 7) as u8).collect()
}

/// Small values over and over, until segments were collected.
fn churn(store: &mut Store<'_, '_>, held: &mut Contents, rounds: std::ops::Range<u32>) {
    for round in rounds {
        let key = format!("key/{}", round * 5 % BUSY);
        put(store, held, &key, &value(round, 3 + round % 17), 0);
    }
}

fn build(geometry: &Geometry) -> Built {
    let mut sim = Sim::new(geometry.clone(), 1);
    let mut held = Contents::new();
    let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(KEYS));
    sim.trace();
    Engine::format(&mut sim, lent.memory(), &CONFIG).unwrap();
    let rounds = sim.size() / 12;

    let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
    store.reserved_data_set(b"root of trust").unwrap();
    held.insert(Vec::new(), (1, b"root of trust".to_vec()));
    assert!(put(&mut store, &mut held, "once", b"for ever", 1));
    let size = division(geometry).segment_size as u32 * 3 / 5;
    assert!(put(&mut store, &mut held, "large", &value(1, size), 2));
    let quiet = if division(geometry).segments.len() < 16 {
        0
    } else {
        QUIET
    };
    for part in 0..QUIET {
        churn(
            &mut store,
            &mut held,
            rounds * part / QUIET..rounds * (part + 1) / QUIET,
        );
        if part < quiet {
            assert!(put(
                &mut store,
                &mut held,
                &format!("quiet/{part}"),
                &value(part, 9),
                0
            ));
        }
    }
    store.remove(b"key/3").unwrap();
    held.remove(&b"key/3"[..]);

    // A boot that nothing interrupts, and one after a cut in the second half of a record.
    let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
    churn(&mut store, &mut held, rounds..rounds + 4);
    sim.arm(Cut {
        call: 0,
        point: CutPoint::Units { whole: 1, torn: 1 },
        program: ProgramTear::Prefix,
        erase: EraseTear::MixBytes,
    });
    let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
    let torn = store.set(b"key/1", &value(9, 30), 0);
    assert!(torn.is_err());
    sim.power_on();
    let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
    churn(&mut store, &mut held, rounds + 4..rounds + 7);
    assert!(put(&mut store, &mut held, "key/1", b"whole", 8));

    assert_eq!(sim.breaches(), []);
    let calls = sim.take_calls();
    Built {
        sim,
        contents: held,
        calls,
    }
}

/// One line a key: flags, length and CRC-32 of the value, the key; `-` for the reserved data.
fn listing(contents: &Contents) -> String {
    let mut text = String::new();
    for (key, (flags, value)) in contents {
        let name = match key.as_slice() {
            [] => "-".to_string(),
            key => String::from_utf8_lossy(key).into_owned(),
        };
        let crc = crc32(0, value);
        writeln!(text, "{flags} {} {crc:08x} {name}", value.len()).unwrap();
    }
    text
}

/// What the library finds on a flash.
fn read_all(store: &mut Store<'_, '_>) -> Contents {
    let mut contents = Contents::new();
    let mut order = Vec::new();
    let id = store.iterator_open(b"").unwrap();
    let mut key = [0; 64];
    while let Ok(size) = store.iterator_next(id, &mut key) {
        let key = &key[..size];
        let info = store.info(key).unwrap();
        let mut value = vec![0; info.size as usize];
        assert_eq!(store.get(key, 0, &mut value), Ok(value.len() as u32));
        contents.insert(key.to_vec(), (info.flags, value));
        order.push((hash(key), crc32(size as u32, key)));
    }
    store.iterator_close(id).unwrap();
    assert!(
        order.is_sorted(),
        "section 2: keys come in the order of hashes"
    );
    let mut reserved = [0; 64];
    let size = store.reserved_data_get(&mut reserved).unwrap();
    contents.insert(Vec::new(), (1, reserved[..size].to_vec()));
    contents
}

/// The golden image of a flash, and its listing.
fn committed(name: &str) -> (Vec<u8>, String) {
    let missing = |_| panic!("tests/golden lacks {name}: see the head of tests/format.rs");
    let image = fs::read(golden(&format!("{name}.img"))).unwrap_or_else(missing);
    let text = fs::read_to_string(golden(&format!("{name}.txt"))).unwrap();
    (image, text)
}

#[test]
fn images_are_as_committed() {
    let mut bytes = 0;
    for (name, geometry) in flashes() {
        let built = build(&geometry);
        let (image, text) = (built.sim.image(), listing(&built.contents));
        bytes += image.len();
        if std::env::var_os("NVKV_UPDATE").is_some() {
            fs::write(golden(&format!("{name}.img")), &image).unwrap();
            fs::write(golden(&format!("{name}.txt")), &text).unwrap();
        }
        let (old, listed) = committed(name);
        let differs = old.iter().zip(&image).position(|(old, new)| old != new);
        assert_eq!(differs, None, "{name}: first byte that differs");
        assert_eq!(old.len(), image.len(), "{name}");
        assert_eq!(listed, text, "{name}");
    }
    assert!(bytes <= 64 * 1024, "golden images of {bytes} bytes");
}

#[test]
fn committed_images_mount() {
    for (name, geometry) in flashes() {
        let (image, text) = committed(name);
        let mut sim = Sim::from_image(geometry, &image, 2);
        let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(KEYS));
        for _ in 0..2 {
            let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
            assert_eq!(listing(&read_all(&mut store)), text, "{name}");
            assert_eq!(store.check().unwrap().records_damaged, 0, "{name}");
        }
        let counters = sim.counters();
        assert_eq!((counters.programs, counters.erases), (0, 0), "{name}");
        assert_eq!(sim.image(), image, "{name}");
        let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
        assert_eq!(store.set(b"once", b"", 0), Err(Error::WriteProtected));
        store.set(b"key/1", b"later", 0).unwrap();
    }
}

#[test]
fn an_independent_reader_finds_the_same() {
    let mut seen = [0; 8];
    let mut limited = 0;
    for (name, geometry) in flashes() {
        let (image, text) = committed(name);
        let division = division(&geometry);
        let contents = counted::contents(&division, &image);
        assert_eq!(listing(&contents), text, "{name}");
        for counted in counted::segments_that_count(&division, &image) {
            limited += u32::from(counted.limit < division.segment_size);
            for record in counted.records {
                seen[usize::from(record.kind)] += 1;
                seen[0] += u32::from(record.void_from.is_some());
            }
        }
    }
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
    assert!(limited > 0, "section 5.5: no segment for what is moved");
}

/// Sections 3.2 and 8.1.
#[test]
fn headers_by_hand() {
    let (mut users, mut moved, mut sources) = (0, 0, 0);
    for (name, geometry) in flashes() {
        let (image, _) = committed(name);
        let division = division(&geometry);
        let headed = |at: usize| reader::header(&division, &image, at);
        let headers: Vec<_> = (0..division.segments.len()).filter_map(headed).collect();
        let newest = headers.iter().map(|header| header.number).max().unwrap();
        assert_eq!(newest % 2, 0, "{name}: the newest is one of the user's");
        for header in headers {
            assert!(header.erase_count > 0 && header.number > 0, "{name}");
            assert_eq!(header.number % 2 == 1, header.moved, "{name}: section 8.1");
            users += u32::from(!header.moved);
            moved += u32::from(header.moved);
            let Some(source) = header.source else {
                continue;
            };
            sources += 1;
            assert!(source < division.segments.len() && !header.moved, "{name}");
        }
    }
    let seen = [users, moved, sources];
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

/// Sections 5.5 and 5.6.
#[test]
fn lists_and_retire_records_by_hand() {
    let (mut lists, mut listed, mut victims, mut limits) = (0, 0, 0, 0);
    for (name, geometry) in flashes() {
        let (image, _) = committed(name);
        let d = division(&geometry);
        let counted = counted::segments_that_count(&d, &image);
        let is_moved = |at: usize| reader::header(&d, &image, at).unwrap().moved;
        for segment in counted.iter().filter(|counted| !is_moved(counted.segment)) {
            let (counts, _) = counted::list(&d, &segment.records).unwrap();
            assert_eq!(segment.records[0].place, d.first, "{name}");
            assert!(!counts[segment.segment], "{name}: its own bit");
            let others = segment.records[1..].iter();
            assert!(others.clone().all(|record| record.kind != 6), "{name}");
            lists += 1;
            listed += counts.iter().filter(|&&counts| counts).count();
            let retired = others.filter_map(|record| counted::retire(&d, record));
            let (named, limited): (Vec<_>, Vec<_>) = retired.unzip();
            victims += named.iter().flatten().count();
            limits += limited.iter().flatten().count();
            let source = reader::header(&d, &image, segment.segment).unwrap().source;
            if let Some(at) = source {
                assert!(named.contains(&source), "{name}: retires {named:?}");
                assert!(!counts[at], "{name}: the source is left out");
            }
        }
    }
    let seen = [lists, listed, victims, limits];
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

/// Section 8.3.
#[test]
fn a_formatted_partition_has_one_segment() {
    for (name, geometry) in flashes() {
        let d = division(&geometry);
        let mut sim = Sim::new(geometry, 1);
        let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(4));
        Engine::format(&mut sim, lent.memory(), &CONFIG).unwrap();
        let image = sim.image();
        let headed = |&at: &usize| reader::header(&d, &image, at).is_some();
        let used: Vec<usize> = (0..d.segments.len()).filter(headed).collect();
        let counted = counted::segments_that_count(&d, &image);
        assert_eq!((used.len(), counted.len()), (1, 1), "{name}");
        let header = reader::header(&d, &image, used[0]).unwrap();
        assert_eq!((header.number, header.erase_count), (2, 1), "{name}");
        let kinds = counted[0].records.iter().map(|record| record.kind);
        assert!(kinds.eq([6, 5]), "{name}");
        let (counts, limit) = counted::list(&d, &counted[0].records).unwrap();
        assert_eq!((counts.contains(&true), limit), (false, None), "{name}");
    }
}

#[test]
fn bytes_of_the_example() {
    let mut sim = Sim::new(Geometry::uniform(4, 512, 1), 1);
    let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(4));
    Engine::format(&mut sim, lent.memory(), &CONFIG).unwrap();
    lent.mount(&mut sim, &CONFIG)
        .unwrap()
        .set(b"a", b"xy", 0)
        .unwrap();
    let (image, division) = (sim.image(), division(sim.geometry()));
    let bytes = division.bytes(&image, 0);

    // The document has the same bytes, and the vectors of section 2.
    let document = fs::read_to_string(root().join("docs/format.md")).unwrap();
    let (_, example) = document.split_once("### 5.8 Example").unwrap();
    let (_, table) = example.split_once("```text\n").unwrap();
    let (table, _) = table.split_once("```").unwrap();
    let mut left = bytes.to_vec();
    for line in table.lines() {
        let mut words = line.split_whitespace();
        let at: usize = words.next().unwrap().parse().unwrap();
        let hex = words.map_while(|word| u8::from_str_radix(word, 16).ok());
        let hex: Vec<u8> = hex.collect();
        assert_eq!(bytes[at..at + hex.len()], hex, "{line}");
        left[at..at + hex.len()].fill(0xFF);
    }
    assert!(left.iter().all(|&byte| byte == 0xFF), "not all is shown");
    for (seed, seed_text) in [(0, "0"), (1, "1"), (0x766B_766E, "0x766B766E")] {
        let crc = crc32(seed, b"123456789");
        let row = format!("| `{seed_text}` | `123456789` | `0x{crc:08X}` |");
        assert!(document.contains(&row), "{row}");
    }
    for (key, shown) in [
        ("", "(empty)"),
        ("a", "`a`"),
        ("app/cfg/00001", "`app/cfg/00001`"),
    ] {
        let row = format!("| {shown} | `0x{:08X}` |", hash(key.as_bytes()));
        assert!(document.contains(&row), "{row}");
    }
}

#[test]
fn program_calls_stay_in_their_block() {
    for (name, geometry) in flashes() {
        let built = build(&geometry);
        let image = built.sim.image();
        let d = division(&geometry);
        for (segment, &start) in d.segments.iter().enumerate() {
            let end = start + d.segment_size;
            let here = |call: &&Call| (start..end).contains(&(call.address as usize));
            let calls: Vec<&Call> = built.calls.iter().filter(here).collect();
            for call in calls.iter().filter(|call| !call.erase) {
                let (from, to) = range(call, start);
                assert!(from % d.unit == 0 && to % d.unit == 0, "{name}: {call:?}");
                if from >= d.first {
                    assert_eq!(from / d.block, (to - 1) / d.block, "{name}: {call:?}");
                }
            }
            let Some(header) = reader::header(&d, &image, segment) else {
                continue;
            };
            // Since the header was programmed no call has put bytes of two records.
            let opened = calls
                .iter()
                .rposition(|call| !call.erase && call.address as usize == start);
            let records = reader::records(&d, d.bytes(&image, segment), header.number);
            for call in &calls[opened.unwrap() + 1..] {
                let (from, to) = range(call, start);
                for record in &records {
                    let inside = from < record.place && record.place < to;
                    assert!(!inside, "{name}: {call:?}, record at {}", record.place);
                }
            }
        }
    }
}

fn range(call: &Call, start: usize) -> (usize, usize) {
    let from = call.address as usize - start;
    (from, from + call.size as usize)
}

#[test]
fn checks_are_bound_to_their_place() {
    for (name, geometry) in flashes() {
        let (mut image, _) = committed(name);
        let d = division(&geometry);
        let headed = |image: &[u8], at| reader::header(&d, image, at);
        let used = (0..d.segments.len())
            .find(|&at| headed(&image, at).is_some())
            .unwrap();
        let number = headed(&image, used).unwrap().number;
        let bytes = d.bytes(&image, used).to_vec();
        assert!(!reader::records(&d, &bytes, number).is_empty(), "{name}");
        // Another generation of the same segment, and the same bytes one place further on.
        assert!(reader::records(&d, &bytes, number + 2).is_empty(), "{name}");
        let mut moved = bytes.clone();
        moved.copy_within(d.first..d.segment_size - d.block, d.first + d.block);
        let same = |place| reader::record(&d, &bytes, number, place).is_some();
        for record in reader::records(&d, &moved, number) {
            assert!(
                same(record.place),
                "{name}: a record moved to {}",
                record.place
            );
        }
        // The header in another segment.
        let other = (used + 1) % d.segments.len();
        image.copy_within(
            d.segments[used]..d.segments[used] + d.segment_size,
            d.segments[other],
        );
        assert!(headed(&image, other).is_none(), "{name}");
    }
}
