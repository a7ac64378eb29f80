//! A reader of stores written from `docs/format.md` alone: it shares no code with the library, and
//! takes the whole image at once. What it finds is what the document says is there.

/// Section 2.
pub(crate) fn crc32(seed: u32, bytes: &[u8]) -> u32 {
    let mut register = !seed;
    for &byte in bytes {
        register ^= u32::from(byte);
        for _ in 0..8 {
            let odd = register & 1 == 1;
            register >>= 1;
            if odd {
                register ^= 0xEDB8_8320;
            }
        }
    }
    !register
}

/// Section 2: the hash of a key.
pub(crate) fn hash(key: &[u8]) -> u32 {
    let mut h: u32 = 0x811C_9DC5;
    for &byte in key {
        h = (h ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    h ^= h >> 16;
    h = h.wrapping_mul(0x7FEB_352D);
    h ^= h >> 15;
    h = h.wrapping_mul(0x846C_A68B);
    h ^ (h >> 16)
}

fn seed(number: u64, place: usize) -> u32 {
    0x766B_766E ^ number as u32 ^ (place as u32).wrapping_mul(0x9E37_79B1)
}

fn round_up(x: usize, n: usize) -> usize {
    x.div_ceil(n) * n
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// Section 3: how the partition is divided.
#[derive(Debug)]
pub(crate) struct Division {
    pub(crate) segment_size: usize,
    /// Address of each segment.
    pub(crate) segments: Vec<usize>,
    pub(crate) unit: usize,
    pub(crate) align: usize,
    pub(crate) block: usize,
    pub(crate) first: usize,
}

impl Division {
    pub(crate) fn new(sectors: &[u32], unit: u32) -> Self {
        let sectors: Vec<usize> = sectors.iter().map(|&size| size as usize).collect();
        let (total, unit) = (sectors.iter().sum::<usize>(), unit as usize);
        let largest = sectors.iter().copied().max().unwrap().max(256);
        let mut segment_size = largest * (16 * unit).div_ceil(largest);
        while (total / segment_size).div_ceil(8) > segment_size / 64 {
            segment_size *= 2;
        }
        let mut segments = Vec::new();
        let (mut start, mut at) = (0, 0);
        for &sector in &sectors {
            if at + sector - start > segment_size {
                start = at;
            }
            at += sector;
            if at - start >= segment_size {
                if at - start == segment_size {
                    segments.push(start);
                }
                start = at;
            }
        }
        let mut align = unit;
        while total / align >= 1 << 22 || segment_size / align > 0xFFFF {
            align *= 2;
        }
        let block = match segment_size {
            0..4096 => 64,
            4096..16384 => 128,
            _ => 256,
        };
        Self {
            segment_size,
            segments,
            unit,
            align,
            block: block.min(128 * align).max(align),
            first: round_up(24, align),
        }
    }

    pub(crate) fn bytes<'i>(&self, image: &'i [u8], segment: usize) -> &'i [u8] {
        let start = self.segments[segment];
        &image[start..start + self.segment_size]
    }

    /// Section 3.1.
    pub(crate) fn parameters(&self, role: u8) -> Vec<u8> {
        let log = |value: usize| value.trailing_zeros() as u8;
        let mut bytes = vec![1, role, log(self.block) << 4 | log(self.align)];
        bytes.push(log(self.unit));
        bytes.extend((self.segment_size as u32).to_le_bytes());
        bytes
    }

    /// Section 4: `count` bytes from `at` on, heads left out, and the offset behind them.
    fn flow(&self, segment: &[u8], mut at: usize, count: usize) -> Option<(Vec<u8>, usize)> {
        let mut out = Vec::with_capacity(count.min(segment.len()));
        while out.len() < count {
            if at.is_multiple_of(self.block) {
                at += 2;
            }
            out.push(*segment.get(at)?);
            at += 1;
        }
        Some((out, at))
    }

    fn is_head(&self, place: usize) -> bool {
        place.is_multiple_of(self.block) || place == self.first
    }
}

/// Section 3.2.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) moved: bool,
    pub(crate) erase_count: u32,
    pub(crate) number: u64,
    pub(crate) source: Option<usize>,
}

