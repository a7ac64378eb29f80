//! Operations on stores, names and hooks: opening, closing, attaching, failing.

use std::{mem::MaybeUninit, ptr};

use nvkv::{
    ffi::{
        kv_attach, kv_detach, kv_error_name, kv_store_check, kv_store_close, kv_store_format,
        kv_store_maintain, kv_store_open, kv_store_required_ram, kv_store_stats, kv_store_t,
        status::{self, MBED_SUCCESS},
    },
    flash::sim::Fault,
};

use super::{Input, World, arguments::NAMES, hooks::REENTRIES, listed, say};

impl World {
    pub fn maintain(&mut self, input: &mut Input<'_>) {
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

    pub fn check(&mut self, input: &mut Input<'_>) {
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

    pub fn close(&mut self, input: &mut Input<'_>) {
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
    pub fn open(&mut self, input: &mut Input<'_>) {
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

    pub fn attach(&mut self, input: &mut Input<'_>) {
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

    pub fn detach(&mut self, input: &mut Input<'_>) {
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
    pub fn fail(&mut self, input: &mut Input<'_>) {
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
            7..=9 => Fault::ReadError,
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

    pub fn call_back(&mut self, input: &mut Input<'_>) {
        let (drawn, number) = (input.byte(), input.byte() % REENTRIES + 1);
        let hooks = &self.slots[usize::from(drawn & 1)].hooks;
        if drawn & 2 == 0 {
            hooks.from_flash.set(number);
        } else {
            hooks.from_lock.set(number);
        }
    }

    /// What needs no store.
    pub fn odd(&mut self, input: &mut Input<'_>) {
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
}
