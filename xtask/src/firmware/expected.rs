//! What the flash must hold after the power was cut: for each key the last operation that the
//! firmware acknowledged, or the one that it was carrying out.
//!
//! Invariant: what was seen once is expected from then on; an operation in doubt is decided once.

use crate::process::Failure;

use super::sequence::{KEYS, operation};

/// A key's value is that of this operation; `None`: the key is not there.
type Value = Option<u32>;

/// What is known from the runs so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    values: Vec<Value>,
    /// The operation that may have been in progress when the power was cut.
    in_doubt: Option<u32>,
    /// The number that the next run begins with.
    pub(super) next: u32,
}

/// What one run printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// The highest erase count of a sector.
    pub(super) erases: u32,
    /// Operations acknowledged.
    pub(super) acknowledged: u32,
    /// The deepest that the stack went, in bytes.
    pub(super) stack: u32,
    /// Whether it got as far as its first operation.
    pub(super) is_complete: bool,
    /// What is not as it must be.
    pub(super) lost: Vec<String>,
}

fn value_after(number: u32) -> Value {
    (!operation(number).removes).then_some(number)
}

impl Expected {
    /// A flash that was just erased.
    pub(super) fn new() -> Self {
        Expected {
            values: vec![None; KEYS],
            in_doubt: None,
            next: 0,
        }
    }

    /// Takes in the lines of a run that was cut off, and says what is wrong with them.
    pub(super) fn take(&mut self, lines: &[String]) -> Report {
        let mut report = Report::default();
        let mut seen: Vec<Value> = vec![None; KEYS];
        let mut next = self.next;
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok());
            match (words[0], number(1), number(2)) {
                ("open", Some(0), Some(erases)) => report.erases = erases,
                ("check", Some(_), Some(0)) => {}
                ("stack", Some(bytes), None) => report.stack = report.stack.max(bytes),
                ("key", Some(key), Some(number)) if (key as usize) < KEYS => {
                    seen[key as usize] = Some(number);
                }
                ("keys", Some(count), None) => {
                    report.is_complete = true;
                    let found = seen.iter().flatten().count();
                    if count as usize != found {
                        let what = format!("{found} keys are there, an iterator finds {count}");
                        report.lost.push(what);
                    }
                    report.lost.extend(self.compare(&seen));
                }
                ("did", Some(number), None) if number == next && report.is_complete => {
                    self.values[operation(number).key] = value_after(number);
                    report.acknowledged += 1;
                    next = number.wrapping_add(1);
                }
                _ => report.lost.push(format!("the firmware printed: {line}")),
            }
        }
        if report.is_complete {
            self.in_doubt = Some(next);
            self.next = next.wrapping_add(1);
        }
        report
    }

    /// Compares with what was read, which is expected from now on.
    fn compare(&mut self, seen: &[Value]) -> Vec<String> {
        let mut lost = Vec::new();
        let in_doubt = self.in_doubt.take();
        for (key, (expected, seen)) in self.values.iter_mut().zip(seen).enumerate() {
            let in_doubt = in_doubt.filter(|number| operation(*number).key == key);
            if seen != expected && in_doubt.map(value_after) != Some(*seen) {
                lost.push(format!(
                    "key {key} has {}, and must have {}{}",
                    told(*seen),
                    told(*expected),
                    in_doubt.map_or(String::new(), |number| format!(
                        " or {}",
                        told(value_after(number))
                    )),
                ));
            }
            *expected = *seen;
        }
        lost
    }

    /// As a file, for [`Expected::parse`].
    pub(super) fn to_text(&self) -> String {
        let word = |value: Value| value.map_or("-".to_owned(), |number| number.to_string());
        let values: Vec<String> = self.values.iter().map(|value| word(*value)).collect();
        format!(
            "next {}\nin doubt {}\nvalues {}\n",
            self.next,
            word(self.in_doubt),
            values.join(" ")
        )
    }

    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || Failure::new(format!("not what `cargo xtask firmware` wrote:\n{text}"));
        let rest = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.ok_or_else(wrong)
        };
        let value = |word: &str| match word {
            "-" => Ok(None),
            number => number.parse().map(Some).map_err(|_| wrong()),
        };
        let values: Result<Vec<Value>, Failure> = rest("values ")?.split(' ').map(value).collect();
        Ok(Expected {
            values: values?,
            in_doubt: value(rest("in doubt ")?)?,
            next: value(rest("next ")?)?.ok_or_else(wrong)?,
        })
    }
}

