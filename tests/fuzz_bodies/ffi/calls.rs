//! One operation: drawn, called, compared.

use std::{ffi::c_int, mem::MaybeUninit, ptr};

use nvkv::{
    ffi::{
        kv_attach, kv_detach, kv_error_name, kv_exists, kv_get_at, kv_info_t, kv_store_check,
        kv_store_close, kv_store_exists, kv_store_format, kv_store_get, kv_store_get_at,
        kv_store_get_info, kv_store_maintain, kv_store_open, kv_store_remove,
        kv_store_required_ram, kv_store_reserved_data_get, kv_store_reserved_data_set,
        kv_store_reset, kv_store_set, kv_store_stats, kv_store_t, nvkv_kv_get, nvkv_kv_get_info,
        nvkv_kv_remove, nvkv_kv_reset, nvkv_kv_set,
        status::{self, MBED_SUCCESS},
    },
    flash::sim::Fault,
};

use super::{
    Input, World,
    arguments::{NAMES, Place, Room},
    hooks::REENTRIES,
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

    fn emptied(&mut self, at: usize, answer: c_int) {
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

    fn maintain(&mut self, input: &mut Input<'_>) {
        let (store, at) = self.draw_store(input);
        let budget = match input.byte() {
            0 => u32::MAX,
            drawn => u32::from(drawn & 15),
        };
        // SAFETY: nvkv.h, "Pointers".
        let answer = listed("kv_store_maintain", unsafe {
            kv_store_maintain(store, budget)
        });
        assert!(answer < 0 || at.is_some() && answer.unsigned_abs() <= budget);
    }

    fn check(&mut self, input: &mut Input<'_>) {
        let (store, at) = self.draw_store(input);
        let mut stats = MaybeUninit::uninit();
        let wanted = match input.byte() {
            0 => ptr::null_mut(),
            _ => stats.as_mut_ptr(),
        };
        // SAFETY: nvkv.h, "Pointers".
        let answer = listed("kv_store_stats", unsafe { kv_store_stats(store, wanted) });
        assert!(answer < 0 || at.is_some() && !wanted.is_null());
        // SAFETY: nvkv.h, "Pointers".
        let answer = listed("kv_store_check", unsafe {
            kv_store_check(store, ptr::null_mut())
        });
        let is_damaged = at.is_some_and(|at| self.slots[at].partition.is_damaged);
        assert!(answer < 0 || at.is_some());
        assert!(answer != status::MBED_ERROR_INVALID_DATA_DETECTED || is_damaged);
    }

    fn close(&mut self, input: &mut Input<'_>) {
        let (store, at) = self.draw_store(input);
        // SAFETY: nvkv.h, "Pointers".
        let answer = listed("kv_store_close", unsafe { kv_store_close(store) });
        match at {
            Some(at) if answer == MBED_SUCCESS => {
                self.slots[at].forget_store();
                self.all_over(at);
            }
            _ => assert!(answer < 0, "nothing was closed"),
        }
    }

    /// Opens or formats, with what belongs together or not.
    fn open(&mut self, input: &mut Input<'_>) {
        let drawn = input.byte();
        let at = usize::from(drawn & 1);
        let slot = &mut self.slots[at];
        match drawn >> 1 & 7 {
            0 if !slot.is_open => {
                let (ram, size) = (slot.ram(), slot.lent.1);
                // SAFETY: nvkv.h, "Pointers"; no store is open on this partition.
                let answer =
                    slot.with_config(|config| unsafe { kv_store_format(config, ram.cast(), size) });
                listed("kv_store_format", answer);
                // Where it fails, what a reset removed can come back: docs/not-reached.md.
                slot.partition.may_forget |= answer != MBED_SUCCESS;
                self.emptied(at, answer);
            }
            1 => {
                let ram = slot.ram().cast();
                let short = slot.lent.1 - 1 - usize::from(drawn >> 4);
                let mut store = ptr::dangling_mut::<kv_store_t>();
                // SAFETY: nvkv.h, "Pointers".
                let answer = slot
                    .with_config(|config| unsafe { kv_store_open(config, ram, short, &mut store) });
                assert!(store.is_null() && answer == status::MBED_ERROR_OUT_OF_MEMORY);
            }
            2 => self.open_with_nothing(at),
            _ => {
                slot.open();
                self.all_over(at);
            }
        }
    }

    fn open_with_nothing(&mut self, at: usize) {
        let refused = status::MBED_ERROR_INVALID_ARGUMENT;
        let mut store = ptr::dangling_mut::<kv_store_t>();
        let size = self.slots[at].lent.1;
        let ram = self.slots[at].ram().cast();
        // SAFETY: nvkv.h, "Pointers".
        self.slots[at].with_config(|config| unsafe {
            assert_eq!(kv_store_open(ptr::null(), ram, size, &mut store), refused);
            assert_eq!(
                kv_store_open(config, ptr::null_mut(), size, &mut store),
                refused
            );
            assert_eq!(kv_store_open(config, ram, size, ptr::null_mut()), refused);
            assert_eq!(kv_store_format(config, ptr::null_mut(), size), refused);
            assert_eq!(kv_store_format(ptr::null(), ram, size), refused);
            assert_eq!(kv_store_required_ram(ptr::null()), 0);
            assert_eq!(kv_store_required_ram(config), size);
        });
        assert!(store.is_null());
    }

    fn attach(&mut self, input: &mut Input<'_>) {
        let name = NAMES[usize::from(input.byte()) % NAMES.len()];
        let (store, at) = self.draw_store(input);
        // SAFETY: nvkv.h, "Pointers".
        let answer = listed("kv_attach", unsafe { kv_attach(name.as_ptr(), store) });
        match at {
            Some(at) if answer == MBED_SUCCESS => {
                assert!(self.attached.len() < 4);
                self.attached.push((name.to_bytes().to_vec(), at));
            }
            _ => assert!(answer < 0, "nothing was attached"),
        }
    }

    fn detach(&mut self, input: &mut Input<'_>) {
        let name = NAMES[usize::from(input.byte()) % NAMES.len()];
        // SAFETY: nvkv.h, "Pointers".
        let answer = listed("kv_detach", unsafe { kv_detach(name.as_ptr()) });
        let name = name.to_bytes();
        let place = self.attached.iter().position(|(known, _)| known == name);
        match place {
            Some(place) if answer == MBED_SUCCESS => {
                self.attached.remove(place);
                // Handles that begin with this name, whatever they looked like.
                let streams = self.streams.iter_mut().filter(|open| open.by_path);
                streams.for_each(|open| open.is_over |= open.name == name);
                let open = self.iterations.iter_mut().filter(|open| open.by_path);
                open.for_each(|open| open.is_over |= open.name == name);
            }
            _ => assert!(answer < 0, "nothing was detached"),
        }
    }

    /// Flash and mutexes fail from now on.
    fn fail(&mut self, input: &mut Input<'_>) {
        let (drawn, kind) = (input.byte(), input.byte());
        let slot = &mut self.slots[usize::from(drawn & 1)];
        let mut sim = slot.hooks.sim.borrow_mut();
        let sectors = sim.geometry().sectors.len();
        let from = u64::from(drawn >> 4);
        let fault = match kind & 15 {
            0..=2 => Fault::ProgramError,
            3 => Fault::ProgramSilent,
            4..=5 => Fault::EraseError,
            6 => Fault::EraseSilent,
            7..=9 => {
                slot.partition.may_forget = true;
                Fault::ReadError
            }
            10 => {
                say(format_args!("store {}: sync fails from {from}", drawn & 1));
                return slot.hooks.syncs.set(Some(drawn >> 4));
            }
            11 if kind >> 4 == 0 => {
                let address = u32::from(input.word()) % sim.size();
                sim.flip(address, 1 << (drawn >> 5));
                slot.partition.is_damaged = true;
                return;
            }
            12 | 13 => return slot.hooks.lock_fails.set(input.word()),
            14 => return slot.hooks.unlock_fails.set(input.word()),
            _ => {
                let faults = [Fault::ProgramError, Fault::EraseError, Fault::ReadError];
                let fault = faults[usize::from(kind >> 4) % 3];
                slot.partition.may_forget |= fault == Fault::ReadError;
                slot.erases_fail |= fault == Fault::EraseError;
                say(format_args!(
                    "store {}: all {fault:?} from {from}",
                    drawn & 1
                ));
                return (0..sectors).for_each(|sector| sim.fail(sector, fault, from));
            }
        };
        sim.fail(usize::from(kind >> 4) % sectors, fault, from);
        say(format_args!("store {}: {fault:?} from {from}", drawn & 1));
    }

    fn call_back(&mut self, input: &mut Input<'_>) {
        let (drawn, number) = (input.byte(), input.byte() % REENTRIES + 1);
        let hooks = &self.slots[usize::from(drawn & 1)].hooks;
        if drawn & 2 == 0 {
            hooks.from_flash.set(number);
        } else {
            hooks.from_lock.set(number);
        }
    }

    /// What needs no store.
    fn odd(&mut self, input: &mut Input<'_>) {
        let number = i32::from_le_bytes([input.byte(), input.byte(), 0xFF, 0x80]);
        assert!(!kv_error_name(number).is_null());
        // SAFETY: nvkv.h, "Pointers".
        unsafe {
            assert_eq!(nvkv::ffi::kv_spin_lock(ptr::null_mut()), -1);
            assert_eq!(nvkv::ffi::kv_spin_unlock(ptr::null_mut()), -1);
            listed("kv_attach", kv_attach(ptr::null(), self.slots[0].store));
            listed("kv_detach", kv_detach(ptr::null()));
        }
    }

    /// Everything works: a key has a value that it may have, or is not there.
    pub fn read_back(&mut self, at: usize, key: &[u8]) {
        let mut buffer = vec![0_u8; 2560];
        let mut size = 0;
        let (text, room) = ([key, b"\0"].concat(), buffer.len());
        let (text, out) = (text.as_ptr().cast(), buffer.as_mut_ptr().cast());
        let store = self.slots[at].store;
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe { kv_store_get(store, text, out, room, &raw mut size) };
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
