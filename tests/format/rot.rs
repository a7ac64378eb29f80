//! Rot, and partitions that grew: what is lost is no more than what was hit (docs/format.md, 5.6,
//! 9.1 and 9.2). The library and the independent reader must agree.

use nvkv::{
    engine::Engine,
    flash::sim::{Cut, CutPoint, EraseTear, Geometry, ProgramTear, Sim},
};

use super::{
    CONFIG, KEYS,
    counted::{self, Contents},
    counts::{agreed, fill, key, offsets, user},
    division, put, reader, value,
};
use crate::common::{IndexSize, Lent};

/// What a retire record frees is erased at once, and then the record rots: what was moved counts.
#[test]
fn a_retire_record_that_rots_costs_nothing() {
    let (mut needed, mut damaged, mut gone) = (0, 0, 0);
    for rounds in (1000..1500).step_by(3) {
        let filled = fill(20, rounds);
        let geometry = filled.sim.geometry().clone();
        let (d, mut image) = (division(&geometry), filled.sim.image());
        let user = user(&d, &image);
        let counts: Vec<usize> = counted::segments_that_count(&d, &image)
            .iter()
            .map(|counted| counted.segment)
            .collect();
        for free in (0..d.segments.len()).filter(|at| !counts.contains(at)) {
            let start = d.segments[free];
            image[start..start + d.segment_size].fill(0xFF);
        }
        assert_eq!(agreed(&geometry, &image), filled.held);
        // In the last block it looks like what a cut has left.
        let last = user.records.last().map_or(0, |record| record.place);
        let is_one =
            |record: &&reader::Record| record.kind == 5 && record.place / d.block < last / d.block;
        for record in user.records.iter().filter(is_one) {
            for at in offsets(&d, user.segment, record.place, record.end) {
                let mut image = image.clone();
                image[at] ^= 0x10;
                let contents = agreed(&geometry, &image);
                // A header that rots costs what stands behind it in its block as well: section 6.1.
                let left = self::user(&d, &image);
                let all = left.records.len() == user.records.len();
                let in_user = |key: &[u8]| user.records.iter().any(|record| record.key == key);
                for (key, held) in &filled.held {
                    assert!(
                        contents.get(key) == Some(held) || !all && in_user(key),
                        "{rounds} rounds, {at}, {key:?}"
                    );
                }
                damaged += u32::from(all);
                gone += u32::from(!all);
            }
            needed += u32::from(record.value[..2] != [0xFF; 2]);
        }
    }
    assert!(needed > 20, "{needed} that name a victim");
    assert!(damaged > 50 && gone > 50, "{damaged} damaged, {gone} gone");
}

/// A partition that is larger than it was: nothing is lost, and nothing that was removed is back.
#[test]
fn a_partition_that_grew_holds_the_same() {
    let mut back = 0;
    for rounds in 150..250 {
        let mut filled = fill(8, rounds);
        // Keys that come and go: what says that they are gone is dropped before what they were.
        let mut lent = Lent::new(&filled.sim, &CONFIG, IndexSize::Full.slots(KEYS));
        let mut store = lent.mount(&mut filled.sim, &CONFIG).unwrap();
        for round in 0..60 {
            let name = format!("comes and goes {}", round / 2);
            match round % 2 {
                0 => store.set(name.as_bytes(), &value(round, 30), 0).unwrap(),
                _ => store.remove(name.as_bytes()).unwrap(),
            }
        }
        let small = filled.sim.geometry().clone();
        let d = division(&small);
        let grown = Geometry::uniform(16, 512, 1);
        // Whatever is behind the old end: also segments of an earlier, larger store.
        let mut image = filled.sim.image();
        image.extend(filled.sim.image());
        assert_eq!(agreed(&grown, &image), filled.held);
        // It goes on from there.
        let mut sim = Sim::from_image(grown.clone(), &image, 3);
        let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(KEYS));
        let mut store = lent.mount(&mut sim, &CONFIG).unwrap();
        let mut held = filled.held.clone();
        for round in rounds..rounds + 40 {
            assert!(put(
                &mut store,
                &mut held,
                &key(round),
                &value(round, 20),
                0
            ));
        }
        assert_eq!(agreed(&grown, &sim.image()), held);
        // Without the list, removed keys would be back.
        let user = user(&d, &image);
        let at = offsets(&d, user.segment, d.first, user.records[0].end).pop();
        image[at.unwrap()] ^= 0x10;
        back += u32::from(agreed(&grown, &image) != filled.held);
    }
    assert!(back > 0, "a list never mattered");
}

/// What a reset removed stays removed where the list behind it rots.
#[test]
fn a_list_that_rots_brings_back_nothing_of_before_a_reset() {
    let mut filled = fill(8, 200);
    let geometry = filled.sim.geometry().clone();
    let d = division(&geometry);
    let mut lent = Lent::new(&filled.sim, &CONFIG, IndexSize::Full.slots(KEYS));
    let mut store = lent.mount(&mut filled.sim, &CONFIG).unwrap();
    store.reset().unwrap();
    let mut held = Contents::new();
    assert!(put(&mut store, &mut held, "after", b"the reset", 0));
    let image = filled.sim.image();
    let user = user(&d, &image);
    for at in offsets(&d, user.segment, d.first, user.records[0].end) {
        let mut image = image.clone();
        image[at] ^= 0x10;
        let contents = agreed(&geometry, &image);
        // A header that rots hides the rest of its block, and so this segment: section 6.1.
        if self::user(&d, &image).segment == user.segment {
            assert_eq!(contents, held, "{at}");
        }
    }
}

/// A store that was just formatted is one, whichever byte of its list rots.
#[test]
fn a_formatted_store_whose_list_rots_is_empty() {
    let mut sim = Sim::new(Geometry::uniform(4, 512, 1), 1);
    let mut lent = Lent::new(&sim, &CONFIG, IndexSize::Full.slots(KEYS));
    Engine::format(&mut sim, lent.memory(), &CONFIG).unwrap();
    let geometry = sim.geometry().clone();
    let (d, image) = (division(&geometry), sim.image());
    let user = user(&d, &image);
    // Its value and CRC: a header that rots hides what stands behind it in its block.
    let all = offsets(&d, user.segment, d.first, user.records[0].end);
    for &at in &all[all.len() - 9..] {
        let mut image = image.clone();
        image[at] ^= 0x10;
        assert_eq!(agreed(&geometry, &image), Contents::new());
    }
}

/// The retire record that completes a collection is the last record, and something before it is
/// gone: it was in doubt, and an erase of this segment cut off. So the source counts.
#[test]
fn a_collection_with_something_gone_does_not_count() {
    let mut tried = 0;
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
            let done = store.set(key(rounds).as_bytes(), &value(rounds, 20), 0);
            if done.is_ok() {
                break;
            }
            let image = sim.image();
            let user = user(&d, &image);
            let header = reader::header(&d, &image, user.segment).unwrap();
            let last = user.records.last().unwrap();
            let source = header
                .source
                .filter(|&at| last.kind == 5 && reader::header(&d, &image, at).is_some());
            let (Some(source), true) = (source, user.records.len() > 1) else {
                continue;
            };
            for record in &user.records[..user.records.len() - 1] {
                let mut image = image.clone();
                for at in offsets(&d, user.segment, record.place, record.end) {
                    image[at] = 0xFF;
                }
                assert_eq!(agreed(&geometry, &image), filled.held);
                let still = counted::segments_that_count(&d, &image);
                assert!(still.iter().any(|counted| counted.segment == source));
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "{tried}");
}
