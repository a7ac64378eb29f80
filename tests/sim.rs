//! The simulator keeps its own promises: each rule fires, each tear leaves what it says, and a
//! refused call changes nothing.
#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "test helpers")]

use nvkv::flash::{
    Flash, FlashError,
    sim::{Cut, CutPoint, EraseTear, Fault, Geometry, ProgramTear, Rule, Sim},
};

/// A buffer aligned to 32 bytes.
#[repr(align(32))]
struct Aligned([u8; 2048]);

fn data(fill: u8) -> Aligned {
    let mut bytes = [fill; 2048];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte ^= u8::try_from(at % 64).unwrap();
    }
    Aligned(bytes)
}

fn flash(program_size: u32) -> Sim {
    Sim::new(Geometry::uniform(4, 512, program_size), 7)
}

fn read(sim: &mut Sim, address: u32, size: usize) -> Vec<u8> {
    let mut buffer = vec![0; size];
    sim.read(address, &mut buffer).unwrap();
    buffer
}

fn cut(call: u64, point: CutPoint, program: ProgramTear, erase: EraseTear) -> Cut {
    Cut {
        call,
        point,
        program,
        erase,
    }
}

fn torn(whole: u32, torn: u32, program: ProgramTear) -> Cut {
    cut(
        0,
        CutPoint::Units { whole, torn },
        program,
        EraseTear::MixBytes,
    )
}

fn torn_erase(erase: EraseTear) -> Cut {
    cut(
        0,
        CutPoint::Units { whole: 0, torn: 1 },
        ProgramTear::Unseen,
        erase,
    )
}

/// The call must be refused for `rule`, and nothing may change.
fn refused(sim: &mut Sim, rule: Rule, call: impl FnOnce(&mut Sim) -> Result<(), FlashError>) {
    let (image, counters) = (sim.image(), sim.counters());
    assert_eq!(call(sim), Err(FlashError));
    let rules: Vec<Rule> = sim
        .take_breaches()
        .iter()
        .map(|breach| breach.rule)
        .collect();
    assert_eq!(rules, [rule]);
    assert_eq!(sim.image(), image);
    assert_eq!(sim.counters(), counters);
}

#[test]
fn every_rule_fires() {
    let buffer = data(0x55);
    let bytes = &buffer.0;
    let mut sim = flash(8);
    sim.program(8, &bytes[..16]).unwrap();
    refused(&mut sim, Rule::ProgrammedTwice, |sim| {
        sim.program(0, &bytes[..16])
    });
    refused(&mut sim, Rule::ProgrammedTwice, |sim| {
        sim.program(16, &bytes[..8])
    });
    refused(&mut sim, Rule::Misaligned, |sim| {
        sim.program(28, &bytes[..8])
    });
    refused(&mut sim, Rule::Misaligned, |sim| {
        sim.program(32, &bytes[..4])
    });
    refused(&mut sim, Rule::Misaligned, |sim| sim.program(32, &[]));
    refused(&mut sim, Rule::BufferMisaligned, |sim| {
        sim.program(32, &bytes[4..12])
    });
    refused(&mut sim, Rule::OutOfRange, |sim| {
        sim.program(2048, &bytes[..8])
    });
    refused(&mut sim, Rule::OutOfRange, |sim| {
        sim.program(0xFFFF_FFF8, &bytes[..8])
    });
    refused(&mut sim, Rule::OutOfRange, |sim| {
        sim.program(504, &bytes[..16])
    });
    refused(&mut sim, Rule::NotASector, |sim| sim.erase(0, 1024));
    refused(&mut sim, Rule::NotASector, |sim| sim.erase(8, 512));
    refused(&mut sim, Rule::OutOfRange, |sim| sim.erase(2048, 512));
    refused(&mut sim, Rule::OutOfRange, |sim| {
        sim.read(2040, &mut [0; 9])
    });
    let mut sim = Sim::new(
        Geometry {
            read_size: 4,
            ..Geometry::uniform(2, 2048, 1)
        },
        1,
    );
    refused(&mut sim, Rule::Misaligned, |sim| sim.read(2, &mut [0; 4]));
    refused(&mut sim, Rule::Misaligned, |sim| sim.read(0, &mut [0; 3]));
    refused(&mut sim, Rule::ProgramTooLong, |sim| {
        sim.program(0, &bytes[..1025])
    });
    refused(&mut sim, Rule::BufferMisaligned, |sim| {
        sim.program(0, &bytes[2..3])
    });
    sim.limit_calls(1);
    sim.sync().unwrap();
    refused(&mut sim, Rule::Endless, Sim::sync);
}

