//! What counts (docs/format.md, 5.5, 5.6 and 9): lists and limits are changed by hand, and cuts are
//! made in collections. The library and the independent reader must agree, and say what the
//! document does.

use nvkv::{
    engine::Engine,
    flash::sim::{Cut, CutPoint, EraseTear, Geometry, ProgramTear, Sim},
};

use super::{
    CONFIG, KEYS,
    counted::{self, Contents, Counted},
    division, put,
    reader::{self, Division, crc32},
    value,
};
use crate::common::{IndexSize, Lent};

/// A flash, and what was put there.
pub(crate) struct Filled {
    pub(crate) sim: Sim,
    pub(crate) held: Contents,
}

/// Small values, some of which stay; one key is removed.
pub(crate) fn fill(segments: usize, rounds: u32) -> Filled {
    let mut sim = Sim::new(Geometry::uniform(segments, 512, 1), 1);
    let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(KEYS));
    let mut held = Contents::new();
    Engine::format(&mut sim, lent.memory(), &CONFIG).unwrap();
    let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
    assert!(put(&mut store, &mut held, "gone", b"not for long", 0));
    store.remove(b"gone").unwrap();
    held.remove(&b"gone"[..]);
    for round in 0..rounds {
        write(&mut store, &mut held, round);
    }
    Filled { sim, held }
}

pub(crate) fn key(round: u32) -> String {
    match round % 9 {
        0 => format!("quiet/{}", round / 9 % 30),
        _ => format!("busy/{}", round * 5 % 7),
    }
}

fn write(store: &mut crate::Store<'_, '_>, held: &mut Contents, round: u32) {
    assert!(put(store, held, &key(round), &value(round, 20), 0));
}

/// What the library finds in an image.
fn found(geometry: &Geometry, image: &[u8]) -> Contents {
    let mut sim = Sim::from_image(geometry.clone(), image, 2);
    let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(KEYS));
    let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
    let mut contents = Contents::new();
    let id = store.iterator_open(b"").unwrap();
    let mut key = [0; 64];
    while let Ok(size) = store.iterator_next(id, &mut key) {
        let key = &key[..size];
        let info = store.info(key).unwrap();
        let mut value = vec![0; info.size as usize];
        assert_eq!(store.get(key, 0, &mut value), Ok(value.len() as u32));
        contents.insert(key.to_vec(), (info.flags, value));
    }
    contents
}

/// What the library and the reader find in an image: the same.
pub(crate) fn agreed(geometry: &Geometry, image: &[u8]) -> Contents {
    let contents = found(geometry, image);
    assert_eq!(contents, counted::contents(&division(geometry), image));
    contents
}

/// The user segment: the last of those that count.
pub(crate) fn user(d: &Division, image: &[u8]) -> Counted {
    counted::segments_that_count(d, image).pop().unwrap()
}

/// Offsets of the bytes of a record in the partition, heads left out. Section 4.
pub(crate) fn offsets(d: &Division, segment: usize, place: usize, end: usize) -> Vec<usize> {
    let heads = (place..end).filter(|at| at % d.block == 0 || *at == d.first);
    let heads: Vec<usize> = heads.collect();
    (place..end)
        .filter(|at| !heads.iter().any(|head| (head..&(head + 2)).contains(&at)))
        .map(|at| d.segments[segment] + at)
        .collect()
}

/// Gives the record of the engine's at `place`, of the unit 1, another value of the same length.
fn rewrite(d: &Division, image: &mut [u8], of: &Counted, place: usize, value: &[u8]) {
    let record = of.records.iter().find(|record| record.place == place);
    let record = record.unwrap();
    assert_eq!((d.unit, record.value.len()), (1, value.len()));
    let offsets = offsets(d, of.segment, place, record.end);
    let (head, rest) = offsets.split_at(offsets.len() - value.len() - 4);
    let mut bytes: Vec<u8> = head.iter().map(|&at| image[at]).collect();
    bytes.extend(value);
    let low = of.number as u32;
    let seed = 0x766B_766E ^ low ^ (place as u32).wrapping_mul(0x9E37_79B1);
    let crc = crc32(seed, &bytes).to_le_bytes();
    for (&at, &byte) in rest.iter().zip(value.iter().chain(&crc)) {
        image[at] = byte;
    }
}

