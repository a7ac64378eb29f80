//! Records: how one is headed, and how its header is read back.
//!
//! ```text
//! kind|flags  key length  value length  [void from]  check16  key  value  crc32  padding
//!      1        varint       varint       varint        2                    4
//!
//! key length  value length  check16  key  value  crc32  padding
//!      1         varint        2                    4
//! ```
//!
//! The second form is that of plain values: no flags, a short key, nothing declared void.
//!
//! Invariant: a header that does not check is no header; lengths are only used after that.
//! `docs/format.md` section 5.
#![forbid(unsafe_code)]

use super::checksum::{Crc, crc32};

/// The longest record header.
pub(crate) const HEAD_MAX: usize = 12;
/// Bytes of the check at the end of a record.
pub(crate) const CRC_SIZE: u32 = 4;
/// Bytes that tell which fragment of which value a record is. FORMAT 5.4
pub(crate) const FRAGMENT_ID: u32 = 14;
/// Bytes of the value of a [`Kind::Large`] record. FORMAT 5.4
pub(crate) const LARGE_SIZE: u32 = 22;
/// The longest key, in bytes.
pub const KEY_MAX: usize = 1024;

/// First byte of a header: a plain value, and the other bits are the length of its key.
const PLAIN: u8 = 0x80;
/// First byte of another header: what lies between `void from` and this record is void. FORMAT 6.2
const RESUMES: u8 = 0x40;
/// What a varint with so many bytes behind its first begins with, and its smallest number.
const VARINTS: [(u8, u32); 4] = [(0, 0), (0xC0, 192), (0xE0, 8384), (0xF0, 1_056_960)];

/// What a record is. FORMAT 5.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A key and its whole value.
    Value = 1,
    /// The key is removed.
    Tombstone = 2,
    /// A piece of a large value.
    Fragment = 3,
    /// A key whose value is in fragments.
    Large = 4,
    /// A segment is void: what was live in it is in another one.
    Retire = 5,
    /// Which segments count.
    List = 6,
    /// A remark of the engine: nothing to look up.
    Note = 7,
}

impl Kind {
    fn from_bits(bits: u8) -> Option<Kind> {
        Some(match bits {
            1 => Kind::Value,
            2 => Kind::Tombstone,
            3 => Kind::Fragment,
            4 => Kind::Large,
            5 => Kind::Retire,
            6 => Kind::List,
            7 => Kind::Note,
            _ => return None,
        })
    }

    /// Whether the record belongs to a key and so to the index.
    pub(crate) fn is_indexed(self) -> bool {
        matches!(
            self,
            Kind::Value | Kind::Tombstone | Kind::Fragment | Kind::Large
        )
    }
}

/// A decoded record header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    /// The user's flags.
    pub(crate) flags: u8,
    key_len: u16,
    pub(crate) value_len: u32,
    /// Place in units of alignment from which on everything up to this record is void, or
    /// [`NOTHING`]: an `Option` would make every entry in RAM larger by half.
    void_from: u32,
}

const NOTHING: u32 = u32::MAX;

/// An encoded header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadBytes {
    bytes: [u8; HEAD_MAX],
    len: usize,
}

impl HeadBytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    fn push_varint(&mut self, value: u32) {
        let behind = varint_len(value) - 1;
        let Some((prefix, base)) = VARINTS.get(behind as usize) else {
            return;
        };
        let above = value.wrapping_sub(*base);
        self.push(prefix | (above >> (8 * behind)) as u8);
        for place in 0..behind {
            self.push((above >> (8 * place)) as u8);
        }
    }
}

/// Bytes of a number in a header.
#[inline(never)]
fn varint_len(value: u32) -> u32 {
    let mut len = 0;
    for (_, base) in &VARINTS {
        len += u32::from(value >= *base);
    }
    len
}

/// Where a record is, for its checks: the low half of its segment's number, and its place.
pub(crate) fn seed(number: u32, place: u32) -> u32 {
    number ^ place.wrapping_mul(0x9E37_79B1) ^ 0x766B_766E
}

impl Head {
    pub(crate) fn new(kind: Kind, flags: u8, key_len: usize, value_len: u32) -> Self {
        Head {
            kind,
            flags,
            key_len: key_len as u16,
            value_len,
            void_from: NOTHING,
        }
    }

    pub(crate) fn key_len(&self) -> u32 {
        u32::from(self.key_len)
    }

    pub(crate) fn void_from(&self) -> Option<u32> {
        (self.void_from != NOTHING).then_some(self.void_from)
    }