#[test]
fn a_flash_without_erase_is_overwritten() {
    let geometry = Geometry {
        needs_erase: false,
        ..Geometry::uniform(2, 256, 1)
    };
    let (mut sim, first, second) = (Sim::new(geometry, 3), data(1), data(2));
    sim.program(0, &first.0[..8]).unwrap();
    sim.arm(torn(0, 8, ProgramTear::Weak));
    sim.program(0, &second.0[..8]).unwrap_err();
    sim.power_on();
    sim.program(0, &second.0[..8]).unwrap();
    for _ in 0..64 {
        assert_eq!(read(&mut sim, 0, 8), second.0[..8]);
    }
    assert_eq!(sim.breaches(), []);
    refused(&mut sim, Rule::EraseNotNeeded, |sim| sim.erase(0, 256));
}

#[test]
fn power_stays_off_until_it_comes_back() {
    let (mut sim, buffer) = (flash(8), data(9));
    sim.arm(cut(2, CutPoint::Before, ProgramTear::Weak, EraseTear::Weak));
    sim.program(0, &buffer.0[..8]).unwrap();
    sim.erase(512, 512).unwrap();
    let image = sim.image();
    assert_eq!(sim.program(8, &buffer.0[..8]), Err(FlashError));
    assert!(!sim.is_powered());
    assert_eq!(sim.program(8, &buffer.0[..8]), Err(FlashError));
    assert_eq!(sim.erase(0, 512), Err(FlashError));
    assert_eq!(sim.read(0, &mut [0; 8]), Err(FlashError));
    assert_eq!(sim.image(), image);
    sim.power_on();
    // Nothing was touched: the unit may still be programmed.
    sim.program(8, &buffer.0[..8]).unwrap();
    assert_eq!(sim.breaches(), []);
}

#[test]
fn a_program_is_cut_at_the_unit_asked_for() {
    for tear in ProgramTear::ALL {
        let (mut sim, buffer) = (flash(8), data(0xA0));
        sim.arm(torn(2, 1, tear));
        sim.program(64, &buffer.0[..40]).unwrap_err();
        sim.power_on();
        assert_eq!(read(&mut sim, 64, 16), buffer.0[..16], "{tear:?}");
        assert_eq!(read(&mut sim, 88, 24), [0xFF; 24], "{tear:?}");
        refused(&mut sim, Rule::ProgrammedTwice, |sim| {
            sim.program(64, &buffer.0[..8])
        });
        refused(&mut sim, Rule::ProgrammedTouched, |sim| {
            sim.program(80, &buffer.0[..8])
        });
        sim.program(88, &buffer.0[..8]).unwrap();
    }
    let (mut sim, buffer) = (flash(8), data(0xA0));
    sim.arm(cut(
        0,
        CutPoint::Complete,
        ProgramTear::Weak,
        EraseTear::Weak,
    ));
    sim.program(64, &buffer.0[..40]).unwrap_err();
    sim.power_on();
    assert_eq!(read(&mut sim, 64, 40), buffer.0[..40]);
}

/// The different answers of many reads.
fn answers(sim: &mut Sim, address: u32, size: usize) -> usize {
    let reads: std::collections::BTreeSet<Vec<u8>> =
        (0..64).map(|_| read(sim, address, size)).collect();
    reads.len()
}

