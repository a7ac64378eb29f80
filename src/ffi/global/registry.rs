//! The partitions that have a name, and what the global API remembers of their iterators and
//! streams. It is RAM that lives for ever: with the count of opened stores the only state of the
//! library outside lent memory.
//!
//! All of it is atomics, so that looking is possible at any time and from any thread. What is
//! read of a partition while it changes is dropped: such a partition counts as not attached.
//! Iterators and streams are never taken out: whether one is open is for its store to say, which
//! knows by a number of its own; what stands here leads to that number.
//!
//! Invariant: knows nothing of what a store is; it only keeps pointers.

use core::sync::atomic::{
    AtomicPtr, AtomicU8, AtomicU32, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};

use super::path::{self, NAME_MAX, Path, Style};
use crate::{
    callbacks::kv_backend_t,
    engine::ITERATORS,
    error::Error,
    ffi::handle::kv_store_t,
    lock::claim::{self, FREE, TAKEN},
};

/// Mbed's own map holds three; with four, two bits of a handle say which one it is of.
pub(super) const PARTITIONS: usize = 4;
/// Bits of a handle: one that is always set, so that it is never NULL, then the partition.
const PARTITION_AT: u32 = 1;
const ENTRY_AT: u32 = 3;
/// Above this, a handle tells the uses of its place from each other.
const SERIAL_AT: u32 = Style::BITS;
const _: () = assert!(PARTITIONS == 1 << (ENTRY_AT - PARTITION_AT));
const _: () = assert!(ITERATORS == 1 << (SERIAL_AT - ENTRY_AT));

/// A handle that C holds, and the number that the store gave.
#[derive(Debug)]
struct Place {
    /// 0: never used since the partition was attached.
    token: AtomicUsize,
    /// From `SERIAL_AT` on: as in the handle. Below: the style of an iterator's path.
    mark: AtomicUsize,
}

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Store(*mut kv_store_t),
    Backend(*mut kv_backend_t),
}

// The lowest bit of the one word that says which it is: no other word could change with it.
const BACKEND: usize = 1;
const _: () = assert!(align_of::<kv_store_t>() > BACKEND && align_of::<kv_backend_t>() > BACKEND);

impl Target {
    fn to_word(self) -> *mut () {
        match self {
            Target::Store(store) => store.cast(),
            Target::Backend(user) => user.cast::<()>().map_addr(|address| address | BACKEND),
        }
    }

    /// `None`: not attached.
    fn from_word(word: *mut ()) -> Option<Self> {
        match (word.is_null(), word.addr() & BACKEND) {
            (true, _) => None,
            (false, BACKEND) => {
                let user = word.map_addr(|address| address & !BACKEND);
                Some(Target::Backend(user.cast()))
            }
            (false, _) => Some(Target::Store(word.cast())),
        }
    }
}

#[derive(Debug)]
struct Partition {
    /// Changes before the name does.
    serial: AtomicU32,
    /// NULL: not attached.
    target: AtomicPtr<()>,
    /// The lowest is the default partition.
    rank: AtomicU32,
    length: AtomicU8,
    name: [AtomicU8; NAME_MAX],
    stream: Place,
    /// By the four lowest bits of the store's number, in which its open iterators differ. So each
    /// place belongs to the thread that opened the iterator, until the store lets it go.
    iterators: [Place; ITERATORS],
}

static ALL: [Partition; PARTITIONS] = [const { Partition::new() }; PARTITIONS];
// README.md says so, under "Memory".
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<[Partition; PARTITIONS]>() == 720);
/// Claimed by attach and detach.
static CHANGING: AtomicU8 = AtomicU8::new(FREE);

/// A partition as it was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    index: usize,
    pub(super) target: Target,
    serial: u32,
    rank: u32,
    /// The name is the one looked for, not only begins like it.
    exact: bool,
}

/// What is behind a handle of C.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    pub(super) target: Target,
    /// The store's own number of it.
    pub(super) token: usize,
    style: Style,
    index: usize,
}

impl Place {
    const fn new() -> Self {
        Place {
            token: AtomicUsize::new(0),
            mark: AtomicUsize::new(0),
        }
    }

    /// A new use of this place: its handle, but for the bits that say where the place is.
    fn reuse(&self, token: usize, low: usize) -> usize {
        let serial = (self.mark.load(Relaxed) >> SERIAL_AT).wrapping_add(1) << SERIAL_AT;
        self.mark.store(serial | low, Relaxed);
        self.token.store(token, Release);
        serial
    }

