//! Looking at everything: `check` and `stats`.
//!
//! Invariant: reads only.
#![forbid(unsafe_code)]

use super::{CheckReport, Engine, Stats, find::Spot, segments::State};
use crate::{error::Error, flash::Flash};

/// Key length that [`Stats::largest_value`] is worked out for.
const TYPICAL_KEY: usize = 16;

impl<F: Flash> Engine<'_, F> {
    pub(crate) fn check_all(&mut self) -> Result<CheckReport, Error> {
        let mut report = CheckReport::default();
        self.io.forget();
        let mut segment = self.segments.next_up(None);
        while let Some(current) = segment {
            let mut walk = self.walk(current);
            while walk.next(&mut self.io)? {
                let entry = walk.entry();
                if !entry.damaged {
                    report.records_good += 1;
                    continue;
                }
                let identity = self.identity_of(entry)?;
                let mut newest = Spot::nothing();
                if self.find(&identity, &mut newest) == Ok(true)
                    && (newest.entry.segment, newest.entry.place) == (entry.segment, entry.place)
                {
                    report.records_damaged += 1;
                }
            }
            report.gaps += walk.gaps();
            segment = self.segments.next_up(Some(current));
        }
        Ok(report)
    }

    pub(crate) fn count_stats(&self) -> Stats {
        let layout = &self.io.layout;
        let mut stats = Stats {
            keys: self.keys,
            live_bytes: self.live * layout.align,
            largest_value: self.largest_value(TYPICAL_KEY),
            segments: u32::from(self.segments.count()),
            segments_free: self.segments.free(),
            recovered_records: self.recovered_records,
            recovered_segments: self.recovered_segments,
            damaged_records: self.damaged_records,
            flash_errors: self.io.failures,
            erase_min: u32::MAX,
            ..Stats::default()
        };
        let payload = layout.payload_units() * layout.align;
        let mut written = 0_u32;
        for segment in self.segments.all() {
            let erased = self.segments.erase_count(segment);
            stats.erase_min = stats.erase_min.min(erased);
            stats.erase_max = stats.erase_max.max(erased);
            match self.segments.state(segment) {
                State::Bad => stats.segments_bad += 1,
                State::Used | State::Leaving => {
                    let open = self.user.filter(|open| open.segment == segment);
                    let left = open.map_or(0, |open| layout.end.saturating_sub(open.place));
                    written = written.saturating_add(payload.saturating_sub(left));
                    stats.free_bytes = stats.free_bytes.saturating_add(left);
                }
                _ => stats.free_bytes = stats.free_bytes.saturating_add(payload),
            }
        }
        stats.dead_bytes = written.saturating_sub(stats.live_bytes);
        stats
    }
}