pub(crate) fn header(division: &Division, image: &[u8], segment: usize) -> Option<Header> {
    let bytes = &division.bytes(image, segment)[..24];
    let address = division.segments[segment] as u32;
    if u32_at(bytes, 20) != crc32(0x486B_766E ^ address, &bytes[..20]) {
        return None;
    }
    let role = bytes[1];
    assert!(bytes[0] == 1 && matches!(role, 0x10 | 0x11), "newer");
    assert_eq!(bytes[..8], division.parameters(role), "another division");
    let source = usize::from(u16_at(bytes, 18));
    Some(Header {
        moved: role == 0x11,
        erase_count: u32_at(bytes, 8),
        number: u64_at(bytes, 12) & 0xFFFF_FFFF_FFFF,
        source: (source != 0xFFFF).then_some(source),
    })
}

/// Section 3.3: the headers of all segments, without those whose numbers are none.
pub(crate) fn headers(d: &Division, image: &[u8]) -> Vec<Option<Header>> {
    let all = (0..d.segments.len()).map(|at| header(d, image, at));
    let known = all.map(|header| header.filter(|header| header.number <= 1 << 46));
    let mut known: Vec<Option<Header>> = known.collect();
    let numbers = known.iter().flatten().map(|header| header.number);
    let least = numbers.max().unwrap_or(0).saturating_sub(1 << 31);
    for header in &mut known {
        header.take_if(|header| header.number < least);
    }
    known
}

/// Section 4.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockHead {
    pub(crate) first: Option<usize>,
    pub(crate) breaks: bool,
}

pub(crate) fn block_head(
    d: &Division,
    bytes: &[u8],
    number: u64,
    block: usize,
) -> Option<BlockHead> {
    let at = block.max(d.first);
    let found = u16_at(bytes, at);
    let plain = found & 0x1FF;
    let check = crc32(seed(number, at), &plain.to_le_bytes()) as u16 & 0x7F;
    let mut whole = plain | check << 9;
    if whole == 0 || whole == 0xFFFF {
        whole ^= 1 << 9;
    }
    let (none, first) = (plain & 0x80 != 0, usize::from(plain & 0x7F));
    (found == whole && !(none && first != 0)).then_some(BlockHead {
        first: (!none).then_some(first),
        breaks: plain & 0x100 != 0,
    })
}

/// Section 5.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) place: usize,
    /// Where the next one starts.
    pub(crate) end: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) void_from: Option<usize>,
    /// The header checks and the record does not.
    pub(crate) torn: bool,
}

/// Section 5.1: bytes taken, and the value.
fn varint(bytes: &[u8]) -> Option<(usize, u32)> {
    let first = u32::from(*bytes.first()?);
    let (count, high, base) = match first {
        0..=191 => (1, first, 0),
        192..=223 => (2, first - 192, 192),
        224..=239 => (3, first - 224, 8_384),
        240..=247 => (4, first - 240, 1_056_960),
        _ => return None,
    };
    let above = bytes.get(1..count)?.iter().rev();
    let value = above.fold(high, |value, byte| value << 8 | u32::from(*byte));
    Some((count, base + value))
}

/// The record at a place, if its header checks.
pub(crate) fn record(d: &Division, bytes: &[u8], number: u64, place: usize) -> Option<Record> {
    let start = if d.is_head(place) { place + 2 } else { place };
    // The longest header, or what is left of the segment.
    let head = (4..=12)
        .rev()
        .find_map(|count| d.flow(bytes, start, count))?
        .0;
    let mut at = 1;
    let mut take = |head: &[u8]| {
        let (count, value) = varint(head.get(at..)?)?;
        at += count;
        Some(value as usize)
    };
    let short = head[0] >= 0x80;
    let key_len = if short {
        usize::from(head[0] - 0x80)
    } else {
        take(&head)?
    };
    let value_len = take(&head)?;
    let void_from = if short || head[0] & 0x40 == 0 {
        None
    } else {
        Some(take(&head)?)
    };
    let (kind, flags) = if short {
        (1, 0)
    } else {
        (
            head[0] >> 3 & 7,
            [0, 1, 2, 3, 8, 9, 10, 11][usize::from(head[0] & 7)],
        )
    };
    if !short && kind == 1 && flags == 0 && void_from.is_none() && key_len < 128 {
        return None;
    }
    let seed = seed(number, place);
    let check = crc32(seed, &head[..at]).to_le_bytes();
    if head.get(at..at + 2)? != &check[..2] || kind == 0 || key_len > 1024 {
        return None;
    }
    let total = at + 2 + key_len + value_len;
    let (whole, behind) = d.flow(bytes, start, total)?;
    let (stored, behind) = d.flow(bytes, behind, 4)?;
    Some(Record {
        place,
        end: round_up(behind, d.align),
        kind,
        flags,
        key: whole[at + 2..at + 2 + key_len].to_vec(),
        value: whole[at + 2 + key_len..].to_vec(),
        void_from: void_from.map(|units| units * d.align),
        torn: crc32(seed, &whole).to_le_bytes() != stored[..],
    })
}

