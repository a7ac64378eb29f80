//! Patches of an image that check: headers, lists, retire records, block heads and records as a
//! store would write them, with contents no store would. Written after `docs/format.md`, not with
//! the code of the engine, which hands out none of it.

use std::cell::Cell;

use nvkv::flash::sim::Sim;

use super::input::{Input, Seed};

const HEADER_SEED: u32 = 0x486B_766E;
const HEADER_SIZE: u32 = 24;
/// Kinds of records.
const RETIRE: u8 = 5;
const LIST: u8 = 6;

/// The standard CRC-32, continued from `seed`.
pub fn crc32(seed: u32, bytes: &[u8]) -> u32 {
    let mut crc = !seed;
    for byte in bytes {
        crc = (crc >> 8) ^ TABLE[(crc as u8 ^ byte) as usize];
    }
    !crc
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = at as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

/// An image that is being patched.
pub struct Forge<'s> {
    pub sim: Sim,
    seed: &'s Seed,
    image: Vec<u8>,
    unit: u32,
    block: u32,
    first: u32,
}

impl<'s> Forge<'s> {
    pub fn new(sim: Sim, seed: &'s Seed) -> Self {
        let unit = sim.geometry().program_size;
        Self {
            image: sim.image(),
            unit,
            block: unit.max(64),
            first: HEADER_SIZE.next_multiple_of(unit),
            sim,
            seed,
        }
    }

    fn poke(&mut self, address: u32, bytes: &[u8]) {
        let from = (address as usize).min(self.image.len());
        let size = bytes.len().min(self.image.len() - from);
        self.image[from..from + size].copy_from_slice(&bytes[..size]);
        if size > 0 {
            self.sim.poke(from as u32, &bytes[..size]);
        }
    }

    fn base(&self, segment: u32) -> u32 {
        segment * self.seed.segment_size
    }

    /// Version, role and division.
    fn parameters(&self, role: u8) -> [u8; 4] {
        let log = |value: u32| value.trailing_zeros() as u8;
        [
            1,
            role,
            log(self.block) << 4 | log(self.unit),
            log(self.unit),
        ]
    }