#[test]
fn tears_of_a_program_differ() {
    for (tear, still, blank) in [
        (ProgramTear::Unseen, true, true),
        (ProgramTear::Prefix, true, false),
        (ProgramTear::RandomBits, true, false),
        (ProgramTear::Weak, false, false),
    ] {
        let (mut sim, buffer) = (flash(32), data(0x30));
        sim.arm(torn(0, 1, tear));
        sim.program(0, &buffer.0[..32]).unwrap_err();
        sim.power_on();
        assert_eq!(answers(&mut sim, 0, 32) == 1, still, "{tear:?}");
        assert_eq!(sim.image()[..32] == [0xFF; 32], blank || !still, "{tear:?}");
        sim.erase(0, 512).unwrap();
        assert_eq!(answers(&mut sim, 0, 512), 1, "{tear:?}");
        sim.program(0, &buffer.0[..32]).unwrap();
    }
}

#[test]
fn tears_of_an_erase_differ() {
    let mut seen = Vec::new();
    for tear in EraseTear::ALL {
        let (mut sim, buffer) = (flash(32), data(0x30));
        sim.program(0, &buffer.0[..256]).unwrap();
        sim.arm(torn_erase(tear));
        sim.erase(0, 512).unwrap_err();
        sim.power_on();
        let erased = read(&mut sim, 0, 256) == [0xFF; 256];
        assert_eq!(
            erased,
            tear == EraseTear::LooksErased || erased && tear == EraseTear::Weak
        );
        let first = answers(&mut sim, 0, 512);
        assert_eq!(first > 1, tear == EraseTear::Weak);
        sim.power_off();
        sim.power_on();
        let later = answers(&mut sim, 0, 512);
        assert_eq!(
            later > 1,
            matches!(tear, EraseTear::Weak | EraseTear::LooksErased)
        );
        // Whatever it reads as, it is not erased.
        refused(&mut sim, Rule::ProgrammedTouched, |sim| {
            sim.program(480, &buffer.0[..32])
        });
        match tear {
            EraseTear::HeaderGone => {
                assert_eq!(read(&mut sim, 0, 64), [0xFF; 64]);
                assert_eq!(read(&mut sim, 64, 192), buffer.0[64..256]);
            }
            EraseTear::BodyGone => {
                assert_eq!(read(&mut sim, 0, 64), buffer.0[..64]);
                assert_eq!(read(&mut sim, 64, 192), [0xFF; 192]);
            }
            _ => {}
        }
        seen.push(read(&mut sim, 0, 512));
        sim.erase(0, 512).unwrap();
        sim.program(480, &buffer.0[..32]).unwrap();
    }
    assert_eq!(EraseTear::ALL.len(), seen.len());
    assert_ne!(seen[0], seen[1]);
}

