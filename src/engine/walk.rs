//! The walk over the records of one segment that count, past whatever power cuts and rot have left.
//!
//! Two records that the scan finds are always held back: one that resumes
//! after a power cut says what before it is void. That is the last one that counted when power came
//! back, and one behind it that did not show then. It says so only when something follows it: else
//! it is what a cut left, and more may have been written before it since, where it did not show.
//!
//! Invariant: changes nothing; every loop advances by at least a record.
//! `docs/format.md` section 6.
#![forbid(unsafe_code)]

use super::{
    io::Io,
    scan::{Entry, Hidden, Read, Scan},
};
use crate::{error::Error, flash::Flash};

/// A walk. Made by [`Walk::new`], driven by [`Walk::next`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    scan: Scan,
    /// Held back, the older one first.
    held: [Option<Read>; 2],
    /// The first record that one held back declared void: where that is void itself, it counts.
    set_aside: Option<Read>,
    /// A record behind `held` that resumes: it counts when what comes next shows that.
    resumes: Option<Read>,
    /// The one before it that resumes, which it declares void: where it is void itself, by one that
    /// saw the one before, that counts.
    outranked: Option<Read>,
    /// What the scan found last is still to be looked at.
    again: bool,
    current: Read,
    /// What is handed out is read again by who walks.
    looks_back: bool,
    /// Records declared void by a later one.
    pub(crate) voided: u32,
}

impl Walk {
    /// A walk over what `scan`, which is at its start, will find.
    pub(crate) fn new(scan: Scan) -> Self {
        Walk {
            scan,
            held: [None; 2],
            set_aside: None,
            resumes: None,
            outranked: None,
            again: false,
            current: scan.found,
            looks_back: false,
            voided: 0,
        }
    }

    /// The same for who reads more of each record than the walk tells: it stays in the read buffer.
    pub(crate) fn looking_back(self) -> Self {
        Walk {
            looks_back: true,
            ..self
        }
    }

    /// Places where the walk lost the thread and found it again.
    pub(crate) fn gaps(&self) -> u32 {
        self.scan.gaps
    }

    /// A record has rotted: one was there that does not read.
    pub(crate) fn has_lost(&self) -> bool {
        self.scan.has_lost
    }

    /// The record that [`Walk::next`] went to.
    pub(crate) fn entry(&self) -> &Entry {
        &self.current.entry
    }

    /// Hash of that record: as it was read, what identifies it need not be read again.
    pub(crate) fn hash(&self) -> u32 {
        self.current.hash
    }

    /// Goes to the next record that counts, in the order they were written; `false`: there is none.
    pub(crate) fn next<F: Flash>(&mut self, io: &mut Io<'_, F>) -> Result<bool, Error> {
        let align = io.layout.align;
        loop {
            let is_read = core::mem::take(&mut self.again) || self.scan_on(io)?;
            let read = self.scan.found;
            let done = if !is_read {
                if self.resumes.take().is_some() {
                    self.voided += 1;
                }
                let [older, newer] = &mut self.held;
                let last = older.take().or_else(|| newer.take());
                if last.is_none() {
                    return Ok(false);
                }
                last
            } else if let Some(resumes) = self.resumes.take() {
                // Nothing comes behind a record that a cut left in doubt.
                self.again = true;
                let from = read.entry.resumes_from(align);
                let is_seen = |read: &Read| from.is_none_or(|from| from > read.entry.place);
                let before = self.outranked.take();
                if is_seen(&resumes) {
                    self.resume(resumes, align)
                } else {
                    self.voided += 1;
                    match before {
                        Some(before) if is_seen(&before) => self.resume(before, align),
                        // The first of several: they are copies of one record.
                        _ => {
                            self.outranked = before.or(Some(resumes));
                            None
                        }
                    }
                }
            } else if read.entry.resumes_from(align).is_some() && !self.is_certain(&read.entry) {
                self.resumes = Some(read);
                None
            } else {
                self.resume(read, align)
            };
            if let Some(done) = done {
                self.current = done;
                return Ok(true);
            }
        }
    }

    /// Goes on with the scan. What is handed out next stays in the window.
    fn scan_on<F: Flash>(&mut self, io: &mut Io<'_, F>) -> Result<bool, Error> {
        let held = self
            .held
            .iter()
            .flatten()
            .next()
            .filter(|_| self.looks_back);
        let base = io.layout.address(self.scan.segment);
        io.keep_from(held.map(|held| base + held.entry.place));
        let found = self.scan.next(io);
        io.keep_from(None);
        found
    }

    /// The record before what this session hides, or that it went on with behind.
    fn is_certain(&self, entry: &Entry) -> bool {
        let Hidden {
            segment, to, last, ..
        } = self.scan.hidden;
        segment == self.scan.segment && (entry.place == to || entry.place == last)
    }

    /// Holds `read` back, and lets go the older of two held before, unless those are void.
    fn resume(&mut self, read: Read, align: u32) -> Option<Read> {
        if let Some(from) = read.entry.resumes_from(align) {
            let mut void = None;
            for held in &mut self.held {
                if held.is_some_and(|held| held.entry.place >= from) {
                    void = void.or(held.take());
                    self.voided += 1;
                }
            }
            self.set_aside = self.set_aside.or(void);
            self.take_back(from);
        }
        self.let_go(read)
    }

    /// Two cuts in a row: what the first session declared void, the second one saw. So it counts,
    /// where the record that said so is void, and it is not.
    fn take_back(&mut self, from: u32) {
        let Some(aside) = self.set_aside.filter(|aside| aside.entry.place < from) else {
            return;
        };
        let is_behind = |held: &Read| held.entry.place > aside.entry.place;
        if !self.held.iter().flatten().any(is_behind) {
            self.set_aside = None;
            let _nothing = self.let_go(aside);
        }
    }

    /// Holds `read` back; returns the older of two held before.
    fn let_go(&mut self, read: Read) -> Option<Read> {
        let [older, newer] = &mut self.held;
        let before = newer.replace(read);
        let done = match before {
            Some(before) => older.replace(before),
            None => None,
        };
        let is_behind = |done: &Read, aside: &Read| done.entry.place > aside.entry.place;
        if let (Some(done), Some(aside)) = (&done, &self.set_aside)
            && is_behind(done, aside)
        {
            // Nothing will declare it void any more.
            self.set_aside = None;
        }
        done
    }
}
