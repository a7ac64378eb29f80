//! What callgrind wrote: the instructions of functions with all that they call, and of source
//! files wherever the compiler put their lines.

use std::collections::BTreeMap;

/// One dump.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// With what was called, by the name of the function: once for each call out of another one.
    inside: BTreeMap<String, u64>,
    by_file: BTreeMap<String, u64>,
}

/// Names are written once, `(7) name`, and then `(7)`.
#[derive(Default)]
struct Names<'t>(BTreeMap<&'t str, &'t str>);

impl<'t> Names<'t> {
    fn full(&mut self, text: &'t str) -> &'t str {
        let Some((number, name)) = text.split_once(')') else {
            return text;
        };
        let name = name.trim_start();
        if !name.is_empty() {
            self.0.insert(number, name);
        }
        self.0.get(number).copied().unwrap_or(name)
    }
}

impl Profile {
    pub(super) fn parse(text: &str) -> Self {
        let mut profile = Profile::default();
        let (mut functions, mut files) = (Names::default(), Names::default());
        let (mut function, mut file, mut callee) = ("", "", None);
        let mut is_call = false;
        for line in text.lines() {
            if let Some((key, value)) = line.split_once('=') {
                match key {
                    "fn" => function = functions.full(value),
                    "cfn" => callee = Some(functions.full(value)),
                    "fl" | "fi" | "fe" => file = files.full(value),
                    "cfl" | "cfi" => {
                        files.full(value);
                    }
                    "calls" => is_call = true,
                    _ => {}
                }
            } else if line
                .starts_with(|first: char| "+-*".contains(first) || first.is_ascii_digit())
            {
                let cost = line.split_whitespace().nth(1);
                let cost = cost.and_then(|cost| cost.parse().ok()).unwrap_or(0);
                match callee.take() {
                    Some(callee) if is_call => profile.take_call(function, callee, cost),
                    _ => add(&mut profile.by_file, file, cost),
                }
                is_call = false;
            }
        }
        profile
    }

    fn take_call(&mut self, caller: &str, callee: &str, cost: u64) {
        // What calls another function of the same kind is in that one's figure, too: kv_store_get
        // goes on in kv_store_get_at.
        if !caller.starts_with("kv_store_") || !callee.starts_with("kv_store_") {
            add(&mut self.inside, callee, cost);
        }
    }

    /// Instructions in the functions whose names fit, and in all that they call.
    pub(super) fn inside(&self, fits: impl Fn(&str) -> bool) -> u64 {
        let fitting = self.inside.iter().filter(|(name, _)| fits(name));
        fitting.map(|(_, cost)| *cost).sum()
    }

    /// Instructions of lines in source files whose paths end like this.
    pub(super) fn of_file(&self, ending: &str) -> u64 {
        let fitting = self
            .by_file
            .iter()
            .filter(|(name, _)| name.ends_with(ending));
        fitting.map(|(_, cost)| *cost).sum()
    }
}

fn add(sums: &mut BTreeMap<String, u64>, name: &str, cost: u64) {
    let sum = sums.entry(name.to_owned()).or_default();
    *sum = sum.saturating_add(cost);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_added_up() {
        let profile = Profile::parse(
            "version: 1\nevents: Ir\n\
             fl=(1) /x/main.c\nfn=(1) main\n12 5\n\
             cfi=(2) /x/engine/value.rs\ncfn=(2) kv_store_get\ncalls=3 7\n13 900\n+1 2\n\n\
             fl=(2)\nfn=(2)\n7 20\nfi=(3) /x/engine/checksum.rs\n9 300\nfe=(2)\n\
             cfn=(3) kv_store_get_at\ncalls=3 1\n8 400\n\
             cfi=(4) /x/nor.c\ncfn=(4) nor_read\ncalls=1 1\n* 180\n\n\
             fl=(3)\nfn=(5) crc\n-3 7\n",
        );
        assert_eq!(profile.inside(|name| name.starts_with("kv_store_")), 900);
        assert_eq!(profile.inside(|name| name == "nor_read"), 180);
        assert_eq!(profile.of_file("engine/checksum.rs"), 307);
        assert_eq!(profile.of_file("main.c"), 7);
        assert_eq!(profile.of_file("nothing.rs"), 0);
    }
}
