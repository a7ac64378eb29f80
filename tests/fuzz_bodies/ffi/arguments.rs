//! Arguments, good and hostile, drawn from the input.

use std::{
    ffi::{CStr, c_char, c_void},
    ptr,
};

use nvkv::ffi::kv_store_t;

use super::{Input, UNTOUCHED, World, model::resolve, sector};

/// Names that partitions get. One begins like another, and one is too long.
pub const NAMES: [&CStr; 5] = [c"a", c"ab", c"b", c"kv", c"a/b"];
const PATHS: [&[u8]; 12] = [
    b"", b"/", b"/a/", b"/b/", b"a/", b"/ab/", b"//", b"/kv/", b"/zz/", b"/a/b/", b"kv/", b"/a",
];
/// Longest key and path of the C API.
const TEXT_MAX: usize = 1024;

/// Which store a call is for, and its key or path.
pub struct Place {
    pub by_path: bool,
    pub store: *mut kv_store_t,
    /// With its NUL, unless it is too long for one; `None`: a NULL pointer.
    text: Option<Vec<u8>>,
    /// The store that it leads to, if it is open; and the key there, if it is one.
    pub slot: Option<usize>,
    pub key: Option<Vec<u8>>,
    /// The name of the partition that a path leads to.
    pub name: Vec<u8>,
    /// Where a path's key begins.
    key_at: usize,
}

impl Place {
    pub fn text(&self) -> *const c_char {
        self.text
            .as_ref()
            .map_or(ptr::null(), |text| text.as_ptr().cast())
    }

    /// What keys begin with that an iterator of this text returns.
    pub fn prefix(&self) -> Vec<u8> {
        let text = self.text.as_deref().unwrap_or(b"\0");
        let end = text.len().saturating_sub(1);
        text[self.key_at.min(end)..end].to_vec()
    }

    /// The path up to the key.
    pub fn style(&self) -> Vec<u8> {
        match &self.text {
            Some(text) if self.by_path => text[..self.key_at.min(text.len())].to_vec(),
            _ => Vec::new(),
        }
    }
}

/// A key, or what is none.
fn draw_key(input: &mut Input<'_>) -> Option<Vec<u8>> {
    let drawn = input.byte();
    Some(match drawn % 32 {
        0 => return None,
        1 => Vec::new(),
        2 => vec![b'x'; TEXT_MAX + 1],
        3 => vec![b'y'; TEXT_MAX],
        4 => vec![b'z'; 129],
        5 => b"a key".to_vec(),
        6 => b"key/2".to_vec(),
        7 => b"\x01\xFF*?".to_vec(),
        8 => vec![b'w'; 128],
        _ => super::super::input::key(u32::from(drawn)),
    })
}

/// Names no key: what paths may end with.
fn is_key_of_path(key: &[u8]) -> bool {
    (1..=128).contains(&key.len()) && !key.iter().any(|byte| b"*/?:;\"|<>\\ ".contains(byte))
}

impl World {
    /// A store: mostly one that is open. Its place where it is.
    pub fn draw_store(&mut self, input: &mut Input<'_>) -> (*mut kv_store_t, Option<usize>) {
        let drawn = input.byte();
        let at = usize::from(drawn & 1);
        let store = self.slots[at].store;
        match drawn >> 1 & 31 {
            0 => (ptr::null_mut(), None),
            1 => (store.wrapping_byte_add(1), None),
            2 => {
                self.other.fill(0);
                (self.aligned_other(), None)
            }
            3 => {
                self.other.fill(0xFF);
                (self.aligned_other(), None)
            }
            4 if !store.is_null() => {
                let copy = self.aligned_other();
                // SAFETY: both have more than these bytes, and no call is in progress.
                unsafe { ptr::copy_nonoverlapping(store.cast::<u8>(), copy.cast(), 1024) };
                (copy, None)
            }
            _ => (store, self.slots[at].is_open.then_some(at)),
        }
    }

    fn aligned_other(&mut self) -> *mut kv_store_t {
        let start = self.other.as_mut_ptr();
        start.wrapping_add(start.align_offset(64)).cast()
    }

