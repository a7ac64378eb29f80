//! The status numbers of the C API: Mbed's, in one table.
//!
//! Invariant: a number never changes its meaning, and a retired one is never used again. (So far
//! none is retired.)

use core::ffi::{c_char, c_int};

use crate::error::Error;

/// Number `n` of the `MBED_ERROR_` constants: system error, unknown module, code 256 + n.
const fn mbed(n: u8) -> c_int {
    let [code, ..] = n.to_le_bytes();
    c_int::from_le_bytes([code, 0x01, 0xFF, 0x80])
}

macro_rules! statuses {
    ($($name:ident = $number:expr;)*) => {
        $(
            #[doc = concat!("Mbed's `", stringify!($name), "`.")]
            pub const $name: c_int = $number;
        )*

        /// Every status with its name, which ends with NUL. nvkv.h is generated from it.
        pub const STATUSES: &[(&str, c_int)] = &[
            $((concat!(stringify!($name), "\0"), $name),)*
        ];
    };
}

statuses! {
    MBED_SUCCESS = 0;
    MBED_ERROR_UNKNOWN = mbed(0);
    MBED_ERROR_INVALID_ARGUMENT = mbed(1);
    MBED_ERROR_INVALID_DATA_DETECTED = mbed(2);
    MBED_ERROR_INVALID_FORMAT = mbed(3);
    MBED_ERROR_INVALID_INDEX = mbed(4);
    MBED_ERROR_INVALID_SIZE = mbed(5);
    MBED_ERROR_INVALID_OPERATION = mbed(6);
    MBED_ERROR_ITEM_NOT_FOUND = mbed(7);
    MBED_ERROR_ACCESS_DENIED = mbed(8);
    MBED_ERROR_UNSUPPORTED = mbed(9);
    MBED_ERROR_BUFFER_FULL = mbed(10);
    MBED_ERROR_MEDIA_FULL = mbed(11);
    MBED_ERROR_ALREADY_IN_USE = mbed(12);
    MBED_ERROR_TIME_OUT = mbed(13);
    MBED_ERROR_NOT_READY = mbed(14);
    MBED_ERROR_FAILED_OPERATION = mbed(15);
    MBED_ERROR_OPERATION_PROHIBITED = mbed(16);
    MBED_ERROR_OPERATION_ABORTED = mbed(17);
    MBED_ERROR_WRITE_PROTECTED = mbed(18);
    MBED_ERROR_CRC_ERROR = mbed(24);
    MBED_ERROR_READ_FAILED = mbed(27);
    MBED_ERROR_WRITE_FAILED = mbed(28);
    MBED_ERROR_INITIALIZATION_FAILED = mbed(29);
    MBED_ERROR_OUT_OF_MEMORY = mbed(31);
    MBED_ERROR_OUT_OF_RESOURCES = mbed(32);
    MBED_ERROR_CONFIG_UNSUPPORTED = mbed(58);
    MBED_ERROR_CONFIG_MISMATCH = mbed(59);
    MBED_ERROR_ALREADY_INITIALIZED = mbed(60);
    MBED_ERROR_AUTHENTICATION_FAILED = mbed(69);
    MBED_ERROR_RBP_AUTHENTICATION_FAILED = mbed(70);
}

/// The number that C sees for an error.
#[must_use]
pub const fn of_error(error: Error) -> c_int {
    match error {
        Error::InvalidArgument => MBED_ERROR_INVALID_ARGUMENT,
        // Mbed has no number of its own for what can never fit.
        Error::InvalidSize | Error::TooLarge => MBED_ERROR_INVALID_SIZE,
        Error::NotFound => MBED_ERROR_ITEM_NOT_FOUND,
        Error::WriteProtected => MBED_ERROR_WRITE_PROTECTED,
        Error::Full => MBED_ERROR_MEDIA_FULL,
        Error::Damaged => MBED_ERROR_INVALID_DATA_DETECTED,
        Error::ReadFailed => MBED_ERROR_READ_FAILED,
        // TDBStore answers a second reserved_data_set like a failed write.
        Error::WriteFailed | Error::ReservedDataExists => MBED_ERROR_WRITE_FAILED,
        Error::ReadOnly => MBED_ERROR_OPERATION_PROHIBITED,
        Error::Unformatted => MBED_ERROR_INVALID_FORMAT,
        Error::UnsupportedVersion => MBED_ERROR_UNSUPPORTED,
        Error::GeometryMismatch => MBED_ERROR_CONFIG_MISMATCH,
        Error::OutOfMemory => MBED_ERROR_OUT_OF_MEMORY,
        Error::OutOfResources => MBED_ERROR_OUT_OF_RESOURCES,
        Error::NotReady => MBED_ERROR_NOT_READY,
        Error::AlreadyInUse => MBED_ERROR_ALREADY_IN_USE,
    }
}

/// The number that C sees for a result.
pub(super) const fn of(result: Result<(), Error>) -> c_int {
    match result {
        Ok(()) => MBED_SUCCESS,
        Err(error) => of_error(error),
    }
}

/// The name of a status: "MBED_SUCCESS", "MBED_ERROR_ITEM_NOT_FOUND" and so on, and "unknown" for
/// a number that is not one of them. Never NULL; the text lives for ever.
///
/// Touches no store: may be called at any time, from interrupts too.
#[unsafe(no_mangle)]
pub extern "C" fn kv_error_name(status: c_int) -> *const c_char {
    for (name, number) in STATUSES {
        if *number == status {
            return name.as_ptr().cast();
        }
    }
    c"unknown".as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every variant, its number as mbed-contract.md 1.1 has it. A new variant does not compile
    /// before `of_error` knows it, and its row belongs here.
    #[test]
    fn every_error_has_mbeds_number() {
        let table: [(Error, u32); 18] = [
            (Error::InvalidArgument, 0x80FF_0101),
            (Error::InvalidSize, 0x80FF_0105),
            (Error::NotFound, 0x80FF_0107),
            (Error::WriteProtected, 0x80FF_0112),
            (Error::Full, 0x80FF_010B),
            (Error::TooLarge, 0x80FF_0105),
            (Error::Damaged, 0x80FF_0102),
            (Error::ReadFailed, 0x80FF_011B),
            (Error::WriteFailed, 0x80FF_011C),
            (Error::ReadOnly, 0x80FF_0110),
            (Error::Unformatted, 0x80FF_0103),
            (Error::UnsupportedVersion, 0x80FF_0109),
            (Error::GeometryMismatch, 0x80FF_013B),
            (Error::OutOfMemory, 0x80FF_011F),
            (Error::OutOfResources, 0x80FF_0120),
            (Error::NotReady, 0x80FF_010E),
            (Error::AlreadyInUse, 0x80FF_010C),
            (Error::ReservedDataExists, 0x80FF_011C),
        ];
        for (error, number) in table {
            assert_eq!(of_error(error), number as c_int, "{error:?}");
            assert!(of_error(error) < 0, "{error:?}");
        }
        assert_eq!(of(Ok(())), 0);
    }

    #[test]
    fn numbers_as_upstream_prints_them() {
        assert_eq!(MBED_ERROR_UNKNOWN, -2_130_771_712);
        assert_eq!(MBED_ERROR_ITEM_NOT_FOUND, -2_130_771_705);
        assert_eq!(MBED_ERROR_CONFIG_UNSUPPORTED, -2_130_771_654);
        assert_eq!(MBED_ERROR_RBP_AUTHENTICATION_FAILED, -2_130_771_642);
    }
}