/// Section 6: what counts in a segment. A damaged record keeps `torn`.
pub(crate) fn records(d: &Division, bytes: &[u8], number: u64) -> Vec<Record> {
    records_below(d, bytes, number, d.segment_size)
}

/// The same, where nothing from `limit` on is looked at. Section 5.5.
pub(crate) fn records_below(d: &Division, bytes: &[u8], number: u64, limit: usize) -> Vec<Record> {
    without_void(&read(d, bytes, number, limit).0)
}

/// Section 6, void records too; and whether a record has rotted. Section 9.1.
pub(crate) fn read(d: &Division, bytes: &[u8], number: u64, limit: usize) -> (Vec<Record>, bool) {
    let mut found: Vec<Record> = Vec::new();
    let mut rotted = false;
    let mut resumes_after_rot = false;
    let mut place = Some(d.first);
    let mut block = 0;
    loop {
        if let Some(at) = place.take() {
            block = at - at % d.block + d.block;
            if at < limit
                && let Some(record) = record(d, bytes, number, at)
                && (is_whole(d, bytes, number, &record)
                    || completed(d, bytes, number, &record, limit))
            {
                place = Some(record.end);
                rotted |= resumes_after_rot;
                found.push(record);
                resumes_after_rot = false;
                continue;
            }
        }
        if block >= limit {
            return (found, rotted);
        }
        let head = block_head(d, bytes, number, block);
        let first = head.and_then(|head| head.first);
        resumes_after_rot = first.is_some() && head.is_some_and(|head| !head.breaks);
        place = first.map(|units| block + units * d.align);
        block += d.block;
    }
}

/// Section 6.2, from the last record down.
fn without_void(found: &[Record]) -> Vec<Record> {
    let resumes = |record: &Record| record.void_from.filter(|&from| from < record.place);
    let mut from = usize::MAX;
    let mut left: Vec<Record> = Vec::new();
    let mut next: Option<&Record> = None;
    for record in found.iter().rev() {
        if record.place >= from {
            continue;
        }
        let shown = next.is_some_and(|next| resumes(next).is_none_or(|from| from > record.place));
        next = Some(record);
        if shown || resumes(record).is_none() {
            from = resumes(record).unwrap_or(usize::MAX);
            left.push(record.clone());
        }
    }
    left.reverse();
    left
}

/// Section 6: its CRC checks, and the head of the block that it ends in.
fn is_whole(d: &Division, bytes: &[u8], number: u64, record: &Record) -> bool {
    let block = (record.end - 1) - (record.end - 1) % d.block;
    !record.torn
        && (block <= record.place
            || block_head(d, bytes, number, block).is_some_and(|head| !head.breaks))
}

/// Section 6, rule 1.
fn completed(d: &Division, bytes: &[u8], number: u64, torn: &Record, limit: usize) -> bool {
    let from = torn.place - torn.place % d.block + d.block;
    let given_up = (from..=torn.end)
        .step_by(d.block)
        .filter(|&block| block < d.segment_size)
        .any(|block| block_head(d, bytes, number, block).is_some_and(|head| head.breaks));
    let next = record(d, bytes, number, torn.end).filter(|next| next.place < limit);
    !given_up && next.is_some_and(|next| !next.torn)
}