    fn forget(&self) {
        self.token.store(0, Release);
    }
}

impl Partition {
    const fn new() -> Self {
        Partition {
            serial: AtomicU32::new(0),
            target: AtomicPtr::new(core::ptr::null_mut()),
            rank: AtomicU32::new(0),
            length: AtomicU8::new(0),
            name: [const { AtomicU8::new(0) }; NAME_MAX],
            stream: Place::new(),
            iterators: [const { Place::new() }; ITERATORS],
        }
    }

    fn target(&self) -> Option<Target> {
        Target::from_word(self.target.load(Acquire))
    }

    /// The name and its length.
    fn name(&self) -> ([u8; NAME_MAX], usize) {
        let mut name = [0; NAME_MAX];
        for (to, from) in name.iter_mut().zip(&self.name) {
            *to = from.load(Relaxed);
        }
        (name, usize::from(self.length.load(Relaxed)).min(NAME_MAX))
    }

    /// What it is, if it is attached and its name begins with `name`.
    fn look(&self, index: usize, name: &[u8]) -> Option<Found> {
        let before = self.serial.load(Acquire);
        let target = self.target()?;
        let (own, length) = self.name();
        let rank = self.rank.load(Relaxed);
        // The serial is read again after all else: had any of it been new, so would the serial be.
        fence(Acquire);
        let unchanged = self.serial.load(Relaxed) == before;
        let own = own.get(..length)?;
        (unchanged && own.starts_with(name)).then_some(Found {
            index,
            target,
            serial: before,
            rank,
            exact: own.len() == name.len(),
        })
    }

    fn attach(&self, name: &[u8], target: Target, rank: u32) {
        let next = self.serial.load(Relaxed).wrapping_add(1);
        self.serial.store(next, Relaxed);
        // Whoever reads anything of what follows reads the new serial, too.
        fence(Release);
        for (to, from) in self.name.iter().zip(name) {
            to.store(*from, Relaxed);
        }
        let [length, ..] = name.len().to_le_bytes();
        self.length.store(length, Relaxed);
        self.rank.store(rank, Relaxed);
        self.stream.forget();
        for place in &self.iterators {
            place.forget();
        }
        self.target.store(target.to_word(), Release);
    }

    /// A new use of a place, for something that was opened in the store that was found.
    fn open(&self, found: &Found, place: &Place, token: usize, low: usize) -> Result<usize, Error> {
        let serial = place.reuse(token, low);
        fence(SeqCst);
        let is_same = self.serial.load(Relaxed) == found.serial;
        if is_same && self.target() == Some(found.target) {
            Ok(serial)
        } else {
            Err(Error::NotFound)
        }
    }

    /// Ends all that was opened and may be open still.
    fn end(&self, target: Target, iterator: End, stream: End) -> Result<(), Error> {
        for place in &self.iterators {
            match place.token.load(Acquire) {
                0 => {}
                token => iterator(target, token)?,
            }
        }
        match self.stream.token.load(Acquire) {
            0 => Ok(()),
            token => stream(target, token),
        }
    }
}

/// The partitions whose names begin with `name`.
fn beginning(name: &[u8]) -> impl Iterator<Item = Found> {
    let all = ALL.iter().enumerate();
    all.filter_map(move |(index, partition)| partition.look(index, name))
}

/// The partition that a path names. As in Mbed, the first that was attached of those whose names
/// begin like that; but one of exactly this name comes before.
pub(super) fn find(path: &Path<'_>) -> Result<Found, Error> {
    let found = beginning(path.name).min_by_key(|found| (!found.exact, found.rank));
    match found {
        Some(found) => Ok(found),
        None if is_empty() => Err(Error::NotReady),
        None => Err(Error::NotFound),
    }
}

/// Changes what is attached, one call at a time.
fn alone<T>(change: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    if !claim::claim(&CHANGING, FREE, TAKEN) {
        return Err(Error::AlreadyInUse);
    }
    let result = change();
    claim::release(&CHANGING, FREE);
    result
}

/// Whether anything is attached.
pub(super) fn is_empty() -> bool {
    beginning(b"").next().is_none()
}