    /// The same with another place from which on it declares void what is before it.
    #[inline(never)]
    pub(crate) fn resuming(self, void_from: Option<u32>) -> Self {
        Head {
            void_from: void_from.unwrap_or(NOTHING),
            ..self
        }
    }

    /// Bytes of the whole record.
    #[inline(never)]
    pub(crate) fn total(&self) -> u32 {
        self.encoded_len() + self.body_len() + CRC_SIZE
    }

    fn body_len(&self) -> u32 {
        self.key_len().saturating_add(self.value_len)
    }

    /// Whether the header has the short form.
    fn is_plain(&self) -> bool {
        self.kind == Kind::Value
            && self.flags == 0
            && self.void_from == NOTHING
            && self.key_len < u16::from(PLAIN)
    }

    /// Bytes of the encoded header.
    pub(crate) fn encoded_len(&self) -> u32 {
        let others = if self.is_plain() {
            0
        } else {
            varint_len(self.key_len()) + self.void_from().map_or(0, varint_len)
        };
        3 + others + varint_len(self.value_len)
    }

    pub(crate) fn encode(&self, seed: u32) -> HeadBytes {
        let mut out = HeadBytes {
            bytes: [0; HEAD_MAX],
            len: 0,
        };
        if self.is_plain() {
            out.push(PLAIN | self.key_len as u8);
        } else {
            let resumes = if self.void_from().is_some() {
                RESUMES
            } else {
                0
            };
            // Flag 4 has no bit: it is never set.
            let flags = self.flags & 3 | self.flags >> 1 & 4;
            out.push(resumes | (self.kind as u8) << 3 | flags);
            out.push_varint(self.key_len());
        }
        out.push_varint(self.value_len);
        if let Some(void_from) = self.void_from() {
            out.push_varint(void_from);
        }
        let check = crc32(seed, out.as_slice()).to_le_bytes();
        for byte in check.iter().take(2) {
            out.push(*byte);
        }
        out
    }

    /// Reads a header from `bytes`, at least [`HEAD_MAX`] where the flash has them. Returns it
    /// with its length, or nothing when it does not check.
    pub(crate) fn decode(bytes: &[u8], seed: u32) -> Option<Head> {
        let mut at = 0;
        let first = next(bytes, &mut at)?;
        let is_plain = first & PLAIN != 0;
        let (kind, flags, key_len) = if is_plain {
            (Kind::Value, 0, u32::from(first & !PLAIN))
        } else {
            let kind = Kind::from_bits(first >> 3 & 7)?;
            (kind, first & 3 | (first & 4) << 1, varint(bytes, &mut at)?)
        };
        let value_len = varint(bytes, &mut at)?;
        let void_from = if is_plain || first & RESUMES == 0 {
            NOTHING
        } else {
            varint(bytes, &mut at)?
        };
        let check = crc32(seed, bytes.get(..at)?).to_le_bytes();
        if bytes.get(at..at + 2)? != check.get(..2)? || key_len > KEY_MAX as u32 {
            return None;
        }
        let head = Head {
            kind,
            flags,
            key_len: key_len as u16,
            value_len,
            void_from,
        };
        // One header has one form: what is read back is what the CRC is of.
        (head.is_plain() == is_plain).then_some(head)
    }

    /// The CRC of a record, started with its header.
    pub(crate) fn start_crc(&self, seed: u32) -> Crc {
        let mut crc = Crc::new(seed);
        crc.add(self.encode(seed).as_slice());
        crc
    }
}

fn next(bytes: &[u8], at: &mut usize) -> Option<u8> {
    let byte = bytes.get(*at).copied();
    *at += 1;
    byte
}

/// At most four bytes: no length is longer. FORMAT 5.1
fn varint(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let first = next(bytes, at)?;
    // A bit more for each byte behind it, from two on. Erased bytes have too many, for one.
    let behind = first.leading_ones().saturating_sub(1);
    let (prefix, base) = VARINTS.get(behind as usize)?;
    let mut above = u32::from(first - prefix) << (8 * behind);
    for place in 0..behind {
        above |= u32::from(next(bytes, at)?) << (8 * place);
    }
    Some(base + above)
}

/// The head of a block: where the first record starts in it. FORMAT 4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockHead {
    /// Units of alignment from the start of the block; `None` when no record starts here.
    pub(crate) first: Option<u32>,
    /// What stands before this block was given up: it does not run on into this block.
    pub(crate) breaks: bool,
}