#[test]
fn what_nobody_can_know_is_counted_apart() {
    let buffer = data(0x77);
    // The first call after a power-up, and no trace of it.
    let mut sim = flash(8);
    sim.arm(torn(0, 2, ProgramTear::Unseen));
    sim.program(0, &buffer.0[..16]).unwrap_err();
    sim.power_on();
    assert_eq!(sim.program(0, &buffer.0[..16]), Err(FlashError));
    assert_eq!((sim.repeat_touches(), sim.breaches().len()), (1, 0));
    // The refused call changed nothing, so the next one is still the first.
    sim.arm(torn(0, 1, ProgramTear::Unseen));
    sim.program(32, &buffer.0[..8]).unwrap_err();
    sim.power_on();
    assert_eq!(sim.program(32, &buffer.0[..8]), Err(FlashError));
    assert_eq!((sim.repeat_touches(), sim.breaches().len()), (2, 0));

    // Not the first call: the store saw what came before.
    let mut sim = flash(8);
    sim.program(64, &buffer.0[..8]).unwrap();
    sim.arm(torn(0, 2, ProgramTear::Unseen));
    sim.program(0, &buffer.0[..16]).unwrap_err();
    sim.power_on();
    refused(&mut sim, Rule::ProgrammedTouched, |sim| {
        sim.program(0, &buffer.0[..8])
    });

    // A unit before it shows that power ended here.
    let mut sim = flash(8);
    sim.arm(torn(1, 1, ProgramTear::Unseen));
    sim.program(0, &buffer.0[..16]).unwrap_err();
    sim.power_on();
    refused(&mut sim, Rule::ProgrammedTouched, |sim| {
        sim.program(8, &buffer.0[..8])
    });

    // Weak units: only while every read so far was as before.
    let mut sim = flash(8);
    sim.arm(torn(0, 1, ProgramTear::Weak));
    sim.program(0, &buffer.0[..8]).unwrap_err();
    sim.power_on();
    assert!(answers(&mut sim, 0, 8) > 1);
    refused(&mut sim, Rule::ProgrammedTouched, |sim| {
        sim.program(0, &buffer.0[..8])
    });
    assert_eq!(sim.repeat_touches(), 0);

    // A store that never looked is not excused.
    let mut sim = flash(8);
    sim.arm(torn(0, 1, ProgramTear::Weak));
    sim.program(0, &buffer.0[..8]).unwrap_err();
    sim.power_on();
    refused(&mut sim, Rule::ProgrammedTouched, |sim| {
        sim.program(0, &buffer.0[..8])
    });
}

#[test]
fn where_erased_bytes_are_unknown_a_torn_unit_is_too() {
    let buffer = data(0x77);
    for tear in ProgramTear::ALL {
        let geometry = Geometry {
            erased_byte: None,
            ..Geometry::uniform(2, 256, 8)
        };
        let mut sim = Sim::new(geometry, 5);
        sim.arm(torn(0, 2, tear));
        sim.program(0, &buffer.0[..16]).unwrap_err();
        sim.power_on();
        let _ = answers(&mut sim, 0, 16);
        assert_eq!(sim.program(0, &buffer.0[..8]), Err(FlashError));
        assert_eq!(
            (sim.repeat_touches(), sim.breaches().len()),
            (1, 0),
            "{tear:?}"
        );
        // It was the first call only once: now the store has seen a program fail.
        sim.program(16, &buffer.0[..8]).unwrap();
        sim.arm(torn(0, 1, tear));
        sim.program(24, &buffer.0[..8]).unwrap_err();
        sim.power_on();
        refused(&mut sim, Rule::ProgrammedTouched, |sim| {
            sim.program(24, &buffer.0[..8])
        });
    }
}

#[test]
fn an_unknown_erased_byte_is_unknown() {
    let geometry = Geometry {
        erased_byte: None,
        ..Geometry::uniform(2, 256, 4)
    };
    let (mut sim, buffer) = (Sim::new(geometry, 5), data(1));
    let before = sim.image();
    sim.erase(0, 256).unwrap();
    assert_ne!(sim.image()[..256], before[..256]);
    sim.program(0, &buffer.0[..4]).unwrap();
    assert_eq!(read(&mut sim, 0, 4), buffer.0[..4]);
    let geometry = Geometry {
        erased_byte: Some(0),
        ..Geometry::uniform(2, 256, 4)
    };
    assert_eq!(Sim::new(geometry, 5).image(), [0; 512]);
}

