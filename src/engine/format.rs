//! Making a partition an empty store: `format` for any content, `reset` for a mounted store.
//!
//! Invariant: a reset is the opening of one segment the list of which is empty; before its first
//! record all keys are there, behind it none. `docs/format.md` section 8.3.
#![forbid(unsafe_code)]

use super::{Engine, segments::State, write::Open};
use crate::{error::Error, flash::Flash};

impl<F: Flash> Engine<'_, F> {
    /// Erases every segment and opens one.
    pub(crate) fn erase_all(&mut self) -> Result<(), Error> {
        self.forget_tail();
        self.apart = None;
        self.limited = None;
        self.left = None;
        let mut stale = false;
        for segment in self.segments.all() {
            self.segments.set_state(segment, State::Free);
            if self.erase_segment(segment).is_err() {
                // What is there already would be found again by the next mount.
                self.io.forget();
                stale |= self.header(segment) != Ok(None);
            }
        }
        if stale || self.segments.usable() < 2 {
            return Err(Error::WriteFailed);
        }
        self.newest = 0;
        self.segments.set_newest(0);
        self.recount()?;
        self.open_empty()?;
        // A failure on the way has left no index. The store is there, whatever a read says now.
        let _or_later = self.recount();
        self.io.sync()
    }

    /// Removes everything, reserved data and write-once keys too.
    pub(crate) fn reset_all(&mut self) -> Result<(), Error> {
        self.prepare_change()?;
        if self.segments.free() == 0 {
            return Err(Error::ReadOnly);
        }
        // Nothing is live: the list of what is opened next is empty.
        self.table.clear(self.table.cover.first());
        let moved = (self.limited, self.left);
        self.apart = None;
        self.limited = None;
        self.left = None;
        self.segments.clear_live();
        let opened = self.open_empty();
        if opened.is_err() {
            // Everything counts as before.
            (self.limited, self.left) = moved;
        }
        self.verified = (0, 0);
        let counted = self.recount();
        opened.and(counted)?;
        self.io.sync()
    }

    /// Opens a segment and lets it count.
    fn open_empty(&mut self) -> Result<(), Error> {
        let mut tries = self.segments.count();
        loop {
            // Not a note: what may be erased from now on counts where this record does not, so it
            // has to be one that counts only when it is complete for certain. FORMAT 9.1
            if self.segments.free() == 0 {
                // Nothing seems live here; what is used holds the store all the same.
                self.lose_count();
                return Err(Error::WriteFailed);
            }
            let opened = self.open_segment(None).and_then(|()| self.retire(None));
            match opened {
                Ok(()) => {
                    self.user = self.user.map(|open| Open {
                        marks: false,
                        ..open
                    });
                    self.end_opening();
                    return Ok(());
                }
                Err(error) => {
                    self.give_up_opening(error == Error::WriteFailed);
                    if error != Error::WriteFailed || tries == 0 {
                        return Err(error);
                    }
                }
            }
            tries -= 1;
            // Once more with nothing live.
            self.is_counted = true;
            self.segments.clear_live();
        }
    }
}
