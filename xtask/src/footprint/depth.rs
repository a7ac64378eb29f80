//! The most that calls can take of the stack: the frames of the functions in a listing by objdump,
//! and who calls whom. The flash functions of a program and its locks are called through pointers,
//! and not counted.

use std::collections::{BTreeMap, BTreeSet};

/// Functions by name.
#[derive(Debug, Default)]
pub(super) struct Graph<'l> {
    functions: BTreeMap<&'l str, Function<'l>>,
}

#[derive(Debug, Default)]
struct Function<'l> {
    frame: u64,
    callees: BTreeSet<&'l str>,
}

/// What registers hold as far as it matters: offsets of large frames.
#[derive(Default)]
struct Registers<'l>(BTreeMap<&'l str, i64>);

impl<'l> Graph<'l> {
    /// Takes what `objdump --disassemble --no-show-raw-insn` prints for Thumb or RISC-V.
    pub(super) fn parse(listing: &'l str) -> Self {
        let words = literals(listing);
        let mut graph = Graph::default();
        let mut name = "";
        let mut registers = Registers::default();
        for line in listing.lines() {
            if let Some(found) = head(line) {
                name = found;
                registers = Registers::default();
                graph.functions.entry(name).or_default();
            } else if let Some((operation, arguments)) = instruction(line) {
                let function = graph.functions.entry(name).or_default();
                registers.follow(operation, arguments, &words);
                let pushed = pushed(operation, arguments)
                    .saturating_add(registers.reserved(operation, arguments));
                function.frame = function.frame.saturating_add(pushed);
                if let Some(callee) = callee(operation, arguments, name) {
                    function.callees.insert(callee);
                }
            }
        }
        graph
    }

    /// The names that begin with `prefix`.
    pub(super) fn functions(&self, prefix: &str) -> impl Iterator<Item = &'l str> {
        self.functions
            .keys()
            .copied()
            .filter(move |name| name.starts_with(prefix))
    }

    /// Bytes below the stack pointer of the caller, over all ways through the calls. An error
    /// where a function can come to itself: there is no recursion in the library.
    pub(super) fn deepest(&self, name: &str) -> Result<u64, String> {
        let mut known = BTreeMap::new();
        self.deepest_below(name, &mut Vec::new(), &mut known)
    }

    fn deepest_below<'s>(
        &'s self,
        name: &'s str,
        path: &mut Vec<&'s str>,
        known: &mut BTreeMap<&'s str, u64>,
    ) -> Result<u64, String> {
        if let Some(&depth) = known.get(name) {
            return Ok(depth);
        }
        if path.contains(&name) {
            return Err(format!("{name} can come to itself: {}", path.join(" -> ")));
        }
        let Some(function) = self.functions.get(name) else {
            return Err(format!("{name} is not in the listing"));
        };
        path.push(name);
        let mut deepest = 0;
        for callee in &function.callees {
            deepest = deepest.max(self.deepest_below(callee, path, known)?);
        }
        path.pop();
        let depth = function.frame.saturating_add(deepest);
        known.insert(name, depth);
        Ok(depth)
    }
}

/// `000001a4 <name>:`
fn head(line: &str) -> Option<&str> {
    let (address, rest) = line.split_once(" <")?;
    u64::from_str_radix(address, 16).ok()?;
    rest.strip_suffix(">:")
}

/// `1a4:`, a tab, `push`, a tab, `{r4, lr}`: the operation, and what follows it.
fn instruction(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once(":\t")?;
    Some(rest.split_once('\t').unwrap_or((rest, "")))
}

/// The words between the instructions, by address.
fn literals(listing: &str) -> BTreeMap<u64, i64> {
    let word = |line: &str| -> Option<(u64, i64)> {
        let (address, _) = line.split_once(":\t")?;
        let (".word", value) = instruction(line)? else {
            return None;
        };
        let value = u32::from_str_radix(value.trim().strip_prefix("0x")?, 16).ok()?;
        let address = u64::from_str_radix(address.trim(), 16).ok()?;
        Some((address, i64::from(value.cast_signed())))
    };
    listing.lines().filter_map(word).collect()
}

/// Bytes that an instruction puts on the stack.
fn pushed(operation: &str, arguments: &str) -> u64 {
    match operation {
        "push" | "push.w" => registers_in(arguments).saturating_mul(4),
        "stmdb" if arguments.starts_with("sp!") => registers_in(arguments).saturating_mul(4),
        "vpush" => registers_in(arguments).saturating_mul(8),
        // str lr, [sp, #-8]!
        _ if operation.starts_with("str") => arguments
            .split_once("[sp, #-")
            .and_then(|(_, rest)| rest.split_once("]!"))
            .and_then(|(bytes, _)| bytes.parse().ok())
            .unwrap_or(0),
        _ => 0,
    }
}

/// How many there are in a list like `{r4, r5, r6, lr}` or `sp!, {r4-r9, lr}`.
fn registers_in(list: &str) -> u64 {
    let inside = list.split_once('{').map_or("", |(_, rest)| rest);
    let inside = inside.split_once('}').map_or(inside, |(inside, _)| inside);
    let number = |name: &str| {
        name.trim_start_matches(char::is_alphabetic)
            .parse::<u64>()
            .ok()
    };
    inside
        .split(',')
        .map(|part| match part.trim().split_once('-') {
            Some((first, last)) => number(last).zip(number(first)).map_or(1, |(last, first)| {
                last.saturating_sub(first).saturating_add(1)
            }),
            None => 1,
        })
        .sum()
}

