//! One partition: the public operations of the store.
//!
//! | file | what it owns |
//! |---|---|
//! | `layout`, `header`, `record`, `checksum` | the format |
//! | `io` | the flash with its two buffers |
//! | `memory`, `segments`, `index` | the lent memory; what RAM knows of segments and of keys |
//! | `scan`, `walk`, `find`, `value`, `iterate`, `check` | reading |
//! | `write`, `set`, `stream`, `format` | writing |
//! | `space`, `open`, `collect`, `victim` | room |
//! | `mount`, `tail`, `recount`, `resume` | what happens after power comes back |
//!
//! Invariant: the operations here check their arguments and call below; nothing else does.
#![forbid(unsafe_code)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "offsets, units and counts are bounded by the layout, lengths from flash by their \
              checks against it; tests and fuzzing run with overflow checks"
)]

mod arithmetic;
mod bytes;
mod check;
mod checksum;
mod collect;
mod find;
mod foreign;
mod format;
mod header;
mod index;
mod io;
mod iterate;
mod layout;
mod memory;
mod mount;
mod open;
mod record;
mod recount;
mod resume;
mod scan;
mod segments;
mod set;
mod space;
mod stream;
mod tail;
mod types;
mod value;
mod victim;
mod walk;
mod window;
mod write;

pub use iterate::{ITERATORS, IteratorId};
pub use memory::{requirements, table_slots};
pub use record::KEY_MAX;
pub use segments::Segment;
pub use types::{CheckReport, Config, Info, Memory, Requirements, Stats};

pub(crate) use memory::Parts;

use crate::{error::Error, flash::Flash};
use find::{Identity, Spot};
use index::Table;
use io::Io;
use iterate::Iterators;
use scan::Hidden;
use segments::Segments;
use stream::Stream;
use tail::Tail;
use write::{Open, Recording};

/// Bytes of the read buffer: a block that has to be kept there at times, and some to read with.
pub const WINDOW: usize = 320;
/// The largest block where the program unit is at most 256 bytes.
pub const MAX_BLOCK_SMALL_UNITS: usize = 256;
/// The largest value, in bytes.
pub const VALUE_MAX: u32 = stream::VALUE_MAX;
/// The index of no segment: there are at most so many.
const NO_SEGMENT: u16 = u16::MAX;
/// Bytes of reserved data.
pub const RESERVED_MAX: usize = 64;

/// A store on one partition.
#[derive(Debug)]
pub struct Engine<'m, F: Flash> {
    io: Io<'m, F>,
    segments: Segments<'m>,
    table: Table<'m>,
    config: Config,
    /// Where the user's next record goes.
    user: Option<Open>,
    /// Where the next record goes that is moved apart from what the user writes.
    apart: Option<Open>,
    /// The segment that took what was moved last, and the end of what counts in it.
    limited: Option<(u16, u32)>,
    /// The one before, which is being collected because an earlier session may have left something
    /// behind that end.
    left: Option<(u16, u32)>,
    /// Where the segment that was open at the mount ends, until the first write.
    tail: Option<Tail>,
    hidden: Hidden,
    /// At the mount nothing counted in a segment newer than the one that was open: it may at
    /// another look.
    dropped: bool,
    /// The segment opened last, as long as nothing in it counts.
    opening: Option<u16>,
    stream: Option<Stream>,
    record: Recording,
    iterators: Iterators,
    /// The highest number given to a segment.
    newest: u64,
    /// Units of alignment: of all live records, of tombstones, of the largest.
    live: u32,
    tombstones: u32,
    largest: u32,
    largest_is_stale: bool,
    keys: u32,
    /// Whether these counts are those of what is on flash.
    is_counted: bool,
    /// Erases, and times that the index was filled: what was found before one may be elsewhere.
    changes: u32,
    /// Segment and place of the record that was verified last; no record has place 0.
    verified: (u16, u32),
    /// When there was nothing to collect ahead so much of the open segment was left, one part in so
    /// many: no write looks again before less is.
    paced: u8,
    /// What was moved apart last had been moved before.
    moves_again: bool,
    /// Segment in which an opening failed once, or [`NO_SEGMENT`].
    suspect: u16,
    recovered_records: u32,
    recovered_segments: u32,
    damaged_records: u32,
}

