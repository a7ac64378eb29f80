//! The erase marker and the segment header: what says that a segment is erased, or in use.
//!
//! Invariant: both are bound to the address of their segment, so a copy elsewhere does not verify.
//! `docs/format.md` section 3.
#![forbid(unsafe_code)]

use super::{
    bytes::{put, take},
    checksum::crc32,
    layout::{HEADER_SIZE, Layout, MARKER_NEWEST, MARKER_SIZE},
};

/// The format version this library writes. FORMAT 3.1
pub(crate) const VERSION: u8 = 1;

/// Roles of markers. FORMAT 3.2
const ROLE_ERASED: u8 = 0;
const ROLE_BARE: u8 = 2;

/// Bits of the number of a segment in its header.
const NUMBER_BITS: u64 = (1 << 48) - 1;

const MARKER_SEED: u32 = 0x4D6B_766E;
const HEADER_SEED: u32 = 0x486B_766E;

/// What a segment was opened for. FORMAT 3.3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes what the user writes.
    User,
    /// Takes what collection moves.
    Destination,
}

/// A segment, and how often it will have been erased when it is opened (low half).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) segment: u16,
    pub(crate) erase_count: u16,
}

impl Next {
    pub(crate) const NONE: Next = Next {
        segment: 0xFFFF,
        erase_count: 0xFFFF,
    };
}

/// A segment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) role: Role,
    pub(crate) erase_count: u32,
    pub(crate) number: u64,
    /// The segment that is opened next: if it reads as erased, it may be touched all the same.
    pub(crate) next: Next,
    /// Steps down to the number of the user segment before this one, in a user segment: those in
    /// between are void. 0 where nothing is said.
    pub(crate) passes: u16,
    /// Distance down to the number of the segment that is collected into this one, or 0. Then
    /// nothing in here counts before its first retire record.
    pub(crate) collects: u32,
}

impl Header {
    /// Number of the segment that is collected into this one.
    pub(crate) fn source(&self) -> Option<u64> {
        let collects = (self.collects != 0).then_some(self.collects)?;
        self.number.checked_sub(u64::from(collects))
    }
}

/// What the first bytes of a segment say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Neither a marker nor a header verifies.
    Nothing,
    /// Erased completely, never opened as far as can be seen. `bare`: to be erased again before it
    /// is opened. `newest`: the highest number given, where the memory has no erase.
    Erased {
        erase_count: u32,
        bare: bool,
        newest: u64,
    },
    /// In use.
    Open(Header),
    /// Written by a newer version of the format.
    Newer,
    /// Written with another division of the partition.
    OtherLayout,
}

/// The four bytes that say how a segment is divided. FORMAT 3.1
fn parameters(layout: &Layout, role: u8) -> [u8; 4] {
    let logs = |value: u32| u8::try_from(value.trailing_zeros()).unwrap_or(0);
    let division = logs(layout.block) << 4 | logs(layout.align);
    [VERSION, role, division, logs(layout.program_size)]
}

fn seal(bytes: &mut [u8], seed: u32, address: u32) {
    let body = bytes.len() - 4;
    let crc = crc32(seed ^ address, bytes.get(..body).unwrap_or(&[]));
    put(bytes, body, crc.to_le_bytes());
}

fn verifies(bytes: &[u8], seed: u32, address: u32) -> bool {
    let body = bytes.len() - 4;
    let crc = crc32(seed ^ address, bytes.get(..body).unwrap_or(&[]));
    crc == u32::from_le_bytes(take(bytes, body))
}

/// An encoded marker: as many bytes as the layout says.
pub(crate) type MarkerBytes = [u8; (MARKER_SIZE + MARKER_NEWEST) as usize];

/// The marker of a segment at `address` that was erased `erase_count` times; `bare` and `newest` as
/// in [`Found::Erased`]. FORMAT 3.2
pub(crate) fn encode_marker(
    layout: &Layout,
    address: u32,
    erase_count: u32,
    bare: bool,
    newest: u64,
) -> MarkerBytes {
    let mut bytes = MarkerBytes::default();
    let role = if bare { ROLE_BARE } else { ROLE_ERASED };
    put(&mut bytes, 0, parameters(layout, role));
    put(&mut bytes, 4, layout.segment_size.to_le_bytes());
    put(&mut bytes, 8, erase_count.to_le_bytes());
    if layout.marker_size > MARKER_SIZE {
        put(&mut bytes, 12, newest.to_le_bytes());
    }
    if let Some(marker) = bytes.get_mut(..layout.marker_size as usize) {
        seal(marker, MARKER_SEED, address);
    }
    bytes
}

/// The header of a segment at `address`. FORMAT 3.3
pub(crate) fn encode_header(layout: &Layout, address: u32, header: &Header) -> [u8; 32] {
    let mut bytes = [0; HEADER_SIZE as usize];
    let role = match header.role {
        Role::User => 0x10,
        Role::Destination => 0x11,
    };
    put(&mut bytes, 0, parameters(layout, role));
    put(&mut bytes, 4, layout.segment_size.to_le_bytes());
    put(&mut bytes, 8, header.erase_count.to_le_bytes());
    put(&mut bytes, 12, header.number.to_le_bytes());
    put(&mut bytes, 18, header.passes.to_le_bytes());
    put(&mut bytes, 20, header.collects.to_le_bytes());
    put(&mut bytes, 24, header.next.segment.to_le_bytes());
    put(&mut bytes, 26, header.next.erase_count.to_le_bytes());
    seal(&mut bytes, HEADER_SEED, address);
    bytes
}

/// Reads what `marker` and `header`, the bytes at their places, say.
pub(crate) fn decode(layout: &Layout, address: u32, marker: &[u8], header: &[u8]) -> Found {
    if header.len() == HEADER_SIZE as usize && verifies(header, HEADER_SEED, address) {
        let [version, role, ..]: [u8; 4] = take(header, 0);
        if version > VERSION || role >> 4 != 1 || role & 15 > 1 {
            return Found::Newer;
        }
        if !same_layout(layout, header, role) {
            return Found::OtherLayout;
        }
        return Found::Open(Header {
            role: if role & 15 == 0 {
                Role::User
            } else {
                Role::Destination
            },
            erase_count: u32::from_le_bytes(take(header, 8)),
            number: u64::from_le_bytes(take(header, 12)) & NUMBER_BITS,
            passes: u16::from_le_bytes(take(header, 18)),
            collects: u32::from_le_bytes(take(header, 20)),
            next: Next {
                segment: u16::from_le_bytes(take(header, 24)),
                erase_count: u16::from_le_bytes(take(header, 26)),
            },
        });
    }
    if marker.len() == layout.marker_size as usize && verifies(marker, MARKER_SEED, address) {
        let [version, role, ..]: [u8; 4] = take(marker, 0);
        if version > VERSION || !matches!(role, ROLE_ERASED | ROLE_BARE) {
            return Found::Newer;
        }
        if !same_layout(layout, marker, role) {
            return Found::OtherLayout;
        }
        return Found::Erased {
            erase_count: u32::from_le_bytes(take(marker, 8)),
            bare: role == ROLE_BARE,
            newest: if layout.marker_size > MARKER_SIZE {
                u64::from_le_bytes(take(marker, 12))
            } else {
                0
            },
        };
    }
    Found::Nothing
}

fn same_layout(layout: &Layout, bytes: &[u8], role: u8) -> bool {
    take::<4>(bytes, 0) == parameters(layout, role)
        && u32::from_le_bytes(take(bytes, 4)) == layout.segment_size
}
