//! One operation: drawn, called, compared. Here: those on values.

use std::{ffi::c_int, ptr};

use nvkv::ffi::{
    kv_exists, kv_get_at, kv_info_t, kv_store_exists, kv_store_get, kv_store_get_at,
    kv_store_get_info, kv_store_maintain, kv_store_remove, kv_store_reserved_data_get,
    kv_store_reserved_data_set, kv_store_reset, kv_store_set, nvkv_kv_get, nvkv_kv_get_info,
    nvkv_kv_remove, nvkv_kv_reset, nvkv_kv_set,
    status::{self, MBED_SUCCESS},
};

use super::{
    Input, World,
    arguments::{Place, Room},
    listed,
    model::is_in_doubt,
    say,
};

/// What `actual_size` holds before a call.
const SIZE_BEFORE: usize = 0x7777;
const WRITE_ONCE: u32 = 1;
/// Flags that a path's value does not keep.
const NOT_BY_PATH: u32 = 2 | 8;

const FLAGS: [u32; 16] = [
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    2,
    8,
    11,
    4,
    16,
    0x8000_0000,
    0x101,
];

pub fn draw_flags(input: &mut Input<'_>) -> u32 {
    FLAGS[usize::from(input.byte()) % FLAGS.len()]
}

pub fn stored_flags(place: &Place, flags: u32) -> u32 {
    if place.by_path {
        flags & !NOT_BY_PATH
    } else {
        flags
    }
}

impl World {
    pub fn operate(&mut self, input: &mut Input<'_>) {
        match input.byte() % 48 {
            0..=9 => self.set(input),
            10..=14 => self.get(input),
            15 => self.get_info(input),
            16 => self.exists(input),
            17..=19 => self.remove(input),
            20 => self.reset(input),
            21..=24 => self.start(input),
            25..=28 => self.add_data(input),
            29..=31 => self.end(input),
            32 => self.iterator_open(input),
            33..=35 => self.iterator_next(input),
            36 => self.iterator_close(input),
            37 => self.reserved_data(input),
            38 => self.maintain(input),
            39 => self.check(input),
            40 => self.close(input),
            41 => self.open(input),
            42 => self.attach(input),
            43 => self.detach(input),
            44 => self.fail(input),
            45 => self.call_back(input),
            46 => self.slots.iter().for_each(|slot| slot.hooks.heal()),
            _ => self.odd(input),
        }
    }