/// The keys of the values in a segment.
fn keys_in(counted: &Counted) -> Vec<&Vec<u8>> {
    let values = counted.records.iter().filter(|record| record.kind == 1);
    values.map(|record| &record.key).collect()
}

#[test]
fn what_a_list_leaves_out_does_not_count() {
    let filled = fill(8, 200);
    let geometry = filled.sim.geometry().clone();
    let (d, image) = (division(&geometry), filled.sim.image());
    assert_eq!(agreed(&geometry, &image), filled.held);
    let user = user(&d, &image);
    let (counts, _) = counted::list(&d, &user.records).unwrap();
    let mut changed = 0;
    for left_out in (0..counts.len()).filter(|&at| counts[at]) {
        let mut value = user.records[0].value.clone();
        value[left_out / 8] &= !(1 << (left_out % 8));
        let mut image = image.clone();
        rewrite(&d, &mut image, &user, d.first, &value);
        let contents = agreed(&geometry, &image);
        let still = counted::segments_that_count(&d, &image);
        assert!(still.iter().all(|counted| counted.segment != left_out));
        changed += u32::from(contents != filled.held);
    }
    assert!(changed > 0, "nothing was live in what was left out");
}

#[test]
fn a_limit_ends_what_counts() {
    let filled = fill(20, 1500);
    let geometry = filled.sim.geometry().clone();
    let (d, image) = (division(&geometry), filled.sim.image());
    assert_eq!(agreed(&geometry, &image), filled.held);
    let user = user(&d, &image);
    let counted = counted::segments_that_count(&d, &image);
    let limited = counted
        .iter()
        .find(|counted| counted.limit < d.segment_size);
    let limited = limited.expect("nothing was moved apart");
    // The record that says so: the last that retires something, else the list.
    let retires = |record: &&reader::Record| record.kind == 5;
    let says = user
        .records
        .iter()
        .rfind(retires)
        .unwrap_or(&user.records[0]);
    for record in &limited.records {
        let mut value = says.value.clone();
        let at = value.len() - 2;
        value[at..].copy_from_slice(&(record.place as u16).to_le_bytes());
        let mut image = image.clone();
        rewrite(&d, &mut image, &user, says.place, &value);
        agreed(&geometry, &image);
        let still = counted::segments_that_count(&d, &image);
        let same = |counted: &&Counted| counted.segment == limited.segment;
        let still = still.iter().find(same).unwrap();
        assert!(
            still
                .records
                .iter()
                .all(|counts| counts.place < record.place)
        );
        assert_eq!(still.limit, record.place);
    }
    // With all of it left out something is missing, and no other segment has lost anything.
    let mut value = says.value.clone();
    let at = value.len() - 2;
    value[at..].copy_from_slice(&(d.first as u16).to_le_bytes());
    let mut image = image.clone();
    rewrite(&d, &mut image, &user, says.place, &value);
    let (contents, gone) = (agreed(&geometry, &image), keys_in(limited));
    assert_ne!(contents, filled.held);
    for (key, held) in &filled.held {
        assert!(contents.get(key) == Some(held) || gone.contains(&key));
    }
}

#[test]
fn without_its_list_all_else_counts() {
    for (segments, rounds) in [(4, 90), (8, 200), (20, 1500)] {
        let filled = fill(segments, rounds);
        let geometry = filled.sim.geometry().clone();
        let (d, mut image) = (division(&geometry), filled.sim.image());
        let user = user(&d, &image);
        let list = &user.records[0];
        // The last byte of its CRC.
        let at = offsets(&d, user.segment, d.first, list.end).pop().unwrap();
        image[at] ^= 0x10;
        let after = counted::segments_that_count(&d, &image);
        assert!(counted::list(&d, &after.last().unwrap().records).is_none());
        let contents = agreed(&geometry, &image);
        for (key, held) in &filled.held {
            assert_eq!(contents.get(key), Some(held), "{segments} segments");
        }
    }
}