impl<'m, F: Flash> Engine<'m, F> {
    /// An engine that has not looked at its flash: [`Engine::start`] or [`Engine::make_empty`]
    /// comes next, and nothing else before that. In two steps so that it can be made where it is
    /// to stay: it is large for the stack of a microcontroller.
    pub(crate) fn new(flash: F, parts: Parts<'m>, config: &Config) -> Self {
        let Parts {
            layout,
            table,
            segments,
            block,
            window,
        } = parts;
        Engine {
            io: Io::new(flash, layout, window, block, !config.skip_verify),
            segments: Segments::new(segments),
            table: Table::new(table, layout.location_bits()),
            config: *config,
            user: None,
            apart: None,
            limited: None,
            left: None,
            tail: None,
            hidden: Hidden::default(),
            dropped: false,
            opening: None,
            stream: None,
            record: Recording::nothing(),
            iterators: Iterators::new(),
            newest: 0,
            live: 0,
            tombstones: 0,
            largest: 0,
            largest_is_stale: false,
            keys: 0,
            is_counted: true,
            changes: 0,
            verified: (0, 0),
            paced: 0,
            moves_again: false,
            suspect: NO_SEGMENT,
            recovered_records: 0,
            recovered_segments: 0,
            damaged_records: 0,
        }
    }

    /// Reads the partition: what [`Engine::mount`] does.
    pub(crate) fn start(&mut self) -> Result<(), Error> {
        match self.mount_segments() {
            Err(Error::Unformatted) if self.config.format_if_unrecognised => {
                if self.holds_foreign_store()? {
                    return Err(Error::Unformatted);
                }
                self.erase_all()
            }
            result => result,
        }
    }

    /// Makes the partition an empty store: what [`Engine::format`] does.
    pub(crate) fn make_empty(&mut self) -> Result<(), Error> {
        if self.mount_segments().is_ok() && self.reset_all().is_ok() {
            return Ok(());
        }
        self.erase_all()
    }

    /// Opens the store on `flash`. Programs nothing, unless the configuration asks for an
    /// unrecognised partition to be formatted.
    ///
    /// # Errors
    /// [`Error::Unformatted`], [`Error::UnsupportedVersion`], [`Error::GeometryMismatch`] when
    /// this is not a store of this version and division; nothing was changed.
    /// [`Error::OutOfMemory`] when the lent memory is too small, [`Error::InvalidArgument`] as
    /// [`requirements`], [`Error::ReadFailed`] when the flash reports it. When formatting:
    /// [`Error::WriteFailed`] too.
    pub fn mount(flash: F, memory: Memory<'m>, config: &Config) -> Result<Self, Error> {
        let parts = Parts::new(&flash, memory, config)?;
        let mut engine = Self::new(flash, parts, config);
        engine.start()?;
        Ok(engine)
    }

    /// Makes the partition an empty store, whatever it held. Where it holds a store that mounts,
    /// this is a [`reset`](Engine::reset): after a power cut all keys are there, or none. Where it
    /// does not, a power cut leaves an unformatted partition or an empty store.
    ///
    /// # Errors
    /// As [`Engine::mount`] for memory, arguments and reading; [`Error::WriteFailed`] when fewer
    /// than two segments can be erased, or an old store is in one that cannot be.
    pub fn format(flash: F, memory: Memory<'m>, config: &Config) -> Result<(), Error> {
        let parts = Parts::new(&flash, memory, config)?;
        Self::new(flash, parts, config).make_empty()
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.io.into_flash()
    }

    fn begin_write(&mut self) -> Result<(), Error> {
        if self.stream.is_some() {
            Err(Error::AlreadyInUse)
        } else {
            Ok(())
        }
    }