fn told(value: Value) -> String {
    value.map_or("no value".to_owned(), |number| {
        format!("the value of operation {number}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first operation that sets a key and is followed by one that sets another.
    fn two_sets() -> u32 {
        let sets = |number| !operation(number).removes;
        let good = |number: &u32| {
            sets(*number) && sets(number + 1) && operation(*number).key != operation(number + 1).key
        };
        (0..100).find(good).unwrap()
    }

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    fn key(number: u32) -> String {
        format!("key {} {number}", operation(number).key)
    }

    /// A run that acknowledged one set, and was cut off in the next one.
    fn after_one() -> (u32, Expected) {
        let number = two_sets();
        let mut expected = Expected::new();
        expected.next = number;
        let did = format!("did {number}");
        let report = expected.take(&lines(&["open 0 1", "check 0 0", "keys 0", &did]));
        assert_eq!(report.lost, Vec::<String>::new());
        assert_eq!(report.acknowledged, 1);
        assert_eq!(expected.next, number + 2);
        (number, expected)
    }

    #[test]
    fn what_was_acknowledged_is_there_and_what_was_in_doubt_may_be() {
        let (number, before) = after_one();
        let old = lines(&["open 0 1", "check 2 0", &key(number), "keys 1"]);
        let both = lines(&[
            "open 0 1",
            "check 2 0",
            &key(number),
            &key(number + 1),
            "keys 2",
        ]);
        for lines in [&old, &both] {
            let mut expected = before.clone();
            assert_eq!(expected.take(lines).lost, Vec::<String>::new());
        }
        // What was seen stays.
        let mut expected = before.clone();
        expected.take(&both);
        assert_eq!(expected.take(&old).lost.len(), 1);
        let mut expected = before;
        expected.take(&old);
        expected.next = number + 20;
        expected.in_doubt = None;
        assert_eq!(expected.take(&both).lost.len(), 1);
    }

    #[test]
    fn losses_are_found() {
        let (number, before) = after_one();
        let losses = [
            lines(&["open 0 1", "check 2 0", "keys 0"]),
            lines(&["open 0 1", "check 2 1", &key(number), "keys 1"]),
            lines(&["open 0 1", "check 2 0", &key(number), "keys 2"]),
            lines(&[
                "open 0 1",
                "check 2 0",
                &format!("key {} bad", operation(number).key),
            ]),
            lines(&["failed kv_store_open MBED_ERROR_READ_FAILED"]),
            lines(&["fault"]),
        ];
        for lines in losses {
            let mut expected = before.clone();
            assert!(!expected.take(&lines).lost.is_empty(), "{lines:?}");
        }
    }

    #[test]
    fn a_run_that_was_cut_off_early_decides_nothing() {
        let (_, before) = after_one();
        for text in [&[][..], &["open 0 1"], &["open 0 1", "check 2 0"]] {
            let mut expected = before.clone();
            assert_eq!(expected.take(&lines(text)).lost, Vec::<String>::new());
            assert_eq!(expected, before);
        }
    }

    #[test]
    fn it_is_written_and_read() {
        let (_, expected) = after_one();
        assert_eq!(Expected::parse(&expected.to_text()).unwrap(), expected);
        assert!(Expected::parse("next x\nin doubt -\nvalues -\n").is_err());
    }
}