#[test]
fn sectors_fail_as_told_and_when_told() {
    let buffer = data(0x42);
    let mut sim = flash(8);
    for (sector, fault) in [
        (0, Fault::ProgramError),
        (1, Fault::ProgramSilent),
        (2, Fault::EraseError),
        (3, Fault::EraseSilent),
    ] {
        sim.fail(sector, fault, 4);
    }
    for sector in 0..4 {
        sim.program(sector * 512, &buffer.0[..8]).unwrap();
    }
    assert_eq!(sim.program(8, &buffer.0[..8]), Err(FlashError));
    refused(&mut sim, Rule::ProgrammedTouched, |sim| {
        sim.program(8, &buffer.0[..8])
    });
    sim.program(520, &buffer.0[..8]).unwrap();
    assert_ne!(read(&mut sim, 520, 8), buffer.0[..8]);
    assert_eq!(sim.erase(1024, 512), Err(FlashError));
    assert_eq!(read(&mut sim, 1024, 8), buffer.0[..8]);
    sim.erase(1536, 512).unwrap();
    assert_eq!(read(&mut sim, 1536, 8), buffer.0[..8]);
    // Programming it is no breach, but the bits that are set cannot come back.
    let other = data(0x24);
    sim.program(1536, &other.0[..8]).unwrap();
    let both: Vec<u8> = buffer
        .0
        .iter()
        .zip(&other.0)
        .map(|(a, b)| a & b)
        .take(8)
        .collect();
    assert_eq!(read(&mut sim, 1536, 8), both);
    assert_eq!(sim.breaches(), []);
    sim.heal();
    sim.fail(1, Fault::ReadError, 0);
    assert_eq!(sim.read(508, &mut [0; 8]), Err(FlashError));
    assert_eq!(sim.read(0, &mut [0; 8]), Ok(()));
}

#[test]
fn snapshots_are_apart_and_counters_count() {
    let (mut sim, buffer) = (flash(8), data(0));
    sim.trace();
    sim.program(0, &buffer.0[..8]).unwrap();
    let snapshot = sim.clone();
    sim.program(8, &buffer.0[..16]).unwrap();
    sim.erase(512, 512).unwrap();
    sim.erase(512, 512).unwrap();
    let _ = read(&mut sim, 0, 24);
    sim.sync().unwrap();
    let counters = sim.counters();
    assert_eq!(
        (counters.programs, counters.program_bytes, counters.erases),
        (2, 24, 2)
    );
    assert_eq!(
        (counters.reads, counters.read_bytes, counters.syncs),
        (1, 24, 1)
    );
    assert_eq!(sim.sector_erases(), [0, 2, 0, 0]);
    assert_eq!(sim.calls().len(), 4);
    assert!(sim.calls()[3].erase);
    assert_eq!(snapshot.image()[8..24], [0xFF; 16]);
    let again = Sim::from_image(sim.geometry().clone(), &sim.image(), 1);
    assert_eq!(again.image(), sim.image());
    let mut again = again;
    refused(&mut again, Rule::ProgrammedTwice, |sim| {
        sim.program(16, &buffer.0[..8])
    });
    again.program(24, &buffer.0[..8]).unwrap();
    again.flip(24, 0x81);
    assert_eq!(read(&mut again, 24, 1)[0], buffer.0[0] ^ 0x81);
}

#[test]
fn a_seed_gives_the_same_again() {
    let run = |seed| {
        let geometry = Geometry {
            erased_byte: None,
            ..Geometry::uniform(2, 256, 4)
        };
        let (mut sim, buffer) = (Sim::new(geometry, seed), data(1));
        sim.arm(torn(0, 4, ProgramTear::Weak));
        sim.program(0, &buffer.0[..16]).unwrap_err();
        sim.power_on();
        (0..9).map(|_| read(&mut sim, 0, 16)).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_flash_that_lies_loses_what_it_acknowledged() {
    let (mut sim, buffer) = (flash(8), data(1));
    sim.lie(1);
    sim.program(0, &buffer.0[..8]).unwrap();
    sim.program(8, &buffer.0[..8]).unwrap();
    sim.arm(cut(0, CutPoint::Before, ProgramTear::Weak, EraseTear::Weak));
    sim.program(16, &buffer.0[..8]).unwrap_err();
    sim.power_on();
    assert_eq!(read(&mut sim, 0, 8), buffer.0[..8]);
    assert_eq!(read(&mut sim, 8, 8), [0xFF; 8]);
}
