//! What the stores may say: the values that were acknowledged, what is open, and which path leads
//! where.

use std::{collections::BTreeMap, ffi::c_int};

use nvkv::ffi::status;

/// A value and its flags.
pub type Value = (Vec<u8>, u32);

/// What a key may have: several where a write failed.
pub struct Choices {
    all: Vec<Option<Value>>,
    /// How often the store had been opened when that was.
    since: u32,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            all: vec![None],
            since: 0,
        }
    }
}

/// One partition.
#[derive(Default)]
pub struct Partition {
    pub keys: BTreeMap<Vec<u8>, Choices>,
    pub reserved: Choices,
    /// How often it was opened.
    pub openings: u32,
    /// Bits of it were damaged: it may say anything that its functions are documented to.
    pub is_damaged: bool,
    /// Reads failed while it was written. Then the next opening can lose what was acknowledged:
    /// docs/not-reached.md. With that mended this goes.
    pub may_forget: bool,
}

/// A value in pieces.
pub struct Stream {
    pub handle: usize,
    pub store: usize,
    pub by_path: bool,
    /// The partition's name, where it is of a path.
    pub name: Vec<u8>,
    pub key: Vec<u8>,
    pub size: usize,
    pub given: Vec<u8>,
    pub flags: u32,
    pub is_over: bool,
}

/// An iterator.
pub struct Iteration {
    pub handle: usize,
    pub store: usize,
    pub by_path: bool,
    /// The partition's name, where it is of a path.
    pub name: Vec<u8>,
    /// What stands before each key.
    pub style: Vec<u8>,
    pub prefix: Vec<u8>,
    pub seen: Vec<Vec<u8>>,
    /// Keys that were there all the time.
    pub owed: Vec<Vec<u8>>,
    pub is_over: bool,
}

/// Whether a write that answered so may have been carried out all the same.
pub fn is_in_doubt(answer: c_int) -> bool {
    matches!(
        answer,
        status::MBED_ERROR_READ_FAILED
            | status::MBED_ERROR_WRITE_FAILED
            | status::MBED_ERROR_OPERATION_PROHIBITED
    )
}

impl Choices {
    /// Takes a write into account: `answer` is what the library said.
    fn written(&mut self, value: Option<Value>, answer: c_int, openings: u32) {
        if answer == status::MBED_SUCCESS {
            self.all = vec![value];
        } else if is_in_doubt(answer) {
            self.since = openings;
            if !self.all.contains(&value) {
                self.all.push(value);
            }
        }
    }

    /// Whether there may be such a value; then it is the only one from now on. Only opening the
    /// store decides what a write left that failed.
    fn seen(&mut self, openings: u32, fits: impl Fn(&Option<Value>) -> bool) -> bool {
        let found = self.all.iter().any(&fits);
        if found && self.since != openings {
            self.all.retain(fits);
        }
        found
    }
}

impl Partition {
    /// Nothing can be said of its values.
    pub fn is_lenient(&self) -> bool {
        self.is_damaged || self.may_forget
    }

    pub fn written(&mut self, key: &[u8], value: Option<Value>, answer: c_int) {
        let choices = self.keys.entry(key.to_vec()).or_default();
        choices.written(value, answer, self.openings);
    }

    pub fn reserved_written(&mut self, value: Vec<u8>, answer: c_int) {
        // "There are some already" and "the flash failed" are the same number.
        self.reserved
            .written(Some((value, 0)), answer, self.openings);
    }

    pub fn emptied(&mut self, answer: c_int) {
        for choices in self.keys.values_mut().chain([&mut self.reserved]) {
            choices.written(None, answer, self.openings);
        }
    }

    /// Whether `key` may have a value that `fits` (`None`: it is not there).
    pub fn seen(&mut self, key: &[u8], fits: impl Fn(&Option<Value>) -> bool) -> bool {
        let is_lenient = self.is_lenient();
        let choices = self.keys.entry(key.to_vec()).or_default();
        is_lenient || choices.seen(self.openings, fits)
    }

    pub fn reserved_seen(&mut self, fits: impl Fn(&Option<Value>) -> bool) -> bool {
        self.is_lenient() || self.reserved.seen(self.openings, fits)
    }

    /// Keys that are there whatever was in doubt.
    pub fn sure_keys(&self) -> impl Iterator<Item = &Vec<u8>> {
        let sure = |choices: &Choices| !choices.all.contains(&None);
        let keys = self.keys.iter();
        keys.filter(move |(_, choices)| sure(choices))
            .map(|(key, _)| key)
    }

    pub fn is_known(&self, key: &[u8]) -> bool {
        self.is_lenient() || self.keys.contains_key(key)
    }
}

/// Names and stores that are attached, in the order in which they were.
pub type Attached = Vec<(Vec<u8>, usize)>;

/// Where a path leads: to one of those that are attached, and where the key begins.
pub fn resolve<'a>(attached: &'a Attached, path: &[u8]) -> (Option<&'a (Vec<u8>, usize)>, usize) {
    let skip = usize::from(path.first() == Some(&b'/'));
    let name = path[skip..].iter().position(|byte| *byte == b'/');
    let (name, key_at) = match name {
        Some(length) => (&path[skip..skip + length], skip + length + 1),
        None => (&b""[..], skip),
    };
    let exact = attached.iter().find(|(known, _)| known == name);
    let first = attached.iter().find(|(known, _)| known.starts_with(name));
    (exact.or(first), key_at)
}