impl<'l> Registers<'l> {
    /// Notes constants that a register gets.
    fn follow(&mut self, operation: &str, arguments: &'l str, words: &BTreeMap<u64, i64>) {
        let parts: Vec<&str> = arguments.split([',', '\t']).map(str::trim).collect();
        let value = match (operation, &parts[..]) {
            // ldr r3, [pc, #8]  @ (1234 <name+0x8>)
            ("ldr" | "ldr.w" | "ldr.n", [_, "[pc", ..]) => arguments
                .split_once("@ (")
                .and_then(|(_, rest)| rest.split_once(' '))
                .and_then(|(address, _)| u64::from_str_radix(address, 16).ok())
                .and_then(|address| words.get(&address).copied()),
            ("movw" | "mov.w" | "li", [_, value, ..]) => constant(value),
            // lui t0,0xfffff
            ("lui", [_, value]) => constant(value)
                .and_then(|value| u32::try_from(value.checked_shl(12)? & 0xFFFF_FFFF).ok())
                .map(|value| i64::from(value.cast_signed())),
            ("addi" | "add", [to, from, value]) if to == from => self
                .0
                .get(from)
                .zip(constant(value))
                .and_then(|(known, value)| known.checked_add(value)),
            _ => None,
        };
        if let (Some(register), Some(value)) = (parts.first(), value) {
            self.0.insert(register, value);
        }
    }

    /// Bytes by which an instruction moves the stack pointer down, other than by pushing.
    fn reserved(&self, operation: &str, arguments: &str) -> u64 {
        let arguments = arguments.split('\t').next().unwrap_or("");
        let mut parts: Vec<&str> = arguments.split(',').map(str::trim).collect();
        if parts.first() != Some(&"sp") {
            return 0;
        }
        // `add sp, r4` is short for `add sp, sp, r4`.
        parts.retain(|part| *part != "sp");
        let [amount] = parts[..] else { return 0 };
        let amount = constant(amount).or_else(|| self.0.get(amount).copied());
        let down = match operation {
            "sub" | "sub.w" | "subw" => amount,
            "add" | "add.w" | "addi" | "c.addi16sp" => amount.and_then(i64::checked_neg),
            _ => None,
        };
        down.and_then(|down| u64::try_from(down).ok()).unwrap_or(0)
    }
}

/// `#508`, `-48`, `0xfffff`.
fn constant(text: &str) -> Option<i64> {
    let text = text.trim_start_matches('#');
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The function that an instruction calls or goes on in.
fn callee<'l>(operation: &str, arguments: &'l str, caller: &str) -> Option<&'l str> {
    if !operation.starts_with(['b', 'j', 'c']) {
        return None;
    }
    let (_, target) = arguments.split_once('<')?;
    let (target, _) = target.split_once('>')?;
    let (name, offset) = target.split_once('+').unwrap_or((target, ""));
    // A jump within the function is none; a call of its beginning is.
    let is_call = matches!(operation, "bl" | "jal" | "jalr") && offset.is_empty();
    (name != caller || is_call).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THUMB: &str = "\
00000000 <kv_top>:
       0:\tpush\t{r4, r5, r7, lr}
       2:\tsub\tsp, #24
       4:\tbl\t20 <middle>
       8:\tb.n\t4 <kv_top+0x4>
       a:\tb.w\t40 <leaf>

00000020 <middle>:
      20:\tstmdb\tsp!, {r8-r11, lr}
      24:\tldr\tr6, [pc, #8]\t@ (30 <middle+0x10>)
      26:\tadd\tsp, r6
      28:\tbl\t40 <leaf>
      30:\t.word\t0xfffff800

00000040 <leaf>:
      40:\tstr.w\tlr, [sp, #-8]!
      44:\tsub.w\tsp, sp, #508\t@ 0x1fc
      48:\tadd\tsp, #508
";

    #[test]
    fn thumb_is_read() {
        let graph = Graph::parse(THUMB);
        assert_eq!(graph.deepest("leaf"), Ok(516));
        assert_eq!(graph.deepest("middle"), Ok(20 + 2048 + 516));
        assert_eq!(graph.deepest("kv_top"), Ok(16 + 24 + 20 + 2048 + 516));
        assert_eq!(graph.functions("kv_").collect::<Vec<_>>(), ["kv_top"]);
    }

    #[test]
    fn riscv_is_read() {
        let graph = Graph::parse(
            "\
00000000 <kv_top>:
   0:\taddi\tsp,sp,-48
   2:\tjal\t10 <middle>
   6:\tjalr\t-44(ra) # 20 <leaf>
   a:\taddi\tsp,sp,48

00000010 <middle>:
  10:\tlui\tt0,0xfffff
  14:\taddi\tt0,t0,-16
  18:\tadd\tsp,sp,t0
  1a:\tj\t20 <leaf>

00000020 <leaf>:
  20:\tret
",
        );
        assert_eq!(graph.deepest("middle"), Ok(4112));
        assert_eq!(graph.deepest("kv_top"), Ok(4160));
    }

    #[test]
    fn recursion_is_an_error() {
        let graph =
            Graph::parse("00000000 <a>:\n 0:\tbl\t10 <b>\n\n00000010 <b>:\n 10:\tb.w\t0 <a>\n");
        assert!(
            graph
                .deepest("a")
                .unwrap_err()
                .contains("can come to itself")
        );
        let own = Graph::parse("00000000 <a>:\n 0:\tbl\t0 <a>\n");
        assert!(own.deepest("a").is_err());
        assert!(own.deepest("b").is_err(), "what is not there has no depth");
    }
}
