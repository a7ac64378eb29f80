//! Values set in pieces, and values larger than a record.
//!
//! A value that fits one record is written straight through. A larger one becomes fragments, each
//! with the key and the value's id, and at last the record that names them and makes them valid
//! together.
//!
//! Invariant: until that last record is whole the old value is what everybody sees.
#![forbid(unsafe_code)]

use super::{
    Engine,
    bytes::{divide, put},
    find::{Identity, KeySource},
    layout::quotient,
    record::{CRC_SIZE, FRAGMENT_ID, HEAD_MAX, Head, Kind, LARGE_SIZE},
    scan::Entry,
    set::{FLAG_WRITE_ONCE, Old},
    value::{Large, fragment_id},
};
use crate::{error::Error, flash::Flash};

/// The largest value.
pub(crate) const VALUE_MAX: u32 = 4 << 20;

/// A value that is being set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    hash: u32,
    flags: u8,
    key_len: u32,
    size: u32,
    given: u32,
    /// A record of it is being written.
    is_recording: bool,
    /// Number and place of the first fragment; all ones before there is one.
    pub(crate) id: [u8; 12],
    /// A record with the key in it: the first fragment.
    pub(crate) source: Option<Entry>,
    /// Bytes of the value in each fragment; 0 when the value is one record.
    piece: u32,
    /// Fragments completed.
    count: u16,
    /// Bytes still to come for the fragment being written.
    piece_left: u32,
}

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// In one record.
    Whole,
    /// In fragments with this much of the value in each.
    Fragments { piece: u32 },
}

/// A way to store a value, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    shape: Shape,
    units: u32,
    largest: u32,
}

/// Bytes of a value in one record, of those with flags: these are longer than others.
fn longest(key_len: usize, size: u32) -> u32 {
    Head::new(Kind::Value, FLAG_WRITE_ONCE, key_len, size).total()
}

