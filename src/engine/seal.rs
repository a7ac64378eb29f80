//! Seals: four bytes at the end of a segment that say what there is no room for in the log.
//!
//! A seal makes certain what the record at a place says, or says that newer segments were dropped,
//! or that an older one in which nothing is live is void.
//!
//! Invariant: a seal that was touched is not programmed again, but as the first thing in a session.
//! `docs/format.md` section 3.5.
#![forbid(unsafe_code)]

use super::{
    Engine, checksum::crc32, header::Role, io::Io, layout::SEAL_SIZE, mount::LOOKS_FOR_MARKER,
    open::NUMBER_STEP, record::seed, segments::State, tail::LOOKS,
};
use crate::{error::Error, flash::Flash};

/// The seal at offset `at` of the record whose place is `units` of alignment. FORMAT 3.5
fn encode_seal(number: u32, at: u32, units: u16) -> [u8; SEAL_SIZE as usize] {
    let [low, high] = units.to_le_bytes();
    let [check, more, ..] = crc32(seed(number, at), &[low, high]).to_le_bytes();
    [low, high, check, more]
}

/// The seal at offset `at` that says of user segments with numbers up to `steps` above that of its
/// own that they are void. FORMAT 3.5
fn encode_drop(number: u32, at: u32, steps: u16) -> [u8; SEAL_SIZE as usize] {
    let [low, high] = steps.to_le_bytes();
    let [check, more, ..] = crc32(!seed(number, at), &[low, high]).to_le_bytes();
    [low, high, check, more]
}

/// The seal at offset `at` that says of the older segment `void`, which has the number `its`, that
/// it is void. FORMAT 3.5
fn encode_void(number: u32, at: u32, void: u16, its: u32) -> [u8; SEAL_SIZE as usize] {
    let [low, high] = void.to_le_bytes();
    let [a, b, c, d] = its.to_le_bytes();
    let [check, more, ..] = crc32(!seed(number, at), &[low, high, a, b, c, d]).to_le_bytes();
    [low, high, check, more]
}

/// Whether a seal says anything. Four equal bytes are what erased memory reads as; of each value of
/// a byte there is a number for which they would check.
fn is_written(found: [u8; SEAL_SIZE as usize]) -> bool {
    let [first, rest @ ..] = found;
    rest.iter().any(|byte| *byte != first)
}

fn read_bytes<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    at: u32,
) -> Result<[u8; SEAL_SIZE as usize], Error> {
    let address = io.layout.address(segment) + at;
    let mut found = [0; SEAL_SIZE as usize];
    for (to, from) in found
        .iter_mut()
        .zip(io.fetch(address, SEAL_SIZE, SEAL_SIZE)?)
    {
        *to = *from;
    }
    Ok(found)
}

/// Place in units of alignment that a seal names.
fn read_seal<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    number: u32,
    index: u32,
) -> Result<Option<u16>, Error> {
    let at = io.layout.seal_at(index);
    let found = read_bytes(io, segment, at)?;
    let [low, high, ..] = found;
    let units = u16::from_le_bytes([low, high]);
    let names = is_written(found) && found == encode_seal(number, at, units);
    Ok(names.then_some(units))
}