    /// Where a write failed, what RAM knows of the flash is made anew at once, and not in the next
    /// read: from here the stack is as shallow as it gets.
    fn conclude<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            let _or_later = self.make_counted();
        }
        result
    }

    /// Stores `value` under `key`. When power fails the key has its old value or this one.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an empty key, one over [`KEY_MAX`] bytes or unknown flags;
    /// [`Error::WriteProtected`] when the key was set write-once; [`Error::TooLarge`] when it can
    /// never fit; [`Error::Full`] when it does not fit now (nothing was written);
    /// [`Error::AlreadyInUse`] while a stream is open; [`Error::ReadOnly`],
    /// [`Error::WriteFailed`], [`Error::ReadFailed`] when the flash fails: it may hold the new
    /// value all the same, and then that counts, now and after a restart.
    pub fn set(&mut self, key: &[u8], value: &[u8], flags: u8) -> Result<(), Error> {
        set::check_key(key)?;
        set::check_flags(flags)?;
        self.begin_write()?;
        let result = self.set_value(key, value, flags);
        self.conclude(result)
    }

    /// Copies the value of `key` from `offset` on into `buffer`, as much of it as that holds;
    /// returns the bytes that are left of the value from there on, so more than the buffer's length
    /// where it goes on behind what was copied.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] as [`Engine::set`]; [`Error::NotFound`];
    /// [`Error::InvalidSize`] when `offset` is behind the end; [`Error::Damaged`] when the check
    /// of what is stored fails (the buffer is cleared); [`Error::ReadFailed`].
    pub fn get(&mut self, key: &[u8], offset: u32, buffer: &mut [u8]) -> Result<u32, Error> {
        set::check_key(key)?;
        self.read_value(&Identity::of_key(key), offset, buffer)
    }

    /// Size and flags of the value of `key`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::NotFound`], [`Error::Damaged`],
    /// [`Error::ReadFailed`] as [`Engine::get`].
    pub fn info(&mut self, key: &[u8]) -> Result<Info, Error> {
        set::check_key(key)?;
        self.read_info(&Identity::of_key(key))
    }

    /// Whether `key` has a value.
    ///
    /// # Errors
    /// As [`Engine::info`], [`Error::NotFound`] excepted.
    pub fn exists(&mut self, key: &[u8]) -> Result<bool, Error> {
        set::check_key(key)?;
        self.find_live(&Identity::of_key(key), &mut Spot::nothing())
    }

    /// Removes `key`. When power fails it has its value or is gone. Works in a full store.
    ///
    /// # Errors
    /// [`Error::NotFound`]; else as [`Engine::set`], [`Error::Full`] excepted.
    pub fn remove(&mut self, key: &[u8]) -> Result<(), Error> {
        set::check_key(key)?;
        self.begin_write()?;
        let result = self.remove_key(key);
        self.conclude(result)
    }

    /// Removes everything, write-once keys and reserved data too. When power fails everything is
    /// there or nothing.
    ///
    /// # Errors
    /// [`Error::AlreadyInUse`], [`Error::ReadOnly`], [`Error::WriteFailed`],
    /// [`Error::ReadFailed`] as [`Engine::set`].
    pub fn reset(&mut self) -> Result<(), Error> {
        self.begin_write()?;
        let result = self.reset_all();
        self.conclude(result)
    }

    /// Starts a value of exactly `size` bytes, given in pieces. Until [`Engine::set_finalize`]
    /// the old value stays and nothing else can be written.
    ///
    /// # Errors
    /// As [`Engine::set`].
    pub fn set_start(&mut self, key: &[u8], size: u32, flags: u8) -> Result<(), Error> {
        set::check_key(key)?;
        set::check_flags(flags)?;
        self.begin_write()?;
        let result = self.start_stream(key, size, flags);
        self.conclude(result)
    }

    /// Adds the next bytes of the value that was started.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when none was; [`Error::InvalidSize`] when these are more than
    /// announced (the stream stays open, nothing was taken); [`Error::WriteFailed`],
    /// [`Error::ReadOnly`], [`Error::ReadFailed`]: the stream is dropped, the old value stays.
    pub fn set_add_data(&mut self, data: &[u8]) -> Result<(), Error> {
        let result = self.add(data);
        self.conclude(result)
    }

    /// Makes the value that was started current.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when none was; [`Error::InvalidSize`] when bytes are missing;
    /// others as [`Engine::set_add_data`]. After any but the first the stream is dropped. The old
    /// value stays; where the flash failed, it may hold the new one all the same, and then that
    /// counts, now and after a restart.
    pub fn set_finalize(&mut self) -> Result<(), Error> {
        let result = self.finalize();
        self.conclude(result)
    }

    /// Drops the value that was started.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when none was; [`Error::ReadFailed`].
    pub fn set_abort(&mut self) -> Result<(), Error> {
        let result = self.abort();
        self.conclude(result)
    }

    /// Whether a stream is open.
    pub fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// Starts an iteration over the keys that begin with `prefix`. Each key that exists during
    /// the whole iteration comes once, whatever is set or removed meanwhile. The order is none
    /// that means anything.
    ///
    /// # Errors
    /// [`Error::OutOfResources`] when [`ITERATORS`] are open, or the prefixes of those open leave
    /// no room for this one (256 bytes in all).
    pub fn iterator_open(&mut self, prefix: &[u8]) -> Result<IteratorId, Error> {
        self.iterators.open(prefix)
    }

    /// The next key, copied to `key`; returns its length.
    ///
    /// # Errors
    /// [`Error::NotFound`] at the end; [`Error::InvalidSize`] when the key is longer than the
    /// buffer (the next call returns the same key); [`Error::InvalidArgument`] for an iterator
    /// that is not open; [`Error::ReadFailed`].
    pub fn iterator_next(&mut self, id: IteratorId, key: &mut [u8]) -> Result<usize, Error> {
        self.next_key(id, key)
    }

    /// Ends an iteration.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an iterator that is not open.
    pub fn iterator_close(&mut self, id: IteratorId) -> Result<(), Error> {
        self.iterators.close(id)
    }

    /// Stores up to [`RESERVED_MAX`] bytes of reserved data (Mbed's slot for the root of trust),
    /// once: only a reset clears them.
    ///
    /// # Errors
    /// [`Error::InvalidSize`] when longer; [`Error::ReservedDataExists`]; else as
    /// [`Engine::set`].
    pub fn reserved_data_set(&mut self, data: &[u8]) -> Result<(), Error> {
        if data.len() > RESERVED_MAX {
            return Err(Error::InvalidSize);
        }
        self.begin_write()?;
        // The empty key is no user's.
        let result = self.set_value(&[], data, set::FLAG_WRITE_ONCE);
        match self.conclude(result) {
            Err(Error::WriteProtected) => Err(Error::ReservedDataExists),
            result => result,
        }
    }

    /// Reads the reserved data; returns their length.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there are none; [`Error::InvalidSize`] when the buffer is too
    /// small; [`Error::Damaged`], [`Error::ReadFailed`].
    pub fn reserved_data_get(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let identity = Identity::of_key(&[]);
        let size = self.read_value(&identity, 0, buffer)? as usize;
        if size > buffer.len() {
            return Err(Error::InvalidSize);
        }
        Ok(size)
    }

    /// Does work ahead that writes would otherwise do: up to `budget` steps, each at most one
    /// erase or one block copied. Returns the steps done; fewer than `budget` means that nothing
    /// is left to do now.
    ///
    /// # Errors
    /// As [`Engine::remove`], [`Error::NotFound`] excepted.
    pub fn maintain(&mut self, budget: u32) -> Result<u32, Error> {
        self.begin_write()?;
        self.make_counted()?;
        let mut done = 0;
        while done < budget {
            let step = self.maintain_step();
            if !self.conclude(step)? {
                break;
            }
            done += 1;
        }
        self.io.sync()?;
        Ok(done)
    }

    /// Verifies all that is stored.
    ///
    /// # Errors
    /// [`Error::ReadFailed`]. Damage is no error here: the report says what was found.
    pub fn check(&mut self) -> Result<CheckReport, Error> {
        self.check_all()
    }

    /// Counters and sizes; costs no flash operation. Where the flash has failed, what was written
    /// since is counted with the next write.
    ///
    /// # Errors
    /// None now; kept for figures that would have to be read.
    pub fn stats(&mut self) -> Result<Stats, Error> {
        Ok(self.count_stats())
    }
}
