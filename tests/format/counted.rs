//! Which segments count, and what a store holds: the second half of the reader in `reader.rs`, from
//! `docs/format.md` alone as that is.

use std::collections::BTreeMap;

use super::reader::{
    Division, Header, Record, headers, read, records, records_below, u16_at, u32_at,
};

/// What a partition holds: flags and value of each key, the reserved data under the empty key.
pub(crate) type Contents = BTreeMap<Vec<u8>, (u8, Vec<u8>)>;

/// Section 5.5: a segment, and the place up to which it counts.
pub(crate) type Limit = (usize, usize);

/// Section 5.5.
pub(crate) fn limit(d: &Division, bytes: &[u8]) -> Option<Limit> {
    let segment = usize::from(u16_at(bytes, 0));
    let end = usize::from(u16_at(bytes, 2)) * d.align;
    (segment < d.segments.len()).then_some((segment, end))
}

/// Section 5.5: the victim, if there is one, and the limit.
pub(crate) fn retire(d: &Division, record: &Record) -> Option<(Option<usize>, Option<Limit>)> {
    if record.kind != 5 || record.torn || record.value.len() != 6 {
        return None;
    }
    let victim = usize::from(u16_at(&record.value, 0));
    let victim = (victim < d.segments.len()).then_some(victim);
    Some((victim, limit(d, &record.value[2..])))
}

/// Section 5.6: whether each segment counts, and the limit.
pub(crate) fn list(d: &Division, records: &[Record]) -> Option<(Vec<bool>, Option<Limit>)> {
    let first = records.first()?;
    let most = d.segments.len().div_ceil(8) + 4;
    if first.kind != 6 || first.torn || !(5..=most).contains(&first.value.len()) {
        return None;
    }
    let (bits, end) = first.value.split_at(first.value.len() - 4);
    let bit = |at: usize| {
        bits.get(at / 8)
            .is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    };
    let counts = (0..d.segments.len()).map(bit).collect();
    Some((counts, limit(d, end)))
}

/// Section 9.1, rule 2: the user segment, and what it has; `headed` is left with the headers of
/// those that were not passed over.
fn find_user(
    d: &Division,
    image: &[u8],
    headed: &mut [Option<Header>],
) -> Option<(usize, Vec<Record>)> {
    loop {
        let users = headed.iter().enumerate().filter_map(|(at, header)| {
            let header = header.as_ref().filter(|header| !header.moved)?;
            Some((header.number, at))
        });
        let (number, at) = users.max()?;
        let records = records(d, d.bytes(image, at), number);
        let source = headed[at].as_ref().and_then(|header| header.source);
        // Section 9.2.
        let waits = source
            .is_some_and(|source| source != at && headed.get(source).is_some_and(Option::is_some));
        let complete = |record: &Record| {
            record.void_from == Some(record.place)
                || record.kind == 5 && record.torn
                || retire(d, record).is_some_and(|(victim, _)| victim == source)
        };
        let behind_list = records.iter().position(|record| record.kind != 6);
        let completes = match waits {
            true => records.iter().position(complete),
            false => behind_list,
        };
        // The last paragraph of section 9.2.
        let in_order = |to: usize| {
            let ends = records.iter().map(|record| record.end);
            let starts = std::iter::once(d.first).chain(ends);
            let follow = starts.zip(&records).take(to + 1);
            records[0].kind == 6
                && !records[0].torn
                && follow.fold(true, |all, (end, record)| all && end == record.place)
        };
        let is_last = |at: usize| at + 1 == records.len() && records[at].kind == 5;
        let erased = source.is_some() && !waits;
        let alone = headed.iter().flatten().count() == 1 && !waits;
        if behind_list.is_some()
            && completes.is_some_and(|at| erased || alone || !is_last(at) || in_order(at))
        {
            return Some((at, records));
        }
        headed[at] = None;
    }
}

/// A segment that counts.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) segment: usize,
    pub(crate) number: u64,
    pub(crate) records: Vec<Record>,
    /// The place up to which it counts.
    pub(crate) limit: usize,
}