impl BlockHead {
    pub(crate) fn encode(self, seed: u32) -> [u8; 2] {
        let first = match self.first {
            Some(units) => units & 0x7F,
            None => 1 << 7,
        };
        let value = (first | u32::from(self.breaks) << 8) as u16;
        let check = crc32(seed, &value.to_le_bytes()) as u16 & 0x7F;
        let sealed = value | check << 9;
        // Erased bytes are no head, whatever the check says.
        let sealed = if sealed == 0 || sealed == 0xFFFF {
            sealed ^ 0x0200
        } else {
            sealed
        };
        sealed.to_le_bytes()
    }

    pub(crate) fn decode(bytes: [u8; 2], seed: u32) -> Option<BlockHead> {
        let value = u16::from_le_bytes(bytes);
        let none = value >> 7 & 1 == 1;
        let units = u32::from(value & 0x7F);
        if none && units != 0 {
            return None;
        }
        let head = BlockHead {
            first: (!none).then_some(units),
            breaks: value >> 8 & 1 == 1,
        };
        (head.encode(seed) == bytes).then_some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::write::MARK_MAX, *};

    #[test]
    fn headers_come_back() {
        for (flags, key_len, value_len, void_from) in [
            (0, 1, 0, None),
            (9, 1, 0, None),
            (2, 13, 32, None),
            (0, 127, 191, None),
            (0, 128, 191, None),
            (0, 127, 192, Some(0)),
            (11, 1024, 60_000, Some(0xFFFF)),
            (0, 1024, 4 << 20, Some(0xFFFF)),
        ] {
            let head = Head::new(Kind::Value, flags, key_len, value_len).resuming(void_from);
            let bytes = head.encode(77);
            assert_eq!(bytes.as_slice().len() as u32, head.encoded_len());
            assert_eq!(Head::decode(bytes.as_slice(), 77), Some(head));
            assert_eq!(Head::decode(bytes.as_slice(), 78), None);
        }
    }

    #[test]
    fn a_small_record_costs_eight_bytes() {
        assert_eq!(Head::new(Kind::Value, 0, 13, 32).total(), 13 + 32 + 8);
        assert_eq!(Head::new(Kind::Value, 0, 127, 191).total(), 127 + 191 + 8);
        assert_eq!(Head::new(Kind::Value, 1, 13, 32).total(), 13 + 32 + 9);
    }

    #[test]
    fn a_mark_has_the_room_that_is_kept_for_it() {
        let head = Head::new(Kind::Value, 0, 127, 32);
        let marked = head.resuming(Some(0xFFFF));
        assert_eq!(marked.total() - head.total(), MARK_MAX);
    }

    #[test]
    fn numbers_have_one_form() {
        for (number, len) in [
            (0, 1),
            (191, 1),
            (192, 2),
            (8_383, 2),
            (8_384, 3),
            (1_056_959, 3),
            (1_056_960, 4),
            (4 << 20, 4),
            (1_056_959 + (1 << 27), 4),
        ] {
            let mut out = HeadBytes {
                bytes: [0; HEAD_MAX],
                len: 0,
            };
            out.push_varint(number);
            assert_eq!(out.len, len, "{number}");
            let mut at = 0;
            assert_eq!(varint(out.as_slice(), &mut at), Some(number));
            assert_eq!(at, len);
            assert_eq!(varint(&out.as_slice()[..len - 1], &mut 0), None);
        }
        assert_eq!(varint(&[0xF8, 0, 0, 0, 0], &mut 0), None);
    }

    #[test]
    fn a_plain_value_has_one_form() {
        // The long form of what has a short one: everything else about it is right.
        let decode = |flags: u8| {
            let first = (Kind::Value as u8) << 3 | flags;
            let [low, high, ..] = crc32(7, &[first, 1, 2]).to_le_bytes();
            Head::decode(&[first, 1, 2, low, high], 7)
        };
        assert_eq!(decode(0), None);
        assert_eq!(decode(1), Some(Head::new(Kind::Value, 1, 1, 2)));
    }

    #[test]
    fn erased_bytes_are_neither_header_nor_head() {
        for byte in [0xFF, 0x00] {
            for seed in 0..5000 {
                assert_eq!(Head::decode(&[byte; 12], seed), None);
                assert_eq!(BlockHead::decode([byte; 2], seed), None);
            }
        }
    }

    #[test]
    fn block_heads_come_back() {
        for units in 0..128 {
            for breaks in [false, true] {
                let head = BlockHead {
                    first: Some(units),
                    breaks,
                };
                assert_eq!(BlockHead::decode(head.encode(units), units), Some(head));
            }
        }
        let none = BlockHead {
            first: None,
            breaks: false,
        };
        assert_eq!(BlockHead::decode(none.encode(5), 5), Some(none));
    }
}