impl<F: Flash> Engine<'_, F> {
    /// A value of `size` bytes under a key of `key_len` bytes in one record, if that can be: how
    /// it is stored, and the units it takes, in all and in the largest piece.
    fn whole(&self, key_len: usize, size: u32) -> Option<Plan> {
        let layout = &self.io.layout;
        let total = longest(key_len, size);
        let units = layout.units(total);
        (size <= VALUE_MAX && total <= layout.record_max()).then_some(Plan {
            shape: Shape::Whole,
            units,
            largest: units,
        })
    }

    /// The same in fragments: for what does not fit a record, and for a record so large that it
    /// would leave much of each segment unused.
    fn in_fragments(&self, key_len: usize, size: u32) -> Option<Plan> {
        let layout = &self.io.layout;
        let overhead = HEAD_MAX as u32 + key_len as u32 + FRAGMENT_ID + CRC_SIZE;
        let room = layout
            .fragment_max()
            .max(overhead + 64)
            .min(layout.record_max());
        let piece = room.saturating_sub(overhead);
        let whole = longest(key_len, size);
        if size > VALUE_MAX || piece < 16 || whole <= room {
            return None;
        }
        let count = u16::try_from(quotient(size.saturating_sub(1), piece) + 1).ok()?;
        let large = layout.units(Head::new(Kind::Large, 0, key_len, LARGE_SIZE).total());
        let one = layout.units(Head::new(Kind::Fragment, 0, key_len, FRAGMENT_ID + piece).total());
        let units = u32::from(count).saturating_mul(one).saturating_add(large);
        (large <= layout.units(layout.record_max())).then_some(Plan {
            shape: Shape::Fragments { piece },
            units,
            largest: one.max(large),
        })
    }

    /// One or the other.
    #[inline(never)]
    fn plan(&self, key_len: usize, size: u32, fragments: bool) -> Option<Plan> {
        if fragments {
            self.in_fragments(key_len, size)
        } else {
            self.whole(key_len, size)
        }
    }

    /// All checks of a set, in order; how the value is to be stored.
    fn check_set(
        &mut self,
        identity: &Identity<'_>,
        key: &[u8],
        size: u32,
        old: &mut Old,
    ) -> Result<Shape, Error> {
        let plan = |engine: &Self, fragments| engine.plan(key.len(), size, fragments);
        if plan(self, false).or(plan(self, true)).is_none() {
            return Err(Error::TooLarge);
        }
        self.find_replaceable(identity, old)?;
        let mut refused = Error::TooLarge;
        for fragments in [false, true] {
            let Some(plan) = plan(self, fragments) else {
                continue;
            };
            match self.check_fit(plan.units, plan.largest) {
                Ok(()) => return Ok(plan.shape),
                Err(error) if refused == Error::TooLarge => refused = error,
                Err(_) => {}
            }
        }
        Err(refused)
    }

    /// The largest value that a new key of `key_len` bytes could get now, and any smaller one too.
    pub(crate) fn largest_value(&self, key_len: usize) -> u32 {
        // Sizes that fit in one record are those below some size, and so are, from where fragments
        // begin, those that fit in fragments. Between the two there may be some that do not.
        let whole = self.first_unfit(0, key_len, false);
        let either = self.first_unfit(whole, key_len, true);
        either.saturating_sub(1)
    }

    /// The first size from `low` on that there is no room for, in one record or in fragments.
    fn first_unfit(&self, mut low: u32, key_len: usize, in_fragments: bool) -> u32 {
        // The first is looked at alone: where it does not fit, none above it may.
        let (mut high, mut middle) = (VALUE_MAX + 1, low);
        while low < high {
            let plan = self.plan(key_len, middle, in_fragments);
            let fits = plan.is_some_and(|plan| {
                let capacity = self.capacity(plan.largest.max(self.largest));
                self.live.saturating_add(plan.units) <= capacity
            });
            if fits {
                low = middle + 1;
            } else {
                high = middle;
            }
            middle = (low + high) / 2;
        }
        low
    }

    /// Sets a value that is at hand.
    pub(crate) fn set_value(&mut self, key: &[u8], value: &[u8], flags: u8) -> Result<(), Error> {
        let size = u32::try_from(value.len()).map_err(|_| Error::TooLarge)?;
        let identity = Identity::of_key(key);
        let mut old = Old::unknown();
        match self.check_set(&identity, key, size, &mut old)? {
            Shape::Whole => {
                let head = Head::new(Kind::Value, flags, key.len(), size);
                self.write_record(&identity, &head, key, value, &mut old)
            }
            Shape::Fragments { piece } => {
                let mut tries = self.segments.count();
                loop {
                    match self.set_fragments(&identity, key, value, flags, piece) {
                        Err(Error::WriteFailed) if tries > 0 => tries -= 1,
                        result => return result,
                    }
                }
            }
        }
    }

    fn set_fragments(
        &mut self,
        identity: &Identity<'_>,
        key: &[u8],
        value: &[u8],
        flags: u8,
        piece: u32,
    ) -> Result<(), Error> {
        self.prepare_write(self.io.layout.block)?;
        self.begin(identity, key, value.len() as u32, flags, piece)?;
        self.add(value)?;
        self.finalize()
    }

    /// Starts a value of `size` bytes.
    pub(crate) fn start_stream(&mut self, key: &[u8], size: u32, flags: u8) -> Result<(), Error> {
        let identity = Identity::of_key(key);
        let shape = self.check_set(&identity, key, size, &mut Old::unknown())?;
        self.prepare_write(self.io.layout.block)?;
        let piece = match shape {
            Shape::Whole => 0,
            Shape::Fragments { piece } => piece,
        };
        self.begin(&identity, key, size, flags, piece)
    }

    fn begin(
        &mut self,
        identity: &Identity<'_>,
        key: &[u8],
        size: u32,
        flags: u8,
        piece: u32,
    ) -> Result<(), Error> {
        self.stream = Some(Stream {
            hash: identity.hash,
            flags,
            key_len: key.len() as u32,
            size,
            given: 0,
            is_recording: false,
            id: [0xFF; 12],
            source: None,
            piece,
            count: 0,
            piece_left: 0,
        });
        let begun = if piece == 0 {
            let head = Head::new(Kind::Value, flags, key.len(), size);
            self.start_record(&head).and_then(|()| self.put(key))
        } else {
            self.start_fragment(key)
        };
        if begun.is_err() {
            self.stream = None;
        }
        begun
    }

    /// Makes room for a record of the value, and starts it.
    fn start_record(&mut self, head: &Head) -> Result<(), Error> {
        let open = self.make_room(head.total())?;
        let started = self.record.start(&mut self.io, open, head);
        self.set_recording(true);
        self.close_if_failed(started)
    }

    /// Adds bytes to the record that was started.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let result = self.record.put(&mut self.io, bytes);
        self.close_if_failed(result)
    }

    fn set_recording(&mut self, is_recording: bool) {
        if let Some(stream) = &mut self.stream {
            stream.is_recording = is_recording;
        }
    }

    /// A segment in which a program failed takes no more records.
    fn close_if_failed<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.user = None;
            self.set_recording(false);
            return self.end_or_give_up_opening(result);
        }
        result
    }

    /// Starts the next fragment; `key` is that of the first one.
    fn start_fragment(&mut self, key: &[u8]) -> Result<(), Error> {
        let stream = self.stream.as_ref().ok_or(Error::WriteFailed)?;
        let size = stream.piece.min(stream.size - stream.given);
        let key_len = stream.key_len as usize;
        let head = Head::new(Kind::Fragment, 0, key_len, FRAGMENT_ID + size);
        let open = self.make_room(head.total())?;
        if let Some(stream) = &mut self.stream
            && stream.count == 0
        {
            let number = self.segments.number(open.segment);
            put(&mut stream.id, 0, number.to_le_bytes());
            put(&mut stream.id, 8, open.place.to_le_bytes());
        }
        self.start_record(&head)?;
        self.put_key(key)?;
        let Some(stream) = &mut self.stream else {
            return Err(Error::WriteFailed);
        };
        stream.piece_left = size;
        let id = fragment_id(&stream.id, stream.count);
        self.put(&id)
    }

    /// Takes in the next bytes of the value. After a failure of the flash the value is dropped.
    pub(crate) fn add(&mut self, data: &[u8]) -> Result<(), Error> {
        let stream = self.stream.as_ref().ok_or(Error::InvalidArgument)?;
        if data.len() > (stream.size - stream.given) as usize {
            return Err(Error::InvalidSize);
        }
        let result = self.add_checked(data);
        if result.is_err() && self.stream.is_some() {
            self.user = self.user.filter(|_| result != Err(Error::WriteFailed));
            self.abort()?;
        }
        result
    }

    fn add_checked(&mut self, mut data: &[u8]) -> Result<(), Error> {
        while !data.is_empty() {
            let stream = self.stream.as_ref().ok_or(Error::WriteFailed)?;
            if !stream.is_recording {
                self.start_fragment(&[])?;
                continue;
            }
            let room = if stream.piece == 0 {
                data.len()
            } else {
                stream.piece_left as usize
            };
            let (now, later) = divide(data, room);
            self.put(now)?;
            data = later;
            if let Some(stream) = &mut self.stream {
                stream.given += now.len() as u32;
                if stream.piece > 0 {
                    stream.piece_left -= now.len() as u32;
                    if stream.piece_left == 0 {
                        self.end_fragment()?;
                    }
                }
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn end_fragment(&mut self) -> Result<(), Error> {
        let entry = self.end_record()?;
        if let Some(stream) = &mut self.stream {
            stream.count += 1;
            stream.source = stream.source.or(Some(entry));
        }
        // Counted before anything can fail: what is given up is counted out again.
        self.count_in(&entry);
        let identity = match self.identity_of(&entry) {
            Ok(identity) => identity,
            Err(error) => {
                self.lose_count();
                return Err(error);
            }
        };
        if self.table.cover.holds(identity.hash) {
            let location = self.location(entry.segment, entry.place);
            if self.table.insert(identity.hash, location).is_err() {
                self.load(self.table.cover)?;
            }
        }
        Ok(())
    }

    /// Adds the key to the record that was started: from the first fragment, which may have moved
    /// while room was made, or where there is none yet, `key`.
    fn put_key(&mut self, key: &[u8]) -> Result<(), Error> {
        let stream = self.stream.as_ref().ok_or(Error::WriteFailed)?;
        if stream.count == 0 {
            return self.put(key);
        }
        let source = stream.source.ok_or(Error::WriteFailed);
        let source = self.close_if_failed(source)?;
        let base = self.base(source.segment);
        let mut at = self.key_offset(&source);
        let mut left = source.head.key_len();
        while left > 0 {
            let mut piece = [0; 64];
            let piece = piece.get_mut(..left.min(64) as usize).unwrap_or(&mut []);
            // What was programmed of the record so far cannot be again.
            let read = self.io.read(base, at, piece, 0);
            at = self.close_if_failed(read)?;
            self.put(piece)?;
            left -= piece.len() as u32;
        }
        Ok(())
    }

    /// Completes the record that was started.
    fn end_record(&mut self) -> Result<Entry, Error> {
        self.set_recording(false);
        self.user = None;
        let finished = self.end_append();
        self.end_or_give_up_opening(finished)?;
        Ok(self.record.entry())
    }

    /// Makes the value current.
    pub(crate) fn finalize(&mut self) -> Result<(), Error> {
        let stream = self.stream.as_ref().ok_or(Error::InvalidArgument)?;
        if stream.given < stream.size {
            self.abort()?;
            return Err(Error::InvalidSize);
        }
        let hash = stream.hash;
        let mut again = false;
        let ended = if stream.piece == 0 {
            self.end_record()
        } else {
            self.write_large(&mut again)
        };
        let entry = match ended {
            Ok(entry) => entry,
            Err(error) => {
                let aborted = self.abort();
                // The record may be there all the same, and the next mount will find it.
                self.lose_count();
                return aborted.and(Err(error));
            }
        };
        self.stream = None;
        let identity = Identity {
            key: KeySource::Stored(&entry),
            fragment: None,
            hash,
        };
        if again {
            // It has the same fragments as the one it replaces.
            self.lose_count();
        } else {
            self.publish(&identity, &entry, &mut Old::unknown())?;
        }
        self.io.sync()
    }

    /// Writes the record that makes the fragments valid. `again` is set where there are two of it.
    fn write_large(&mut self, again: &mut bool) -> Result<Entry, Error> {
        let stream = self.stream.as_ref().ok_or(Error::WriteFailed)?;
        let large = Large {
            id: stream.id,
            size: stream.size,
            piece: stream.piece,
            count: stream.count,
        };
        let key_len = stream.key_len as usize;
        let head = Head::new(Kind::Large, stream.flags, key_len, LARGE_SIZE);
        let mut tries = self.segments.count();
        loop {
            let source = self.stream.as_ref().and_then(|stream| stream.source);
            source.ok_or(Error::WriteFailed)?;
            self.start_record(&head)?;
            let done = self
                .put_key(&[])
                .and_then(|()| self.put(&large.encode()))
                .and_then(|()| self.end_record());
            match done {
                Err(Error::WriteFailed) if tries > 0 => {
                    tries -= 1;
                    *again |= self.count_failed();
                }
                result => return result,
            }
        }
    }

    /// Drops the value being set; the old one stays.
    pub(crate) fn abort(&mut self) -> Result<(), Error> {
        let stream = self.stream.as_mut().ok_or(Error::InvalidArgument)?;
        if stream.is_recording && self.user.is_some() {
            self.user = Some(self.record.abandon(&self.io));
        }
        let (source, id, count) = (stream.source, stream.id, stream.count);
        // It ends even if its fragments do not read: then they are counted as needed still.
        self.stream = None;
        // Where all is counted anew, they are not.
        if let Some(source) = &source.filter(|_| self.is_counted)
            && let Err(error) = self.forget_fragments(KeySource::Stored(source), &id, count)
        {
            self.lose_count();
            return Err(error);
        }
        self.io.sync()
    }
}
