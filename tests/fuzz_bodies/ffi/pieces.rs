//! Values in pieces and iterators: what has a handle of its own, which may be stale.

use std::{ffi::c_int, ptr};

use nvkv::ffi::{
    kv_iterator_t, kv_set_abort, kv_set_add_data, kv_set_finalize, kv_set_handle_t, kv_set_start,
    kv_store_iterator_close, kv_store_iterator_next, kv_store_iterator_open, kv_store_set_abort,
    kv_store_set_add_data, kv_store_set_finalize, kv_store_set_start, kv_store_t,
    nvkv_kv_iterator_close, nvkv_kv_iterator_next, nvkv_kv_iterator_open,
    status::{self, MBED_SUCCESS},
};

use super::{
    Input, World,
    arguments::Room,
    calls::{draw_flags, stored_flags},
    listed,
    model::{Iteration, Stream},
    sector,
};

/// A handle that was never one, where none is wanted that was.
fn no_handle(drawn: u8) -> usize {
    match drawn & 3 {
        0 => 0,
        1 => usize::MAX,
        2 => usize::from(drawn),
        _ => 0x5A5A_5A5A,
    }
}

/// Whether an answer says that the handle was refused, or that nobody looked at it.
fn is_refusal(answer: c_int) -> bool {
    matches!(
        answer,
        status::MBED_ERROR_INVALID_ARGUMENT
            | status::MBED_ERROR_NOT_READY
            | status::MBED_ERROR_ALREADY_IN_USE
    )
}

/// A handle, and what is known of it where it was one.
struct Drawn {
    handle: usize,
    by_path: bool,
    store: *mut kv_store_t,
    /// Its place in the list; `None` where it is used with another store or was never one.
    known: Option<usize>,
}

impl World {
    /// One of `handles`, each with its store and whether it is of the paths; or something else.
    fn draw_handle(&mut self, input: &mut Input<'_>, handles: &[(usize, usize, bool)]) -> Drawn {
        let drawn = input.byte();
        // Mostly the newest.
        let back = [0, 0, 0, 0, 1, 2, 3, 5][usize::from(drawn & 7)];
        let known = handles.len().checked_sub(1 + back);
        let Some((known, (handle, store, by_path))) = known.map(|at| (at, handles[at])) else {
            let (store, _) = self.draw_store(input);
            return Drawn {
                handle: no_handle(drawn >> 4),
                by_path: drawn & 8 != 0,
                store,
                known: None,
            };
        };
        let mut good = Drawn {
            handle,
            by_path,
            store: self.slots[store].store,
            known: Some(known),
        };
        match drawn >> 3 {
            // In the other store, with another function, changed.
            0 => {
                let (store, _) = self.draw_store(input);
                if !by_path && store != good.store {
                    (good.store, good.known) = (store, None);
                }
            }
            1 => (good.by_path, good.known) = (!by_path, None),
            2 => (good.handle, good.known) = (no_handle(input.byte()), None),
            _ => {}
        }
        good
    }