/// Whether the record at `place` is sealed.
pub(crate) fn is_sealed<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    number: u32,
    place: u32,
) -> Result<bool, Error> {
    if io.sealed == io.layout.address(segment) + place {
        return Ok(true);
    }
    let units = io.layout.whole_units(place) as u16;
    for index in 0..io.layout.seals() {
        if read_seal(io, segment, number, index)? == Some(units) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl<F: Flash> Engine<'_, F> {
    /// Whether the record at `place` is sealed.
    pub(crate) fn is_sealed(&mut self, segment: u16, place: u32) -> Result<bool, Error> {
        let number = self.segments.low_number(segment);
        is_sealed(&mut self.io, segment, number, place)
    }

    /// Whether any record of `segment` is sealed.
    pub(crate) fn has_seal(&mut self, segment: u16) -> Result<bool, Error> {
        let number = self.segments.low_number(segment);
        for index in 0..self.io.layout.seals() {
            if read_seal(&mut self.io, segment, number, index)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Seals the record at `place`.
    pub(crate) fn seal(&mut self, segment: u16, place: u32) -> Result<(), Error> {
        let units = self.io.layout.whole_units(place) as u16;
        let number = self.segments.low_number(segment);
        self.program_seal(segment, |at| encode_seal(number, at, units))
    }

    /// Says in a seal of `segment`, where the user wrote, that the newer segment `dropped` is void.
    pub(crate) fn seal_drop(&mut self, segment: u16, dropped: u16) -> Result<(), Error> {
        let own = self.segments.number(segment);
        let above = self.segments.number(dropped).saturating_sub(own);
        let steps = u16::try_from(above / NUMBER_STEP).map_err(|_| Error::WriteFailed)?;
        if steps > self.drop_steps_max() {
            return Err(Error::WriteFailed);
        }
        self.program_seal(segment, |at| encode_drop(own as u32, at, steps))
    }

    /// Says in a seal where the user wrote that `void`, in which nothing is live, is void.
    pub(crate) fn seal_void(&mut self, void: u16) -> Result<(), Error> {
        let open = self.user.filter(|open| open.fresh);
        let tail = self.tail_of(Role::User).filter(|_| !self.io.begun);
        let segment = open
            .map(|open| open.segment)
            .or(tail.map(|tail| tail.segment))
            .ok_or(Error::WriteFailed)?;
        // What erased memory reads as must not void a segment by chance.
        if self.io.shape.erased_byte.is_none() {
            return Err(Error::WriteFailed);
        }
        let number = self.segments.low_number(segment);
        let its = self.segments.low_number(void);
        self.program_seal(segment, |at| encode_void(number, at, void, its))
    }

    /// Sets aside what the seals of `segment` declare void, where they say so at every look: the
    /// first write takes up one that does not as if it had not been there.
    pub(crate) fn retire_sealed(&mut self, segment: u16) -> Result<(), Error> {
        if self.io.shape.erased_byte.is_none() {
            return Ok(());
        }
        for index in 0..self.io.layout.seals() {
            let Some(void) = self.sealed_void(segment, index)? else {
                continue;
            };
            let mut certain = true;
            for _ in 0..LOOKS {
                self.io.forget();
                certain &= self.sealed_void(segment, index)? == Some(void);
            }
            if certain {
                self.segments.set_state(void, State::Retired);
            }
        }
        Ok(())
    }

    /// The segment in use that a seal says is void.
    fn sealed_void(&mut self, segment: u16, index: u32) -> Result<Option<u16>, Error> {
        let number = self.segments.low_number(segment);
        let at = self.io.layout.seal_at(index);
        let found = read_bytes(&mut self.io, segment, at)?;
        let [low, high, ..] = found;
        let void = u16::from_le_bytes([low, high]);
        let says = is_written(found)
            && void < self.segments.count()
            && self.segments.is_used(void)
            && self.segments.number(void) < self.segments.number(segment)
            && found == encode_void(number, at, void, self.segments.low_number(void));
        Ok(says.then_some(void))
    }

    /// Steps that a seal may name. What erased memory reads as may be anything, and checks once in
    /// 65,536 times: it should then name nothing that there is. FORMAT 3.5
    fn drop_steps_max(&self) -> u16 {
        self.segments.count().saturating_add(8).saturating_mul(8)
    }

    /// The highest number that a seal of `segment` says is void.
    pub(crate) fn sealed_drop(&mut self, segment: u16) -> Result<Option<u64>, Error> {
        let own = self.segments.number(segment);
        let mut highest = None;
        for index in 0..self.io.layout.seals() {
            let at = self.io.layout.seal_at(index);
            let found = read_bytes(&mut self.io, segment, at)?;
            let [low, high, ..] = found;
            let steps = u16::from_le_bytes([low, high]);
            if is_written(found)
                && steps <= self.drop_steps_max()
                && found == encode_drop(own as u32, at, steps)
            {
                let named = own.saturating_add(u64::from(steps) * NUMBER_STEP);
                highest = highest.max(Some(named));
            }
        }
        Ok(highest)
    }

    /// A seal that a cut left in doubt may show later: the number that it says is void is not given
    /// to what is opened now.
    pub(crate) fn raise_past_seals(&mut self) -> Result<(), Error> {
        let Some(segment) = self.user_segment() else {
            return Ok(());
        };
        for _ in 0..LOOKS_FOR_MARKER {
            self.io.forget();
            let named = self.sealed_drop(segment)?.unwrap_or(0);
            self.raise_newest(named);
        }
        Ok(())
    }

    /// Where nothing is erased, what a segment held before is where its seals will be: bytes that
    /// would check by chance for some number it is given.
    pub(crate) fn clear_seals(&mut self, segment: u16) -> Result<(), Error> {
        for index in 0..self.io.layout.seals() {
            let at = self.io.layout.seal_at(index);
            if is_written(read_bytes(&mut self.io, segment, at)?) {
                let address = self.base(segment) + at;
                self.io.program_bytes(address, &[0; SEAL_SIZE as usize])?;
            }
        }
        Ok(())
    }

    /// Programs the first seal that was not touched.
    fn program_seal(
        &mut self,
        segment: u16,
        encode: impl Fn(u32) -> [u8; SEAL_SIZE as usize],
    ) -> Result<(), Error> {
        let layout = self.io.layout;
        let number = self.segments.low_number(segment);
        for index in 0..layout.seals() {
            let at = layout.seal_at(index);
            let address = self.base(segment) + at;
            let found = read_bytes(&mut self.io, segment, at)?;
            let [low, high, ..] = found;
            let value = u16::from_le_bytes([low, high]);
            let bytes = encode(at);
            let its = self.segments.low_number(value);
            let used = is_written(found)
                && (found == encode_seal(number, at, value)
                    || found == encode_drop(number, at, value)
                    || found == encode_void(number, at, value, its));
            let mut usable = !used && is_written(bytes);
            if self.io.shape.needs_erase {
                for _ in 0..LOOKS {
                    self.io.forget();
                    usable &= self.io.is_blank(address, address + layout.seal_size())?;
                }
            } else {
                usable |= found == bytes;
            }
            if usable && self.io.program_bytes(address, &bytes).is_ok() {
                return Ok(());
            }
        }
        Err(Error::WriteFailed)
    }
}