/// The segments that count, from the lowest number up. Section 9.1.
pub(crate) fn segments_that_count(d: &Division, image: &[u8]) -> Vec<Counted> {
    let mut headed = headers(d, image);
    let Some((user, records)) = find_user(d, image, &mut headed) else {
        return Vec::new();
    };
    let source = headed[user].as_ref().and_then(|header| header.source);
    let all_but = (0..d.segments.len()).map(|at| Some(at) != source);
    let (mut counts, first) = list(d, &records).unwrap_or_else(|| (all_but.collect(), None));
    let is_moved = |at: usize| headed[at].as_ref().is_some_and(|header| header.moved);
    let number = headed[user].as_ref().map_or(0, |header| header.number);
    let follow = |counts: &mut [bool], last: &mut Option<Limit>| {
        for record in &records {
            let Some((victim, limit)) = retire(d, record) else {
                continue;
            };
            if record.value == [0xFF, 0xFF, 0xFF, 0xFF, 0, 0] {
                counts.fill(false);
            }
            if let Some(victim) = victim {
                counts[victim] = false;
            }
            *last = limit.filter(|&(at, _)| is_moved(at));
            if let Some((at, _)) = *last {
                counts[at] = true;
            }
        }
    };
    let mut last = first.filter(|&(at, _)| is_moved(at));
    if let Some((at, _)) = last {
        counts[at] = true;
    }
    follow(&mut counts, &mut last);
    // Section 9.1, rule 4.
    let (_, rotted) = read(d, d.bytes(image, user), number, d.segment_size);
    if rotted || records.iter().any(|record| record.kind == 5 && record.torn) {
        let newest = |at: usize| {
            let header = headed[at].as_ref();
            header.is_some_and(|header| header.moved && header.number + 1 == number)
        };
        for at in (0..counts.len()).filter(|&at| newest(at)) {
            let used = |&at: &usize| at == user || headed[at].is_some() && counts[at];
            let free = counts.len() - (0..counts.len()).filter(used).count();
            counts[at] |= free > 1;
        }
        last = None;
    }
    let mut counted: Vec<Counted> = (0..d.segments.len())
        .filter(|&at| at == user || counts[at])
        .filter_map(|segment| {
            let number = headed[segment].as_ref()?.number;
            let ends = last.filter(|&(at, _)| at == segment);
            let limit = ends.map_or(d.segment_size, |(_, end)| end);
            let records = records_below(d, d.bytes(image, segment), number, limit);
            Some(Counted {
                segment,
                number,
                records,
                limit,
            })
        })
        .collect();
    counted.sort_by_key(|counted| (counted.number, counted.segment));
    counted
}

/// Sections 5.4 and 9.1: the newest value of each key.
pub(crate) fn contents(d: &Division, image: &[u8]) -> Contents {
    let segments = segments_that_count(d, image);
    let all: Vec<&Record> = segments
        .iter()
        .flat_map(|segment| &segment.records)
        .collect();
    let mut newest: BTreeMap<Vec<u8>, &Record> = BTreeMap::new();
    let mut fragments: BTreeMap<(Vec<u8>, Vec<u8>), &[u8]> = BTreeMap::new();
    for record in all {
        match record.kind {
            1 | 2 | 4 => drop(newest.insert(record.key.clone(), record)),
            3 => {
                let (id, piece) = record.value.split_at(14);
                fragments.insert((record.key.clone(), id.to_vec()), piece);
            }
            _ => {}
        }
    }
    newest.retain(|_, record| record.kind != 2);
    let value = |record: &Record| {
        assert!(!record.torn, "damaged");
        if record.kind == 1 {
            return record.value.clone();
        }
        let (id, rest) = record.value.split_at(12);
        let (size, piece, count) = (u32_at(rest, 0), u32_at(rest, 4), u16_at(rest, 8));
        let mut whole = Vec::new();
        for index in 0..count {
            let id = [id, &index.to_le_bytes()].concat();
            let part = fragments[&(record.key.clone(), id)];
            assert!(part.len() == piece as usize || index + 1 == count);
            whole.extend_from_slice(part);
        }
        assert_eq!(whole.len(), size as usize);
        whole
    };
    newest
        .into_iter()
        .map(|(key, record)| (key, (record.flags, value(record))))
        .collect()
}