    pub fn start(&mut self, input: &mut Input<'_>) {
        let place = self.draw_place(input);
        let drawn = input.byte();
        let largest = 2 * self.slots.iter().map(sector).max().unwrap_or(0);
        let size = match drawn {
            0 => usize::MAX,
            1 => 1 << 31,
            2..=127 => usize::from(drawn) % 64,
            _ => usize::from(drawn - 128) * largest / 127,
        };
        let flags = draw_flags(input);
        let mut handle: kv_set_handle_t = ptr::without_provenance_mut(1);
        let wanted = match input.byte() {
            0 => ptr::null_mut(),
            _ => &raw mut handle,
        };
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if place.by_path {
                listed(
                    "kv_set_start",
                    kv_set_start(wanted, place.text(), size, flags),
                )
            } else {
                let text = place.text();
                let answer = kv_store_set_start(place.store, wanted, text, size, flags);
                listed("kv_store_set_start", answer)
            }
        };
        assert!(wanted.is_null() || handle.is_null() == (answer != MBED_SUCCESS));
        if answer != MBED_SUCCESS {
            return;
        }
        let (Some(store), Some(key)) = (place.slot, &place.key) else {
            panic!("a value was started nowhere");
        };
        let open = self.streams.iter_mut().filter(|open| open.store == store);
        open.for_each(|open| open.is_over = true);
        self.streams.push(Stream {
            handle: handle.addr(),
            store,
            by_path: place.by_path,
            name: place.name.clone(),
            key: key.clone(),
            size,
            given: Vec::new(),
            flags: stored_flags(&place, flags),
            is_over: false,
        });
    }

    fn draw_stream(&mut self, input: &mut Input<'_>) -> Drawn {
        let handles = self.streams.iter();
        let handles: Vec<_> = handles
            .map(|open| (open.handle, open.store, open.by_path))
            .collect();
        self.draw_handle(input, &handles)
    }

    /// The stream that was accepted: it must be one that may be open.
    fn accepted(&mut self, drawn: &Drawn, answer: c_int) -> Option<usize> {
        if is_refusal(answer) {
            return None;
        }
        let known = drawn
            .known
            .expect("a handle that was never one is accepted");
        assert!(!self.streams[known].is_over, "a stale handle is accepted");
        Some(known)
    }

    pub fn add_data(&mut self, input: &mut Input<'_>) {
        let drawn = self.draw_stream(input);
        let mut handed = self.draw_value(input);
        if let Some(known) = drawn.known
            && input.byte() & 3 != 0
        {
            // All that is missing, or a part.
            let stream = &self.streams[known];
            let left = stream.size - stream.given.len();
            handed.bytes = vec![input.byte(); left.min(1 << 16)];
            handed.pointer = handed.bytes.as_ptr().cast();
            handed.size = handed.bytes.len();
            handed.is_good = true;
        }
        let (handle, pointer) = (ptr::without_provenance_mut(drawn.handle), handed.pointer);
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if drawn.by_path {
                let answer = kv_set_add_data(handle, pointer, handed.size);
                listed("kv_set_add_data", answer)
            } else {
                let answer = kv_store_set_add_data(drawn.store, handle, pointer, handed.size);
                listed("kv_store_set_add_data", answer)
            }
        };
        let Some(known) = self.accepted(&drawn, answer) else {
            return;
        };
        let stream = &mut self.streams[known];
        match answer {
            MBED_SUCCESS => {
                assert!(handed.is_good);
                stream.given.extend(&handed.bytes);
                assert!(stream.given.len() <= stream.size);
            }
            status::MBED_ERROR_INVALID_SIZE => {
                assert!(!handed.is_good || handed.size > stream.size - stream.given.len());
            }
            _ => stream.is_over = true,
        }
    }

    /// Finalizes or aborts.
    pub fn end(&mut self, input: &mut Input<'_>) {
        let drawn = self.draw_stream(input);
        let handle = ptr::without_provenance_mut(drawn.handle);
        let finalizes = input.byte() & 7 != 0;
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            match (drawn.by_path, finalizes) {
                (true, true) => listed("kv_set_finalize", kv_set_finalize(handle)),
                (true, false) => listed("kv_set_abort", kv_set_abort(handle)),
                (false, true) => {
                    let answer = kv_store_set_finalize(drawn.store, handle);
                    listed("kv_store_set_finalize", answer)
                }
                (false, false) => {
                    let answer = kv_store_set_abort(drawn.store, handle);
                    listed("kv_store_set_abort", answer)
                }
            }
        };
        let Some(known) = self.accepted(&drawn, answer) else {
            return;
        };
        let stream = &mut self.streams[known];
        stream.is_over = true;
        if !finalizes {
            return;
        }
        let is_whole = stream.given.len() == stream.size;
        let refused = if is_whole {
            answer == status::MBED_ERROR_INVALID_SIZE
        } else {
            answer == MBED_SUCCESS
        };
        assert!(!refused, "{answer} with all data given: {is_whole}");
        if is_whole {
            let value = Some((stream.given.clone(), stream.flags));
            let (store, key) = (stream.store, stream.key.clone());
            self.slots[store].partition.written(&key, value, answer);
        }
    }

    pub fn iterator_open(&mut self, input: &mut Input<'_>) {
        let place = self.draw_place(input);
        let mut it: kv_iterator_t = ptr::without_provenance_mut(1);
        let wanted = match input.byte() {
            0 => ptr::null_mut(),
            _ => &raw mut it,
        };
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if place.by_path {
                let answer = nvkv_kv_iterator_open(wanted, place.text());
                listed("kv_iterator_open", answer)
            } else {
                let answer = kv_store_iterator_open(place.store, wanted, place.text());
                listed("kv_store_iterator_open", answer)
            }
        };
        assert!(wanted.is_null() || it.is_null() == (answer != MBED_SUCCESS));
        if answer != MBED_SUCCESS {
            return;
        }
        let store = place.slot.expect("an iterator was opened nowhere");
        let prefix = place.prefix();
        let partition = &self.slots[store].partition;
        let owed = partition.sure_keys().filter(|key| key.starts_with(&prefix));
        self.iterations.push(Iteration {
            handle: it.addr(),
            store,
            by_path: place.by_path,
            name: place.name.clone(),
            style: place.style(),
            seen: Vec::new(),
            owed: owed.cloned().collect(),
            prefix,
            is_over: false,
        });
    }

    fn draw_iterator(&mut self, input: &mut Input<'_>) -> Drawn {
        let handles = self.iterations.iter();
        let handles: Vec<_> = handles
            .map(|open| (open.handle, open.store, open.by_path))
            .collect();
        self.draw_handle(input, &handles)
    }

    fn accepted_iterator(&mut self, drawn: &Drawn, answer: c_int) -> Option<usize> {
        if is_refusal(answer) {
            return None;
        }
        let known = drawn
            .known
            .expect("an iterator that was never one is accepted");
        assert!(
            !self.iterations[known].is_over,
            "a stale iterator is accepted"
        );
        Some(known)
    }

    pub fn iterator_next(&mut self, input: &mut Input<'_>) {
        let drawn = self.draw_iterator(input);
        for _ in 0..1 + (input.byte() & 7) {
            if !self.iterator_step(input, &drawn) {
                return;
            }
        }
    }

    /// Whether a key was returned.
    fn iterator_step(&mut self, input: &mut Input<'_>, drawn: &Drawn) -> bool {
        let room = Room::draw(input);
        let (it, key) = (
            ptr::without_provenance_mut(drawn.handle),
            room.pointer.cast(),
        );
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if drawn.by_path {
                listed(
                    "kv_iterator_next",
                    nvkv_kv_iterator_next(it, key, room.size),
                )
            } else {
                let answer = kv_store_iterator_next(drawn.store, it, key, room.size);
                listed("kv_store_iterator_next", answer)
            }
        };
        let text = room.written(usize::MAX);
        let Some(known) = self.accepted_iterator(drawn, answer) else {
            return false;
        };
        let open = &mut self.iterations[known];
        let partition = &self.slots[open.store].partition;
        if partition.is_lenient() {
            return answer == MBED_SUCCESS;
        }
        if answer == status::MBED_ERROR_ITEM_NOT_FOUND {
            let missing = open.owed.iter().find(|owed| !open.seen.contains(owed));
            assert_eq!(missing, None, "not returned");
        }
        if answer != MBED_SUCCESS {
            return false;
        }
        let length = text.iter().position(|byte| *byte == 0).expect("a NUL");
        let key = text[..length]
            .strip_prefix(&open.style[..])
            .expect("its style");
        assert!(
            key.starts_with(&open.prefix) && partition.is_known(key),
            "{key:?}"
        );
        assert!(!open.seen.iter().any(|seen| seen == key), "{key:?} twice");
        open.seen.push(key.to_vec());
        true
    }

    pub fn iterator_close(&mut self, input: &mut Input<'_>) {
        let drawn = self.draw_iterator(input);
        let it = ptr::without_provenance_mut(drawn.handle);
        // SAFETY: nvkv.h, "Pointers".
        let answer = unsafe {
            if drawn.by_path {
                listed("kv_iterator_close", nvkv_kv_iterator_close(it))
            } else {
                listed(
                    "kv_store_iterator_close",
                    kv_store_iterator_close(drawn.store, it),
                )
            }
        };
        if let Some(known) = self.accepted_iterator(&drawn, answer) {
            self.iterations[known].is_over = true;
        }
    }
}
