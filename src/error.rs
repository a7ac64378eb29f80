//! The one error type of the crate. Owns the list of everything that can go wrong.
//!
//! Invariant: knows nothing of C; `ffi/status.rs` alone turns these into Mbed's numbers.
#![forbid(unsafe_code)]

/// Why an operation did not do what was asked.
///
/// `Full` (not now) is kept apart from `TooLarge` (never), and `NotFound` from `Damaged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// An argument is outside its documented range, or the call does not fit the state.
    InvalidArgument,
    /// An offset or a length is outside the value, or a buffer is too small.
    InvalidSize,
    /// The key does not exist, or an iteration is at its end.
    NotFound,
    /// The key was stored write-once and stays as it is.
    WriteProtected,
    /// There is no room now; removing other keys makes some.
    Full,
    /// The value or key can never fit in this partition, whatever is removed.
    TooLarge,
    /// What is stored fails its check. No byte of it was returned as good.
    Damaged,
    /// The flash reported an error when reading.
    ReadFailed,
    /// The flash reported an error when programming or erasing, or read back something else,
    /// and there was no other place to retry.
    WriteFailed,
    /// Too few sectors can still be erased: what is stored can be read, nothing can be written.
    ReadOnly,
    /// The partition holds no store this version knows, and the configuration does not ask for it
    /// to be formatted. Nothing on flash was changed.
    Unformatted,
    /// The partition was written by a newer format version. Nothing on flash was changed.
    UnsupportedVersion,
    /// The partition was formatted with another segment size or program unit. Nothing on flash
    /// was changed.
    GeometryMismatch,
    /// The lent memory is smaller than this configuration needs.
    OutOfMemory,
    /// All iterators are in use, or there is no room for the prefix of another one.
    OutOfResources,
    /// The store is not open.
    NotReady,
    /// A stream is open, or another call is in progress; nothing was done.
    AlreadyInUse,
    /// The reserved data were set before; only a reset clears them.
    ReservedDataExists,
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Error::InvalidArgument => "invalid argument",
            Error::InvalidSize => "invalid size",
            Error::NotFound => "not found",
            Error::WriteProtected => "write protected",
            Error::Full => "store full",
            Error::TooLarge => "larger than the partition can hold",
            Error::Damaged => "stored data damaged",
            Error::ReadFailed => "flash read failed",
            Error::WriteFailed => "flash write failed",
            Error::ReadOnly => "store is read-only",
            Error::Unformatted => "no store on this partition",
            Error::UnsupportedVersion => "newer format version",
            Error::GeometryMismatch => "formatted with another geometry",
            Error::OutOfMemory => "lent memory too small",
            Error::OutOfResources => "no iterator free",
            Error::NotReady => "store not open",
            Error::AlreadyInUse => "store in use",
            Error::ReservedDataExists => "reserved data already set",
        })
    }
}

impl core::error::Error for Error {}