    fn set(&mut self, input: &mut Input<'_>) {
        let place = self.draw_place(input);
        let handed = self.draw_value(input);
        let (pointer, size, flags) = (handed.pointer, handed.size, draw_flags(input));
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if place.by_path {
                listed("kv_set", nvkv_kv_set(place.text(), pointer, size, flags))
            } else {
                let answer = kv_store_set(place.store, place.text(), pointer, size, flags);
                listed("kv_store_set", answer)
            }
        };
        let good = handed.is_good && flags & !(1 | 2 | 8) == 0;
        let flags = stored_flags(&place, flags);
        self.written(&place, good.then_some((handed.bytes, flags)), answer);
    }

    /// A write of a value, or of none that can be, was answered.
    pub fn written(&mut self, place: &Place, value: Option<(Vec<u8>, u32)>, answer: c_int) {
        let done = answer == MBED_SUCCESS;
        let (Some(at), Some(key)) = (place.slot, &place.key) else {
            assert!(!done, "a write to nowhere");
            return;
        };
        say(format_args!(
            "  store {at}, {:?}",
            String::from_utf8_lossy(key)
        ));
        let partition = &mut self.slots[at].partition;
        let once = |choice: &Option<(Vec<u8>, u32)>| {
            choice
                .as_ref()
                .is_some_and(|(_, flags)| flags & WRITE_ONCE != 0)
        };
        if answer == status::MBED_ERROR_WRITE_PROTECTED {
            assert!(partition.seen(key, once), "it was not write-once");
        }
        if done {
            assert!(value.is_some(), "arguments that make no sense");
            assert!(
                partition.seen(key, |choice| !once(choice)),
                "it was write-once"
            );
        }
        if value.is_some() {
            partition.written(key, value, answer);
        }
    }

    fn get(&mut self, input: &mut Input<'_>) {
        let place = self.draw_place(input);
        let room = Room::draw(input);
        let offset = match input.byte() {
            0 => usize::MAX,
            1 => 1 << 31,
            drawn @ 2..=63 => usize::from(drawn) - 2,
            _ => 0,
        };
        let (pointer, size) = (room.pointer, room.size);
        let mut actual = SIZE_BEFORE;
        let (text, told) = (place.text(), &raw mut actual);
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            match (place.by_path, offset) {
                (true, 0) => listed("kv_get", nvkv_kv_get(text, pointer, size, told)),
                (true, _) => listed("kv_get_at", kv_get_at(text, pointer, size, told, offset)),
                (false, 0) => {
                    let answer = kv_store_get(place.store, text, pointer, size, told);
                    listed("kv_store_get", answer)
                }
                (false, _) => {
                    let answer = kv_store_get_at(place.store, text, pointer, size, told, offset);
                    listed("kv_store_get_at", answer)
                }
            }
        };
        assert_eq!(answer == MBED_SUCCESS, actual != SIZE_BEFORE);
        let found = room.written(if answer == MBED_SUCCESS { actual } else { 0 });
        self.read(&place, answer, |(value, _)| {
            match (answer, value.len().checked_sub(offset)) {
                (MBED_SUCCESS, Some(left)) => {
                    actual == left.min(size) && value[offset..].starts_with(&found)
                }
                (status::MBED_ERROR_INVALID_SIZE, None) => true,
                _ => answer == status::MBED_ERROR_INVALID_ARGUMENT,
            }
        });
    }

    /// A read was answered. `fits`: whether that could be with this value.
    fn read(&mut self, place: &Place, answer: c_int, fits: impl Fn(&(Vec<u8>, u32)) -> bool) {
        let (Some(at), Some(key)) = (place.slot, &place.key) else {
            assert!(answer < 0, "a value from nowhere");
            return;
        };
        let partition = &mut self.slots[at].partition;
        let right = match answer {
            MBED_SUCCESS | status::MBED_ERROR_INVALID_SIZE => {
                partition.seen(key, |choice| choice.as_ref().is_some_and(&fits))
            }
            status::MBED_ERROR_ITEM_NOT_FOUND => partition.seen(key, Option::is_none),
            status::MBED_ERROR_INVALID_DATA_DETECTED => partition.is_damaged,
            _ => true,
        };
        assert!(right, "{key:?} reads wrongly: {answer}");
    }

    fn get_info(&mut self, input: &mut Input<'_>) {
        let place = self.draw_place(input);
        let mut info = kv_info_t {
            size: SIZE_BEFORE,
            flags: 77,
        };
        let wanted = match input.byte() {
            0 => ptr::null_mut(),
            _ => &raw mut info,
        };
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if place.by_path {
                listed("kv_get_info", nvkv_kv_get_info(place.text(), wanted))
            } else {
                let answer = kv_store_get_info(place.store, place.text(), wanted);
                listed("kv_store_get_info", answer)
            }
        };
        let told = answer == MBED_SUCCESS && !wanted.is_null();
        assert_eq!(told, info.size != SIZE_BEFORE);
        let fits = |size: usize, flags| !told || (size, flags) == (info.size, info.flags);
        self.read(&place, answer, |(value, flags)| fits(value.len(), *flags));
    }

    fn exists(&mut self, input: &mut Input<'_>) {
        let place = self.draw_place(input);
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if place.by_path {
                listed("kv_exists", kv_exists(place.text()))
            } else {
                listed(
                    "kv_store_exists",
                    kv_store_exists(place.store, place.text()),
                )
            }
        };
        self.read(&place, answer, |_| true);
    }

    fn remove(&mut self, input: &mut Input<'_>) {
        let place = self.draw_place(input);
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if place.by_path {
                listed("kv_remove", nvkv_kv_remove(place.text()))
            } else {
                listed(
                    "kv_store_remove",
                    kv_store_remove(place.store, place.text()),
                )
            }
        };
        self.read(&place, answer, |(_, flags)| flags & WRITE_ONCE == 0);
        if let (Some(at), Some(key)) = (place.slot, &place.key) {
            self.slots[at].partition.written(key, None, answer);
            if answer == MBED_SUCCESS || is_in_doubt(answer) {
                let open = self.iterations.iter_mut().filter(|open| open.store == at);
                open.for_each(|open| open.owed.retain(|owed| owed != key));
            }
        }
    }

    fn reset(&mut self, input: &mut Input<'_>) {
        // Most are to find something.
        if input.byte() & 3 != 0 {
            return self.get(input);
        }
        let place = self.draw_place(input);
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if place.by_path {
                listed("kv_reset", nvkv_kv_reset(place.text()))
            } else {
                listed("kv_store_reset", kv_store_reset(place.store))
            }
        };
        let Some(at) = place.slot else {
            assert!(answer < 0, "nothing was emptied");
            return;
        };
        self.emptied(at, answer);
    }

    pub fn emptied(&mut self, at: usize, answer: c_int) {
        self.slots[at].partition.emptied(answer);
        if answer == MBED_SUCCESS || is_in_doubt(answer) {
            let open = self.iterations.iter_mut().filter(|open| open.store == at);
            open.for_each(|open| open.owed.clear());
        }
    }

    fn reserved_data(&mut self, input: &mut Input<'_>) {
        let (store, at) = self.draw_store(input);
        if input.byte() & 1 == 0 {
            let handed = self.draw_value(input);
            // SAFETY: nvkv.h, "Pointers".
            let answer = unsafe { kv_store_reserved_data_set(store, handed.pointer, handed.size) };
            listed("kv_store_reserved_data_set", answer);
            let done = answer == MBED_SUCCESS;
            assert!(!done || at.is_some() && handed.is_good && handed.size <= 64);
            if let Some(at) = at
                && handed.is_good
            {
                let partition = &mut self.slots[at].partition;
                assert!(
                    !done || partition.reserved_seen(Option::is_none),
                    "they were there"
                );
                partition.reserved_written(handed.bytes, answer);
            }
            return;
        }
        let room = Room::draw(input);
        let mut actual = SIZE_BEFORE;
        let told = &raw mut actual;
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe { kv_store_reserved_data_get(store, room.pointer, room.size, told) };
        listed("kv_store_reserved_data_get", answer);
        assert_eq!(answer == MBED_SUCCESS, actual != SIZE_BEFORE);
        let done = answer == MBED_SUCCESS;
        let found = room.written(if done { actual } else { 0 });
        assert!(!done || at.is_some());
        let Some(at) = at else { return };
        let partition = &mut self.slots[at].partition;
        let right = match answer {
            MBED_SUCCESS => partition.reserved_seen(|choice| {
                let fits = |(value, _): &(Vec<u8>, u32)| {
                    value.len() == actual && (room.pointer.is_null() || *value == found)
                };
                choice.as_ref().is_some_and(fits)
            }),
            status::MBED_ERROR_ITEM_NOT_FOUND => partition.reserved_seen(Option::is_none),
            status::MBED_ERROR_INVALID_DATA_DETECTED => partition.is_damaged,
            _ => true,
        };
        assert!(right, "reserved data: {answer}");
    }

    /// Everything works: a key has a value that it may have, or is not there.
    pub fn read_back(&mut self, at: usize, key: &[u8]) {
        let mut buffer = vec![0_u8; 2560];
        let mut size = 0;
        let (text, room) = ([key, b"\0"].concat(), buffer.len());
        let (text, out) = (text.as_ptr().cast(), buffer.as_mut_ptr().cast());
        let store = self.slots[at].store;
        // SAFETY: nvkv.h, "Pointers".
        let mut answer = unsafe { kv_store_get(store, text, out, room, &raw mut size) };
        if answer == status::MBED_ERROR_READ_FAILED {
            // It does after a read that failed in recovery, until something else has looked again.
            // SAFETY: nvkv.h, "Pointers".
            let looked = unsafe { kv_store_maintain(store, 0) };
            assert_eq!(looked, 0, "maintenance fails where everything works");
            // SAFETY: nvkv.h, "Pointers".
            answer = unsafe { kv_store_get(store, text, out, room, &raw mut size) };
        }
        say(format_args!(
            "store {at}, {:?}, {size} bytes:",
            String::from_utf8_lossy(key)
        ));
        listed("kv_store_get", answer);
        let partition = &mut self.slots[at].partition;
        let found = &buffer[..size];
        let right = match answer {
            MBED_SUCCESS => partition.seen(key, |choice| {
                choice.as_ref().is_some_and(|(value, _)| value == found)
            }),
            status::MBED_ERROR_ITEM_NOT_FOUND => partition.seen(key, Option::is_none),
            _ => partition.is_damaged,
        };
        assert!(right, "{key:?} is lost: {answer}, {size} bytes");
    }
}
