//! The grammar of paths: "/partition/key", and which keys Mbed's API takes.

use crate::error::Error;

/// Longest name of a partition.
pub(super) const NAME_MAX: usize = 31;
/// Longest key of Mbed's API.
const KEY_MAX: usize = 128;

/// A path, divided. The partition is not looked up, nor is the key checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path<'p> {
    /// What names the partition; empty for the default one.
    pub(super) name: &'p [u8],
    /// How the path was written up to its key.
    pub(super) style: Style,
    pub(super) key: &'p [u8],
    /// Where the key begins in the path.
    pub(super) key_at: usize,
}

/// How a path was written up to its key, so that an iterator can return keys in the same style:
/// bit 0: with a leading slash; the rest: 0 without a name, else one more than the name's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style(u8);

impl Style {
    /// Bits that any style fits in.
    pub(super) const BITS: u32 = 7;
    /// Longest text of a style: a name between two slashes.
    pub(super) const TEXT_MAX: usize = NAME_MAX.saturating_add(2);

    /// Names over [`NAME_MAX`] have no style of their own: no partition has such a name.
    fn new(slash: bool, name: Option<&[u8]>) -> Self {
        let length = match name {
            Some(name) => name.len().min(NAME_MAX).saturating_add(1),
            None => 0,
        };
        let [low, ..] = length.to_le_bytes();
        Style(low << 1 | u8::from(slash))
    }

    /// What [`Style::bits`] gave.
    pub(super) fn from_bits(bits: usize) -> Self {
        let [low, ..] = bits.to_le_bytes();
        Style(low & 0x7F)
    }

    pub(super) fn bits(self) -> usize {
        usize::from(self.0)
    }

    /// The text of this style for a partition of that name, and its length.
    pub(super) fn text(self, name: &[u8]) -> ([u8; Self::TEXT_MAX], usize) {
        let mut text = [0; Self::TEXT_MAX];
        let slash: &[u8] = if self.0 & 1 != 0 { b"/" } else { b"" };
        let (name, end): (&[u8], &[u8]) = match usize::from(self.0 >> 1).checked_sub(1) {
            Some(length) => (name.get(..length).unwrap_or(name), b"/"),
            None => (b"", b""),
        };
        let bytes = slash.iter().chain(name).chain(end);
        let length = text.iter_mut().zip(bytes).map(|(to, from)| *to = *from);
        let length = length.count();
        (text, length)
    }
}

/// Divides a path. One leading slash is skipped; without a further one the rest is a key of the
/// default partition.
pub(super) fn parse(path: &[u8]) -> Path<'_> {
    let (slash, rest) = match path.strip_prefix(b"/") {
        Some(rest) => (true, rest),
        None => (false, path),
    };
    let divided = rest.iter().position(|byte| *byte == b'/');
    let divided = divided.and_then(|at| rest.split_at_checked(at));
    let (name, key) = match divided {
        Some((name, key)) => (Some(name), key.strip_prefix(b"/").unwrap_or(key)),
        None => (None, rest),
    };
    Path {
        name: name.unwrap_or(b""),
        style: Style::new(slash, name),
        key,
        key_at: path.len().saturating_sub(key.len()),
    }
}

/// Mbed's rule for keys: 1 to 128 bytes, none of ten characters and no space.
pub(super) fn check_key(key: &[u8]) -> Result<(), Error> {
    let barred = |byte: &u8| b"*/?:;\"|<>\\ ".contains(byte);
    match key.len() {
        1..=KEY_MAX if !key.iter().any(barred) => Ok(()),
        _ => Err(Error::InvalidArgument),
    }
}

/// Names of partitions: what a path can name.
pub(super) fn check_name(name: &[u8]) -> Result<(), Error> {
    match name.len() {
        1..=NAME_MAX if !name.contains(&b'/') => Ok(()),
        _ => Err(Error::InvalidArgument),
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn paths_are_divided_as_mbed_does() {
        for (path, name, key) in [
            ("/kv/key", "kv", "key"),
            ("key", "", "key"),
            ("/key", "", "key"),
            ("kv/key", "kv", "key"),
            ("//key", "", "key"),
            ("/kv/a/b", "kv", "a/b"),
            ("/kv/", "kv", ""),
            ("/", "", ""),
            ("", "", ""),
            ("name_/", "name_", ""),
        ] {
            let parsed = parse(path.as_bytes());
            assert_eq!(parsed.name, name.as_bytes(), "{path}");
            assert_eq!(parsed.key, key.as_bytes(), "{path}");
            assert_eq!(&path.as_bytes()[parsed.key_at..], parsed.key, "{path}");
        }
    }

    #[test]
    fn the_style_gives_the_path_again() {
        let longest = "n".repeat(NAME_MAX);
        let full = format!("/{longest}/");
        for path in ["", "/", "kv/", "/kv/", "/k/", "//", &full] {
            let style = parse(path.as_bytes()).style;
            assert!(style.bits() < 1 << Style::BITS);
            let name = if path == full { longest.as_str() } else { "kv" };
            let (text, length) = Style::from_bits(style.bits()).text(name.as_bytes());
            assert_eq!(&text[..length], path.as_bytes());
        }
    }

    #[test]
    fn keys_and_names_have_limits() {
        assert_eq!(check_key(&[b'k'; 128]), Ok(()));
        assert_eq!(check_key(b"\x01\t\x80\xFF'"), Ok(()));
        for bad in ["", "a/b", &"k".repeat(129)] {
            assert_eq!(check_key(bad.as_bytes()), Err(Error::InvalidArgument));
        }
        for bad in "*/?:;\"|<>\\ ".chars() {
            let key = format!("name{bad}");
            assert_eq!(check_key(key.as_bytes()), Err(Error::InvalidArgument));
        }
        assert_eq!(check_name(&[b'n'; NAME_MAX]), Ok(()));
        assert!(check_name(&[b'n'; NAME_MAX + 1]).is_err());
        assert!(check_name(b"").is_err());
        assert!(check_name(b"a/b").is_err());
    }
}