    fn sealed(mut bytes: Vec<u8>, seed: u32) -> Vec<u8> {
        let crc = crc32(seed, &bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Low half of the number that the header of the segment has now.
    fn number(&self, segment: u32) -> u32 {
        let at = self.base(segment) as usize + 12;
        let bytes = self.image.get(at..at + 4).map(|b| b.try_into().unwrap());
        u32::from_le_bytes(bytes.unwrap_or_default())
    }

    /// One patch, drawn from the input.
    pub fn patch(&mut self, input: &mut Input<'_>) {
        let kind = input.byte();
        let segment = input.below(self.seed.segments);
        match kind % 12 {
            0 => {
                let at = self.base(segment) + input.below(self.seed.segment_size);
                let size = 1 + input.below(16) as usize;
                let bytes = input.bytes(size).to_vec();
                self.poke(at, &bytes);
            }
            1 => self.flip(segment, input),
            2 => self.header(segment, input),
            3 => self.list(segment, input),
            4 | 5 => self.record(segment, input),
            6 => self.block_head(segment, input),
            7 => self.copy(segment, input),
            8 => {
                let at = self.base(segment) + input.below(self.seed.segment_size);
                let size = 1 + input.below(self.seed.segment_size / 2);
                let byte = [0xFF, 0x00][usize::from(input.byte() & 1)];
                let size = size.min(self.base(segment) + self.seed.segment_size - at);
                self.poke(at, &vec![byte; size as usize]);
            }
            9 | 10 => self.retire(segment, input),
            _ => self.tweak(segment, input),
        }
    }

    fn flip(&mut self, segment: u32, input: &mut Input<'_>) {
        let at = self.base(segment) + input.below(self.seed.segment_size);
        let byte = self.image[at as usize] ^ (1 << (input.byte() & 7));
        self.image[at as usize] = byte;
        // Rot: the flash does not know.
        self.sim.flip(at, byte ^ self.sim.image()[at as usize]);
    }

    fn header(&mut self, segment: u32, input: &mut Input<'_>) {
        let mut bytes = self.parameters(0x10 | input.byte() & 1).to_vec();
        let odd = input.byte();
        if odd & 0xF0 == 0xF0 {
            // Another version, or division.
            bytes[usize::from(odd & 3)] ^= 1 << (odd >> 2 & 3);
        }
        bytes.extend_from_slice(&self.seed.segment_size.to_le_bytes());
        bytes.extend_from_slice(&number(input).to_le_bytes()[..4]);
        bytes.extend_from_slice(&number(input).to_le_bytes()[..6]);
        bytes.extend_from_slice(&self.index(input).to_le_bytes());
        let sealed = Self::sealed(bytes, HEADER_SEED ^ self.base(segment));
        self.poke(self.base(segment), &sealed);
    }

    /// A segment, itself perhaps; or none.
    fn index(&self, input: &mut Input<'_>) -> u16 {
        let index = input.below(self.seed.segments + 2);
        if index > self.seed.segments {
            0xFFFF
        } else {
            index as u16
        }
    }

    /// One field of the header that is there gets another value.
    fn tweak(&mut self, segment: u32, input: &mut Input<'_>) {
        let at = self.base(segment) as usize;
        let Some(old) = self.image.get(at..at + 20) else {
            return;
        };
        let mut bytes = old.to_vec();
        let (field, value) = (input.byte(), number(input));
        let (from, size) = [(1, 1), (8, 4), (12, 6), (18, 2)][usize::from(field & 3)];
        let old = bytes[from];
        bytes[from..from + size].copy_from_slice(&value.to_le_bytes()[..size]);
        if field & 0x80 != 0 {
            bytes[from] = old.wrapping_add(value as u8);
        }
        let sealed = Self::sealed(bytes, HEADER_SEED ^ self.base(segment));
        self.poke(at as u32, &sealed);
    }

    /// A segment, and the place up to which it counts: in a record, behind the end, anywhere.
    fn limit(&self, input: &mut Input<'_>) -> Vec<u8> {
        let mut bytes = self.index(input).to_le_bytes().to_vec();
        let end = match input.byte() {
            0xF0 => 0xFFFF,
            0xF1 => (self.seed.segment_size / self.unit) as u16,
            0xF2 => 0,
            _ => (self.place(input) / self.unit) as u16,
        };
        bytes.extend_from_slice(&end.to_le_bytes());
        bytes
    }

    /// The list of a segment becomes another; one of another length, at times.
    fn list(&mut self, segment: u32, input: &mut Input<'_>) {
        let bits = self.seed.segments.div_ceil(8) as usize;
        let mut value = vec![0; bits];
        let drawn = input.bytes(bits);
        value[..drawn.len()].copy_from_slice(drawn);
        value.extend_from_slice(&self.limit(input));
        let options = input.byte();
        if options & 0xE0 == 0xE0 {
            value.resize(usize::from(options & 15), 0xFF);
        }
        self.remark(segment, self.first, LIST, &value, options);
    }

    /// A retire record behind the last record, or where something else is.
    fn retire(&mut self, segment: u32, input: &mut Input<'_>) {
        let mut value = self.index(input).to_le_bytes().to_vec();
        value.extend_from_slice(&self.limit(input));
        let options = input.byte();
        if options & 0xE0 == 0xE0 {
            value.resize(usize::from(options & 15), 0xFF);
        }
        let place = match options >> 2 & 7 {
            0 => self.place(input),
            1 => self.place(input) / self.block * self.block,
            _ => self.end_of_log(segment),
        };
        self.remark(segment, place.max(self.first), RETIRE, &value, options);
    }

    /// A record without a key.
    fn remark(&mut self, segment: u32, place: u32, kind: u8, value: &[u8], options: u8) {
        let mark = (options & 1 != 0).then_some(place / self.unit);
        let first = kind << 3 | u8::from(mark.is_some()) << 6;
        let head = head(first, 0, value.len() as u32, mark);
        let bytes = check(head, &[value], self.seal_of(segment, place), options);
        self.flow(segment, place, &bytes);
    }

    /// Where the next record would be, as far as lengths lead there.
    fn end_of_log(&self, segment: u32) -> u32 {
        let size = self.seed.segment_size;
        let byte = |at: u32| self.image[(self.base(segment) + at) as usize];
        let skip = |mut at: u32, count: u32| {
            for _ in 0..count.min(size) {
                at += 1 + 2 * u32::from((at + 1).is_multiple_of(self.block));
            }
            at
        };
        let mut place = self.first;
        while place + 16 < size {
            let is_head = place.is_multiple_of(self.block) || place == self.first;
            let start = place + 2 * u32::from(is_head);
            // The longest header.
            let places = (0..12).map(|count| skip(start, count));
            let Some(len) = record_len(places.filter(|&at| at < size).map(byte)) else {
                break;
            };
            let end = skip(start, len).next_multiple_of(self.unit);
            // Bytes that end with their block do not go on behind the next head.
            let over = end % self.block;
            place = if over <= 2 { end - over } else { end };
        }
        place.min(size - self.unit)
    }

    fn place(&self, input: &mut Input<'_>) -> u32 {
        let places = (self.seed.segment_size - self.first) / self.unit;
        self.first + input.below(places.max(1)) * self.unit
    }

    fn seal_of(&self, segment: u32, place: u32) -> u32 {
        self.number(segment) ^ place.wrapping_mul(0x9E37_79B1) ^ 0x766B_766E
    }

    fn put_block_head(&mut self, segment: u32, at: u32, value: u16) {
        let value = value & 0x1FF;
        let check = crc32(self.seal_of(segment, at), &value.to_le_bytes()) as u16 & 0x7F;
        let sealed = value | check << 9;
        self.poke(self.base(segment) + at, &sealed.to_le_bytes());
    }

    fn block_head(&mut self, segment: u32, input: &mut Input<'_>) {
        let block = self.place(input) / self.block * self.block;
        let value = input.word();
        self.put_block_head(segment, block.max(self.first), value);
    }

    /// A record: key, lengths and kind are the input's, the checks hold (mostly).
    fn record(&mut self, segment: u32, input: &mut Input<'_>) {
        let place = self.place(input);
        let first = input.byte();
        let key = super::input::key(u32::from(first >> 1));
        let key = if input.byte() & 0xE0 == 0xE0 {
            &[][..]
        } else {
            &key
        };
        let options = input.byte();
        let size = usize::from(input.byte() & 0x3F);
        let mut value = input.bytes(size).to_vec();
        if options & 4 != 0 {
            // A number and a place, as fragments and large values have them.
            let mut id = u64::from(self.number(segment)).to_le_bytes().to_vec();
            id.extend_from_slice(&self.place(input).to_le_bytes());
            id.extend_from_slice(&u16::from(input.byte() & 3).to_le_bytes());
            value.splice(0..0, id);
        }
        let claimed = if options & 1 == 0 {
            value.len() as u32
        } else {
            u32::from(input.word())
        };
        let void_from = (first & 0x80 != 0).then(|| u32::from(input.word()));
        let (kind, flags) = (first >> 4 & 7, first & 15);
        let resumes = u8::from(void_from.is_some()) << 6;
        let is_plain = kind == 1 && flags & 11 == 0 && void_from.is_none();
        // The long form of what has a short one is no header.
        let first = if is_plain && options & 0xF8 != 0xF8 {
            0x80
        } else {
            resumes | kind << 3 | flags & 3 | flags >> 1 & 4
        };
        let head = head(first, key.len() as u32, claimed, void_from);
        let bytes = check(head, &[key, &value], self.seal_of(segment, place), options);
        self.flow(segment, place, &bytes);
    }

    /// Writes a record around the heads of the blocks that it crosses.
    fn flow(&mut self, segment: u32, place: u32, bytes: &[u8]) {
        let (base, size) = (self.base(segment), self.seed.segment_size);
        let mut at = place;
        if place.is_multiple_of(self.block) || place == self.first {
            let units = (place % self.block) / self.unit;
            self.put_block_head(segment, place, units as u16);
            at += 2;
        }
        let mut rest = bytes;
        while !rest.is_empty() && at < size {
            let end = at / self.block * self.block + self.block;
            let (now, later) = rest.split_at(rest.len().min((end - at) as usize));
            self.poke(base + at, now);
            rest = later;
            at = end;
            if !rest.is_empty() && at < size {
                let behind = (2 + rest.len() as u32).next_multiple_of(self.unit);
                let first = if behind < self.block {
                    behind / self.unit
                } else {
                    1 << 7
                };
                self.put_block_head(segment, at, first as u16);
                at += 2;
            }
        }
    }

    /// The segment becomes a copy of another, its header true for the new place or not.
    fn copy(&mut self, segment: u32, input: &mut Input<'_>) {
        let from = self.base(input.below(self.seed.segments)) as usize;
        let size = self.seed.segment_size as usize;
        let bytes = self.image[from..from + size].to_vec();
        self.poke(self.base(segment), &bytes);
        if input.byte() & 1 == 1 {
            let at = self.base(segment) as usize;
            let bytes = self.image[at..at + 20].to_vec();
            let sealed = Self::sealed(bytes, HEADER_SEED ^ self.base(segment));
            self.poke(at as u32, &sealed);
        }
    }
}

/// Numbers at the borders are likelier than others.
fn number(input: &mut Input<'_>) -> u64 {
    let small = u64::from(input.byte());
    match small {
        0xF0 => u64::MAX,
        0xF1 => u64::MAX - 1,
        0xF2 => u64::from(u32::MAX),
        0xF3 => u64::from(u32::MAX) + 1,
        0xF4 => 1 << 31,
        0xF5 => 1 << 63,
        0xF6 => 0xFFFF,
        0xF7 => u64::from(input.word()) << 16 | u64::from(input.word()),
        _ => small,
    }
}

/// A record header without its check. The short form, with bit 7 set, has the length of the key in
/// its first byte and no other.
fn head(first: u8, key_len: u32, value_len: u32, void_from: Option<u32>) -> Vec<u8> {
    if first & 0x80 != 0 {
        let mut bytes = vec![0x80 | key_len.min(0x7F) as u8];
        put_varint(&mut bytes, value_len);
        return bytes;
    }
    let mut bytes = vec![first];
    put_varint(&mut bytes, key_len);
    put_varint(&mut bytes, value_len);
    if let Some(units) = void_from {
        put_varint(&mut bytes, units);
    }
    bytes
}

/// The whole record; its CRC fails where bit 1 of the options is set.
fn check(mut bytes: Vec<u8>, body: &[&[u8]], seal: u32, options: u8) -> Vec<u8> {
    let check = crc32(seal, &bytes).to_le_bytes();
    bytes.extend_from_slice(&check[..2]);
    body.iter().for_each(|part| bytes.extend_from_slice(part));
    let crc = crc32(seal, &bytes) ^ u32::from(options & 2 != 0);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

fn put_varint(bytes: &mut Vec<u8>, value: u32) {
    let (behind, prefix, base) = match value {
        0..192 => (0, 0, 0),
        192..8_384 => (1, 0xC0, 192),
        8_384..1_056_960 => (2, 0xE0, 8_384),
        _ => (3, 0xF0, 1_056_960),
    };
    let above = value - base;
    bytes.push(prefix | (above >> (8 * behind)) as u8);
    bytes.extend_from_slice(&above.to_le_bytes()[..behind]);
}

fn take_varint(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let first = bytes.next()?;
    let (behind, prefix, base) = match first {
        ..0xC0 => (0, 0, 0),
        0xC0..0xE0 => (1, 0xC0, 192),
        0xE0..0xF0 => (2, 0xE0, 8_384),
        0xF0..0xF8 => (3, 0xF0, 1_056_960),
        _ => return None,
    };
    let mut above = u32::from(first - prefix) << (8 * behind);
    for place in 0..behind {
        above |= u32::from(bytes.next()?) << (8 * place);
    }
    Some(base + above)
}

/// Bytes of the record with this header, as far as it looks like one: no check is looked at.
fn record_len(bytes: impl Iterator<Item = u8>) -> Option<u32> {
    let taken = Cell::new(0);
    let mut bytes = bytes.inspect(|_| taken.set(taken.get() + 1));
    let first = bytes.next()?;
    let is_short = first & 0x80 != 0;
    if !is_short && first >> 3 & 7 == 0 {
        return None;
    }
    let key_len = if is_short {
        u32::from(first & 0x7F)
    } else {
        take_varint(&mut bytes)?
    };
    let value_len = take_varint(&mut bytes)?;
    if !is_short && first & 0x40 != 0 {
        take_varint(&mut bytes)?;
    }
    Some(taken.get() + 2 + key_len + value_len + 4)
}

#[cfg(test)]
mod tests {
    use nvkv::{engine::Config, flash::sim::Sim};

    use super::{super::input::seeds, Forge, Input, crc32};
    use crate::common::{IndexSize, Lent, oracle::list};

    #[test]
    fn crc_of_the_check_string() {
        assert_eq!(crc32(0, b"123456789"), 0xCBF4_3926);
    }

    fn keys(mut sim: Sim) -> usize {
        let config = Config::default();
        let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(40));
        let mut store = lent.mount(&mut sim, &config).expect("it mounts");
        list(&mut store).map_or(0, |keys| keys.len())
    }

    /// An empty list, and a retire record for each segment, cost keys.
    #[test]
    fn what_is_forged_is_read() {
        let (mut lists, mut retired, mut tried) = (0, 0, 0);
        for seed in seeds() {
            let whole = keys(seed.stores[2].clone());
            let lost = |patch: &dyn Fn(&mut Forge<'_>)| {
                let mut forge = Forge::new(seed.stores[2].clone(), seed);
                patch(&mut forge);
                u32::from(keys(forge.sim) < whole)
            };
            let all = 0..seed.segments;
            let number = |at: &u32| Forge::new(seed.stores[2].clone(), seed).number(*at);
            let user = all.clone().max_by_key(number).unwrap();
            lists += lost(&|forge| forge.list(user, &mut Input::new(&[])));
            let retire = |at: u32| lost(&|forge| forge.retire(user, &mut retire_of(at as u8)));
            retired += all.map(retire).max().unwrap();
            tried += 1;
        }
        assert!(2 * lists > tried, "{lists} lists of {tried}");
        assert!(
            2 * retired > lists,
            "{retired} retire records, {lists} lists"
        );
    }

    /// A segment, a limit, and a place behind the last record.
    fn retire_of(segment: u8) -> Input<'static> {
        let bytes = vec![segment, 0xFF, 0xF2, 8].leak();
        Input::new(bytes)
    }
}
