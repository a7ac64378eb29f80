//! Whole numbers divided and rounded, without a way to panic.
#![forbid(unsafe_code)]

/// `value / by`; 0 where `by` is 0, which no layout has: so there is no division that can panic.
pub(crate) const fn quotient(value: u32, by: u32) -> u32 {
    match value.checked_div(by) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// `value % by`, as [`quotient`].
pub(crate) const fn remainder(value: u32, by: u32) -> u32 {
    match value.checked_rem(by) {
        Some(remainder) => remainder,
        None => 0,
    }
}

/// `value` rounded up to a multiple of `unit`, a power of two.
pub(crate) const fn round_up(value: u32, unit: u32) -> u32 {
    value.saturating_add(unit - 1) & !(unit - 1)
}