/// Gives a store a name.
pub(super) fn attach(name: &[u8], target: Target) -> Result<(), Error> {
    path::check_name(name)?;
    alone(|| {
        if beginning(name).any(|found| found.exact) {
            return Err(Error::AlreadyInUse);
        }
        let highest = beginning(b"").map(|found| found.rank).max().unwrap_or(0);
        let mut all = ALL.iter();
        let free = all.find(|partition| partition.target().is_none());
        let free = free.ok_or(Error::OutOfMemory)?;
        free.attach(name, target, highest.saturating_add(1));
        Ok(())
    })
}

/// Ends what is open of a partition, or was.
type End = fn(Target, usize) -> Result<(), Error>;

/// Takes a name away, after `end_iterator` and `end_stream` have ended what is open of it: called
/// with the store and its numbers.
pub(super) fn detach(name: &[u8], end_iterator: End, end_stream: End) -> Result<(), Error> {
    alone(|| {
        let found = beginning(name).find(|found| found.exact);
        let found = found.ok_or(Error::NotFound)?;
        let partition = ALL.get(found.index).ok_or(Error::NotFound)?;
        partition.end(found.target, end_iterator, end_stream)?;
        partition.target.store(core::ptr::null_mut(), Release);
        // What was opened meanwhile: either it is seen here, or there that the name is gone.
        fence(SeqCst);
        let _ = partition.end(found.target, end_iterator, end_stream);
        Ok(())
    })
}

/// The handle for an iterator that the store just opened. The error is that the partition was
/// detached meanwhile.
pub(super) fn iterator_opened(found: &Found, token: usize, style: Style) -> Result<usize, Error> {
    let entry = token % ITERATORS;
    let partition = ALL.get(found.index).ok_or(Error::NotFound)?;
    let place = partition.iterators.get(entry).ok_or(Error::NotFound)?;
    let serial = partition.open(found, place, token, style.bits())?;
    Ok(serial | entry << ENTRY_AT | found.index << PARTITION_AT | 1)
}

/// The handle for a stream that the store just started. The error is that the partition was
/// detached meanwhile.
pub(super) fn stream_opened(found: &Found, token: usize) -> Result<usize, Error> {
    let partition = ALL.get(found.index).ok_or(Error::NotFound)?;
    let serial = partition.open(found, &partition.stream, token, 0)?;
    Ok(serial | found.index << PARTITION_AT | 1)
}

/// The partition that a handle is of, and its place there.
fn decode(handle: usize) -> Option<(usize, &'static Partition, usize)> {
    let index = handle >> PARTITION_AT & (PARTITIONS - 1);
    let entry = handle >> ENTRY_AT & (ITERATORS - 1);
    let partition = ALL.get(index)?;
    (handle & 1 == 1).then_some((index, partition, entry))
}

/// What is behind a handle, if it is the last that its place gave.
fn behind(handle: usize, index: usize, partition: &Partition, place: &Place) -> Option<Behind> {
    let target = partition.target()?;
    let token = place.token.load(Acquire);
    let mark = place.mark.load(Relaxed);
    let is_last = mark >> SERIAL_AT == handle >> SERIAL_AT;
    (is_last && token != 0).then_some(Behind {
        target,
        token,
        style: Style::from_bits(mark),
        index,
    })
}

/// The iterator behind a handle; its store knows whether it is still open.
pub(super) fn iterator(handle: usize) -> Result<Behind, Error> {
    let known = decode(handle).and_then(|(index, partition, entry)| {
        behind(handle, index, partition, partition.iterators.get(entry)?)
    });
    known.ok_or(Error::InvalidArgument)
}

/// Forgets a stream that ends: its handle is refused from now on.
pub(super) fn stream_ends(behind: &Behind) {
    if let Some(partition) = ALL.get(behind.index) {
        partition.stream.forget();
    }
}

/// The stream behind a handle; its store knows whether it is still open.
pub(super) fn stream(handle: usize) -> Result<Behind, Error> {
    let known = decode(handle).and_then(|(index, partition, entry)| {
        behind(handle, index, partition, &partition.stream).filter(|_| entry == 0)
    });
    known.ok_or(Error::InvalidArgument)
}

impl Behind {
    /// What stands before each key that the iterator returns, and its length.
    pub(super) fn path(&self) -> ([u8; Style::TEXT_MAX], usize) {
        let (name, length) = ALL
            .get(self.index)
            .map_or(([0; NAME_MAX], 0), Partition::name);
        self.style.text(name.get(..length).unwrap_or(&[]))
    }
}