    /// A store and a key, or a path.
    pub fn draw_place(&mut self, input: &mut Input<'_>) -> Place {
        let drawn = input.byte();
        let key = draw_key(input);
        if drawn & 1 == 0 {
            let (store, slot) = self.draw_store(input);
            let good = |key: &Vec<u8>| (1..=TEXT_MAX).contains(&key.len());
            return Place {
                by_path: false,
                store,
                text: key.clone().map(with_nul),
                slot,
                key: key.filter(good),
                name: Vec::new(),
                key_at: 0,
            };
        }
        let path = key.map(|key| {
            let mut path = PATHS[usize::from(drawn >> 1) % PATHS.len()].to_vec();
            path.extend(key);
            path
        });
        self.place_of_path(path)
    }

    pub fn place_of_path(&self, path: Option<Vec<u8>>) -> Place {
        let (found, key_at) = resolve(&self.attached, path.as_deref().unwrap_or(b""));
        let fits = |path: &Vec<u8>| path.len() <= TEXT_MAX && is_key_of_path(&path[key_at..]);
        let key = path.clone().filter(fits);
        Place {
            by_path: true,
            store: ptr::null_mut(),
            text: path.map(with_nul),
            slot: found
                .map(|(_, at)| *at)
                .filter(|at| self.slots[*at].is_open),
            name: found.map_or_else(Vec::new, |(name, _)| name.clone()),
            key: key.map(|path| path[key_at..].to_vec()),
            key_at,
        }
    }

    /// Bytes to store: the pointer and size to hand over, and what they mean.
    pub fn draw_value(&self, input: &mut Input<'_>) -> Handed {
        let drawn = input.byte();
        let largest = 2 * self.slots.iter().map(sector).max().unwrap_or(0);
        let size = match drawn {
            0..=199 => usize::from(drawn % 50),
            200..=249 => usize::from(drawn) * largest / 249,
            _ => 0,
        };
        let bytes: Vec<u8> = (0..size).map(|at| drawn.wrapping_add(at as u8)).collect();
        let (pointer, size, is_good) = match drawn {
            250 => (ptr::null(), 5, false),
            251 => (ptr::null(), usize::MAX, false),
            // Never looked at: no value is as large.
            252 => (bytes.as_ptr(), usize::MAX, false),
            253 => (bytes.as_ptr(), (4 << 20) + 1, false),
            254 => (ptr::null(), 0, true),
            _ => (bytes.as_ptr(), size, true),
        };
        Handed {
            pointer: pointer.cast(),
            size,
            bytes,
            is_good,
        }
    }
}

/// Bytes that are handed over to be stored.
pub struct Handed {
    pub pointer: *const c_void,
    pub size: usize,
    pub bytes: Vec<u8>,
    pub is_good: bool,
}

fn with_nul(mut text: Vec<u8>) -> Vec<u8> {
    // What is too long has no NUL that may be looked for.
    if text.len() <= TEXT_MAX {
        text.push(0);
    } else {
        text.truncate(TEXT_MAX + 1);
    }
    text
}

/// Room that the library writes to.
pub struct Room {
    bytes: Vec<u8>,
    pub pointer: *mut c_void,
    /// As it is handed over: it may be more than there is, where no value is that large.
    pub size: usize,
}

/// More than any value or path here, so that any size is good.
const ROOM: usize = 3072;

impl Room {
    pub fn draw(input: &mut Input<'_>) -> Self {
        let drawn = input.byte();
        let mut bytes = vec![UNTOUCHED; ROOM];
        let pointer = bytes.as_mut_ptr().wrapping_add(usize::from(drawn & 3));
        let (pointer, size) = match drawn {
            0 => (ptr::null_mut(), 0),
            1 => (ptr::null_mut(), 7),
            2 => (ptr::null_mut(), usize::MAX),
            3 => (pointer, usize::MAX),
            4..=15 => (pointer, usize::from(drawn) - 4),
            16..=63 => (pointer, usize::from(drawn) * 24),
            _ => (pointer, 2500),
        };
        Self {
            bytes,
            pointer: pointer.cast(),
            size,
        }
    }

    /// What was written, where that should be `count` bytes. Fails when more was touched than
    /// there was room for.
    pub fn written(&self, count: usize) -> Vec<u8> {
        if self.pointer.is_null() {
            return Vec::new();
        }
        let start = self.pointer.addr() - self.bytes.as_ptr().addr();
        let end = start + self.size.min(ROOM - start);
        let outside = self.bytes[..start].iter().chain(&self.bytes[end..]);
        assert!(
            outside.copied().all(|byte| byte == UNTOUCHED),
            "beyond the buffer"
        );
        self.bytes[start..start + count.min(end - start)].to_vec()
    }
}
