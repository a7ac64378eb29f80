//! The first write after a mount: what the last power cut may have left in doubt is settled.
//!
//! The record programmed last may have been cut off and still read well, and the units behind it
//! may have been touched and still read as erased. So writing goes on in a block that cannot have
//! been touched, with a copy of that record which declares what is before it void, and a note
//! behind that; where there is no room for them the segment is collected as a whole. Until then
//! that record is read from RAM.
//!
//! Invariant: nothing is erased or opened before that, but where the segment is collected. A cut in
//! the copy may leave no trace, and then the next mount sees what this one saw.
//! `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::Role,
    record::{Head, Kind},
    tail::Tail,
    write::Open,
};
use crate::{error::Error, flash::Flash};

impl<F: Flash> Engine<'_, F> {
    /// Settles what is in doubt.
    pub(crate) fn settle(&mut self) -> Result<(), Error> {
        let Some(tail) = self.tail else {
            return Ok(());
        };
        // What is dropped may count at another look: what is written now has to be in a segment
        // newer than that.
        if self.dropped || !self.copy_last(&tail)? {
            self.user = None;
            let mut tries = self.segments.count();
            loop {
                match self.collect(tail.segment) {
                    Err(Error::WriteFailed) if tries > 0 => tries -= 1,
                    result => break result?,
                }
                self.make_counted()?;
            }
        }
        self.dropped = false;
        self.forget_tail();
        self.end_opening();
        Ok(())
    }

    /// A segment that was open at the mount, with writing to go on in its safe block.
    pub(crate) fn open_behind(&self, tail: &Tail) -> Open {
        Open {
            segment: tail.segment,
            number: self.segments.low_number(tail.segment),
            place: tail.safe,
            units: tail.units,
            breaks: true,
            marks: false,
        }
    }

    /// Copies the last record behind itself, or says that it is void where it is not needed, and
    /// lets a note follow. `false`: no room, or the flash failed.
    #[inline(never)]
    fn copy_last(&mut self, tail: &Tail) -> Result<bool, Error> {
        let last = tail.last;
        let void_from = Some(self.io.layout.whole_units(tail.void_from));
        let identity = match last.head.kind {
            kind if kind.is_indexed() => Some(self.identity_of(&last)?),
            _ => None,
        };
        let needed = match identity {
            Some(identity) if self.table.cover.holds(identity.hash) => {
                self.is_indexed(identity.hash, &last).is_some()
            }
            Some(_) => true,
            None => last.head.kind == Kind::Retire,
        };
        let note = Head::new(Kind::Note, 0, 0, 0);
        let head = if needed { last.head } else { note }.resuming(void_from);
        let open = self.open_behind(tail);
        let units = self.io.layout.units_of(&head);
        let fits = open.has_space(&self.io, head.total(), self.io.layout.bytes_of(&note))
            && open.units + units <= self.io.layout.payload_units();
        if !fits {
            return Ok(false);
        }
        // What is programmed here cannot be again: if this fails the segment is collected.
        if let Some(tail) = &mut self.tail {
            tail.safe = self.io.layout.end;
        }
        self.user = Some(open);
        let written = if needed {
            self.copy_record(&last, void_from, Role::User).map(|()| {
                self.show_from(open.place);
                if let Some(identity) = identity {
                    self.follow(identity.hash, &last);
                }
            })
        } else {
            self.append_note(void_from)
                .map(|()| self.show_from(open.place))
        };
        match written.and_then(|()| self.append_note(None)) {
            Err(Error::WriteFailed) => Ok(false),
            result => result.map(|()| true),
        }
    }
}
