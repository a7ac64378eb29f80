//! The segment header: what says that a segment is in use, and since when.
//!
//! Invariant: bound to the address of its segment, so a copy elsewhere does not verify.
//! `docs/format.md` section 3.
#![forbid(unsafe_code)]

use super::{
    bytes::{put, take},
    checksum::crc32,
    layout::{HEADER_SIZE, Layout},
};

/// The format version this library writes. FORMAT 3.1
pub(crate) const VERSION: u8 = 1;

/// One copy, and what the segment takes. FORMAT 3.2
const ROLE_USER: u8 = 0x10;
const ROLE_MOVED: u8 = 0x11;
const HEADER_SEED: u32 = 0x486B_766E;
/// No segment is collected into this one. FORMAT 3.2
const NO_SOURCE: u16 = 0xFFFF;
/// Bits of the number of a segment in its header.
const NUMBER_BITS: u64 = (1 << 48) - 1;

/// What a segment was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes what the user writes, and at its start what is moved out of one segment.
    User,
    /// Takes what is moved only.
    Moved,
}

/// A segment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) erase_count: u32,
    pub(crate) number: u64,
    pub(crate) role: Role,
    /// The segment that is collected into this one: nothing in here counts before a record says
    /// that this is complete.
    pub(crate) source: Option<u16>,
}

/// What the first bytes of a segment say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No header verifies.
    Nothing,
    /// In use, now or earlier.
    Open(Header),
    /// Written by a newer version of the format.
    Newer,
    /// Written with another division of the partition.
    OtherLayout,
}

/// The eight bytes that say how a segment is divided. FORMAT 3.1
#[inline(never)]
fn parameters(layout: &Layout, role: u8) -> [u8; 8] {
    let logs = |value: u32| value.trailing_zeros() as u8;
    let [a, b, c, d] = layout.segment_size.to_le_bytes();
    let division = logs(layout.block) << 4 | logs(layout.align);
    let unit = logs(layout.program_size);
    [VERSION, role, division, unit, a, b, c, d]
}

fn check(bytes: &[u8; HEADER_SIZE as usize], address: u32) -> u32 {
    let body = bytes.get(..HEADER_SIZE as usize - 4).unwrap_or(&[]);
    crc32(HEADER_SEED ^ address, body)
}

/// The header of a segment at `address`. FORMAT 3.2
pub(crate) fn encode(layout: &Layout, address: u32, header: &Header) -> [u8; HEADER_SIZE as usize] {
    let mut bytes = [0; HEADER_SIZE as usize];
    let role = match header.role {
        Role::User => ROLE_USER,
        Role::Moved => ROLE_MOVED,
    };
    put(&mut bytes, 0, parameters(layout, role));
    put(&mut bytes, 8, header.erase_count.to_le_bytes());
    put(&mut bytes, 12, header.number.to_le_bytes());
    let source = header.source.unwrap_or(NO_SOURCE);
    put(&mut bytes, 18, source.to_le_bytes());
    let check = check(&bytes, address);
    put(&mut bytes, 20, check.to_le_bytes());
    bytes
}

/// Reads what `bytes`, those at the place of the header, say.
pub(crate) fn decode(layout: &Layout, address: u32, bytes: &[u8; HEADER_SIZE as usize]) -> Found {
    if check(bytes, address) != u32::from_le_bytes(take(bytes, 20)) {
        return Found::Nothing;
    }
    let found: [u8; 8] = take(bytes, 0);
    let [version, role, ..] = found;
    if version > VERSION || !matches!(role, ROLE_USER | ROLE_MOVED) {
        return Found::Newer;
    }
    if found != parameters(layout, role) {
        return Found::OtherLayout;
    }
    let source = u16::from_le_bytes(take(bytes, 18));
    Found::Open(Header {
        erase_count: u32::from_le_bytes(take(bytes, 8)),
        number: u64::from_le_bytes(take(bytes, 12)) & NUMBER_BITS,
        role: if role == ROLE_USER {
            Role::User
        } else {
            Role::Moved
        },
        source: (source != NO_SOURCE).then_some(source),
    })
}