/// Cuts between any two calls, and behind the last one: what was acknowledged is there, and a
/// fresh segment counts from its retire record on.
#[test]
fn a_source_counts_until_the_collection_is_complete() {
    let (mut passed, mut taken) = (0, 0);
    for rounds in 60..100 {
        let filled = fill(4, rounds);
        let geometry = filled.sim.geometry().clone();
        let d = division(&geometry);
        for call in 0.. {
            let mut sim = filled.sim.clone();
            sim.arm(Cut {
                call,
                point: CutPoint::Complete,
                program: ProgramTear::Prefix,
                erase: EraseTear::MixBytes,
            });
            let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(KEYS));
            let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
            let new = value(rounds, 20);
            let done = store.set(key(rounds).as_bytes(), &new, 0).is_ok();
            if done {
                break;
            }
            let image = sim.image();
            let mut contents = agreed(&geometry, &image);
            let newest = (0..4).filter_map(|at| Some((reader::header(&d, &image, at)?, at)));
            let (header, at) = newest.max_by_key(|(header, _)| header.number).unwrap();
            let counts = user(&d, &image).segment == at;
            if let Some(source) = header.source
                && !reader::records(&d, d.bytes(&image, at), header.number).is_empty()
            {
                passed += u32::from(!counts);
                taken += u32::from(counts);
                let still = counted::segments_that_count(&d, &image);
                let counted = still.iter().any(|counted| counted.segment == source);
                assert_eq!(counted, !counts, "the source or this one");
            }
            let written = contents.insert(key(rounds).into_bytes(), (0, new.clone()));
            let mut held = filled.held.clone();
            let before = held.insert(key(rounds).into_bytes(), (0, new.clone()));
            assert!(written == before || written == Some((0, new)));
            assert_eq!(contents, held, "cut behind call {call}");
        }
    }
    assert!(
        passed > 0 && taken > 0,
        "{passed} passed over, {taken} taken"
    );
}

/// What says which segments count rots: library and reader go on with the same, also where the
/// completion mark stands for the retire record, or the source is all that the header tells.
#[test]
fn rot_in_what_counts_is_read_alike() {
    let (mut marked, mut sources) = (0, 0);
    for rounds in 60..140 {
        let filled = fill(4, rounds);
        let geometry = filled.sim.geometry().clone();
        let (d, image) = (division(&geometry), filled.sim.image());
        let user = user(&d, &image);
        let source = reader::header(&d, &image, user.segment).unwrap().source;
        let is_there = |at: usize| reader::header(&d, &image, at).is_some();
        let source = source.filter(|&at| is_there(at));
        let says = |record: &&reader::Record| matches!(record.kind, 5..=7);
        for record in user.records.iter().filter(says) {
            let all = offsets(&d, user.segment, record.place, record.end);
            for &at in [all[0], all[4], all[all.len() - 1]].iter() {
                let mut image = image.clone();
                image[at] ^= 0x10;
                agreed(&geometry, &image);
                let after = self::user(&d, &image);
                let same = u32::from(source.is_some() && after.segment == user.segment);
                let lost = at == all[0];
                marked += same * u32::from(record.kind == 5 && lost);
                sources += same * u32::from(record.kind == 6);
            }
        }
    }
    assert!(
        marked > 0 && sources > 0,
        "{marked} marks, {sources} sources"
    );
}

#[test]
fn a_reset_that_is_cut_off_leaves_all_or_nothing() {
    let filled = fill(8, 200);
    let geometry = filled.sim.geometry().clone();
    let (mut all, mut nothing) = (0, 0);
    for call in 0.. {
        let mut sim = filled.sim.clone();
        sim.arm(Cut {
            call,
            point: CutPoint::Complete,
            program: ProgramTear::Prefix,
            erase: EraseTear::MixBytes,
        });
        let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(KEYS));
        if lent.mount(&mut sim, &CONFIG).unwrap().reset().is_ok() {
            break;
        }
        let contents = agreed(&geometry, &sim.image());
        assert!(contents.is_empty() || contents == filled.held);
        all += u32::from(!contents.is_empty());
        nothing += u32::from(contents.is_empty());
    }
    // An erase, a header, a list: after each of them everything is there.
    assert!(all > 2 && nothing == 1, "{all} and {nothing}");
}
