//! Bytes copied and divided without a way to panic, whatever the compiler makes of it: at the level
//! that is for size alone it does not see that lengths are equal.
#![forbid(unsafe_code)]

/// Copies as much as both have.
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Puts `value` at `at`, if there is room for all of it.
pub(crate) fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    let rest = bytes.get_mut(at..);
    if let Some(place) = rest.and_then(|rest| rest.first_chunk_mut()) {
        *place = value;
    }
}

/// `N` bytes from `at` on; zeros if there are fewer.
pub(crate) fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let rest = bytes.get(at..);
    let found = rest.and_then(|rest| rest.first_chunk());
    found.copied().unwrap_or([0; N])
}

/// The first `at` bytes and the others; all of them are the first if there are fewer.
pub(crate) fn divide(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

/// As [`divide`].
pub(crate) fn divide_mut(bytes: &mut [u8], at: usize) -> (&mut [u8], &mut [u8]) {
    let at = at.min(bytes.len());
    bytes.split_at_mut_checked(at).unwrap_or_default()
}
