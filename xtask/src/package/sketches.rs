//! The library for Arduino as somebody has it who unpacked the zip file: each example is compiled
//! and linked for three boards, beside a stand-in for the core and for Mbed's own library, and run
//! twice on one flash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{arduino, folder, other_core, slim, zip};
use crate::cmake::{cannot, copy, files, quiet};
use crate::paths;
use crate::process::{Failure, announce, captured, command, output_of, succeeded_with};
use crate::report::Outcome;

/// A board with an Mbed core. All of their programs run on a Cortex-M7.
struct Board {
    /// `build.mcu` of the core.
    mcu: &'static str,
    name: &'static str,
    flags: &'static str,
}

const BOARDS: [Board; 3] = [
    Board {
        mcu: "cortex-m7",
        name: "PORTENTA_H7_M7",
        flags: "-mcpu=cortex-m7 -mthumb -mfloat-abi=softfp -mfpu=fpv5-d16",
    },
    Board {
        mcu: "cortex-m4",
        name: "ARDUINO_NANO33BLE",
        flags: "-mcpu=cortex-m4 -mthumb -mfloat-abi=softfp -mfpu=fpv4-sp-d16",
    },
    Board {
        mcu: "cortex-m0plus",
        name: "RASPBERRY_PI_PICO",
        flags: "-mcpu=cortex-m0plus -mthumb",
    },
];

/// What the Mbed cores compile with.
const FLAGS: &str = "-c -g0 -Os -ffunction-sections -fdata-sections -funsigned-char \
    -fmessage-length=0 -fomit-frame-pointer -Wvla -Wall -Wextra -Werror --specs=nano.specs \
    -DARDUINO=10810 -DARDUINO_ARCH_MBED -DDEVICE_FLASH=1 -D__MBED__=1";
pub(super) const CPP_FLAGS: &str = "-std=gnu++14 -fno-exceptions -fno-rtti";

/// Stand-ins for the headers of the core, by both spellings, as the core has them on its path.
pub(super) const CORE: [&str; 13] = [
    "tests/arduino/core",
    "tests/arduino/core/platform",
    "tests/arduino/core/drivers",
    "tests/cpp/mbed6",
    "tests/cpp/mbed6/blockdevice",
    "tests/cpp/mbed6/platform",
    "tests/cpp/mbed6_flash",
    "tests/cpp/mbed6_flash/FlashIAP",
    "tests/cpp/mbed6_kvstore",
    "tests/cpp/mbed6_kvstore/kvstore",
    "tests/cpp/mbed6_kvstore/tdbstore",
    "tests/cpp/mbed6_kvstore/kvstore_global_api",
    "tests/cpp/mbed6_rtos",
];

/// Sketches that know nothing of the library: for those the core is told where it is.
const AS_THEY_ARE: [&str; 2] = ["RunLog", "Samples"];

/// The folder that they are copied to.
const UNAWARE: &str = "as they are";

/// What the stand-in for the core says at the end where Mbed's own store was called.
pub(super) const MBEDS_STORE: &str = "Mbed's own KVStore was called";

/// Documents with one sketch in each.
const DOCUMENTS: [&str; 2] = ["docs/arduino.md", "packaging/arduino/README.md"];

pub(super) const GCC: &str = "arm-none-eabi-g++";

/// Bytes of the memory that stands for flash: all that the machine has.
const FLASH_BYTES: usize = 16 * 1024 * 1024;

/// A program that hangs is a failure.
pub(super) const LIMIT_SECONDS: &str = "20";

/// The whole step.
pub(crate) fn check() -> Outcome {
    if let Some(what) = slim::missing(&arduino::targets()) {
        return Outcome::Skipped(what);
    }
    for (file, package) in [
        ("libc_nano.a", "libnewlib-arm-none-eabi"),
        ("libstdc++_nano.a", "libstdc++-arm-none-eabi-newlib"),
    ] {
        // The compiler knows the path of a file that it has, and repeats the name of another.
        let path = output_of(command(GCC).arg(format!("-print-file-name={file}")));
        if !path.is_some_and(|path| Path::new(&path).is_absolute()) {
            return Outcome::Skipped(format!("apt-get install {package}"));
        }
    }
    if output_of(command("qemu-system-arm").arg("--version")).is_none() {
        return Outcome::Skipped("apt-get install qemu-system-arm".to_owned());
    }
    all().into()
}

fn all() -> Result<(), Failure> {
    let file = arduino::build()?;
    let scratch = folder().join("sketches");
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).map_err(|error| cannot("make", &scratch, &error))?;
    zip::unpack(&file, &scratch)?;
    let library = scratch.join("nvkv");
    let mut sketches = examples(&library)?;
    for name in AS_THEY_ARE {
        sketches.push(as_it_is(&scratch, name)?);
    }
    for document in DOCUMENTS {
        sketches.push(of_document(&scratch, &library, document)?);
    }
    for board in &BOARDS {
        let built = board.core(&scratch)?;
        for sketch in &sketches {
            let program = built.link(sketch, &library, Order::LibraryFirst)?;
            run_twice(sketch, &program)?;
        }
    }
    let unaware = sketches
        .iter()
        .find(|sketch| sketch.folder.starts_with(scratch.join(UNAWARE)));
    let unaware = unaware.ok_or_else(|| Failure::new("no sketch that knows nothing"))?;
    mbeds_store_is_noticed(&BOARDS[0], &scratch, unaware, &library)?;
    other_core::check(&library, &scratch)
}

/// Whose headers come first on the path.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    LibraryFirst,
    CoreFirst,
}

/// With the core's headers first, a sketch has Mbed's own store: its runs must not pass for others.
fn mbeds_store_is_noticed(
    board: &Board,
    scratch: &Path,
    sketch: &Sketch,
    library: &Path,
) -> Result<(), Failure> {
    let program = board
        .core(scratch)?
        .link(sketch, library, Order::CoreFirst)?;
    match run_twice(sketch, &program) {
        Err(failure) if failure.to_string().contains(MBEDS_STORE) => Ok(()),
        _ => Err(Failure::new(format!(
            "{}: Mbed's own store was not noticed",
            program.display()
        ))),
    }
}

/// A sketch: a folder with a file of its name.
pub(super) struct Sketch {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// What it prints, from run to run.
    expected: PathBuf,
}

pub(super) fn examples(library: &Path) -> Result<Vec<Sketch>, Failure> {
    let folder = library.join("examples");
    let all = files(&folder)?;
    let main = all.iter().filter(|file| has_ending(file, "ino"));
    let mut sketches = Vec::new();
    for file in main {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let own = folder.join(&*name);
        if file.parent() != Some(&own) {
            return Err(Failure::new(format!(
                "{}: not in a folder of its name",
                file.display()
            )));
        }
        begins_with_the_library(file, library)?;
        sketches.push(Sketch {
            name: name.to_string(),
            folder: own,
            expected: paths::root().join(format!("tests/arduino/expected/{name}.txt")),
        });
    }
    if sketches.is_empty() {
        return Err(Failure::new("the library has no examples"));
    }
    Ok(sketches)
}

fn has_ending(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|found| found == ending)
}

/// Arduino takes a library for a header that it does not find otherwise: the first one of each
/// sketch must be such, or the core's own headers of Mbed's names are taken.
fn begins_with_the_library(sketch: &Path, library: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(sketch).map_err(|error| cannot("read", sketch, &error))?;
    let first = text
        .lines()
        .find_map(|line| line.strip_prefix("#include <"));
    let name = first.and_then(|rest| rest.split('>').next()).unwrap_or("");
    let is_in_core = |folder: &&str| paths::root().join(folder).join(name).exists();
    let is_found = library.join("src").join(name).is_file();
    if name.is_empty() || !is_found || CORE.iter().any(is_in_core) {
        return Err(Failure::new(format!(
            "{}: the first header must be one that only the library has",
            sketch.display()
        )));
    }
    Ok(())
}

/// One of the sketches of `tests/cpp`, in a folder of its own.
pub(super) fn as_it_is(scratch: &Path, name: &str) -> Result<Sketch, Failure> {
    let from = paths::root().join("tests/cpp/sketches");
    let folder = scratch.join(UNAWARE).join(name);
    for file in [format!("{name}.ino"), "FlashLimits.h".to_owned()] {
        copy(&from.join(&file), &folder.join(&file))?;
    }
    Ok(Sketch {
        name: name.to_owned(),
        folder,
        expected: paths::root().join(format!("tests/arduino/expected/{name}-as-it-is.txt")),
    })
}

/// The sketch in a document, under the name of that.
fn of_document(scratch: &Path, library: &Path, document: &str) -> Result<Sketch, Failure> {
    let path = paths::root().join(document);
    let text = fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))?;
    let blocks = text.split("```cpp\n").skip(1);
    let code: Vec<&str> = blocks
        .filter_map(|rest| rest.split("```").next())
        .filter(|code| code.contains("void setup()"))
        .collect();
    let [code] = code[..] else {
        return Err(Failure::new(format!("{document}: {} sketches", code.len())));
    };
    let name = document.replace('/', "-").replace(".md", "");
    let folder = scratch.join("in documents").join(&name);
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
    let file = folder.join(format!("{name}.ino"));
    fs::write(&file, code).map_err(|error| cannot("write", &file, &error))?;
    begins_with_the_library(&file, library)?;
    Ok(Sketch {
        expected: paths::root().join(format!("tests/arduino/expected/{name}.txt")),
        name,
        folder,
    })
}

/// The core for a board, compiled.
struct Core<'a> {
    board: &'a Board,
    folder: PathBuf,
}

impl Board {
    /// Compiles the stand-ins: for the core, and for Mbed's library, which has functions and
    /// classes of the same names.
    fn core(&self, scratch: &Path) -> Result<Core<'_>, Failure> {
        let folder = scratch.join(format!("for {}", self.mcu));
        fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        let core = Core {
            board: self,
            folder,
        };
        let mut objects = Vec::new();
        for source in [
            "tests/arduino/core/core.cpp",
            "tests/cmake/firmware/startup.c",
            "tests/cpp/mbed_library.cpp",
        ] {
            let path = paths::root().join(source);
            let object = core.file(&path, "o");
            let mut compile = core.compiler(has_ending(&path, "cpp"));
            compile
                .arg("-I")
                .arg(paths::root().join("tests/cmake/firmware"));
            core.add_headers(&mut compile);
            quiet(compile.arg(&path).arg("-o").arg(&object))?;
            objects.push(object);
        }
        let mut ar = command("arm-none-eabi-ar");
        ar.arg("rcs")
            .arg(core.folder.join("libmbed.a"))
            .args(&objects);
        quiet(&mut ar)?;
        Ok(core)
    }
}

impl Core<'_> {
    fn compiler(&self, cpp: bool) -> Command {
        let mut gcc = command(if cpp { GCC } else { "arm-none-eabi-gcc" });
        gcc.args(self.board.flags.split_whitespace());
        gcc.args(FLAGS.split_whitespace());
        gcc.arg(format!("-DARDUINO_{}", self.board.name));
        if cpp {
            gcc.args(CPP_FLAGS.split_whitespace());
        }
        gcc
    }

    fn add_headers(&self, compile: &mut Command) {
        for folder in CORE {
            compile.arg("-I").arg(paths::root().join(folder));
        }
    }

    fn file(&self, source: &Path, ending: &str) -> PathBuf {
        let name = source.file_stem().unwrap_or_default();
        self.folder.join(name).with_extension(ending)
    }

    /// Compiles a sketch as Arduino does and links it with the archive that Arduino finds for this
    /// processor. Mbed's library comes whole and first.
    fn link(&self, sketch: &Sketch, library: &Path, order: Order) -> Result<PathBuf, Failure> {
        let source = sketch.folder.join(format!("{}.ino", sketch.name));
        let text = fs::read_to_string(&source).map_err(|error| cannot("read", &source, &error))?;
        let cpp = self.file(&sketch.expected, "cpp");
        let whole = format!(
            "#include <Arduino.h>\n#line 1 \"{}.ino\"\n{text}",
            sketch.name
        );
        fs::write(&cpp, whole).map_err(|error| cannot("write", &cpp, &error))?;
        let object = self.file(&cpp, "o");
        let mut compile = self.compiler(true);
        if order == Order::LibraryFirst {
            compile.arg("-I").arg(library.join("src"));
        }
        self.add_headers(&mut compile);
        compile.arg("-I").arg(library.join("src"));
        compile.arg("-I").arg(&sketch.folder);
        quiet(compile.arg(&cpp).arg("-o").arg(&object))?;

        let program = self.file(&cpp, "elf");
        let mut link = command(GCC);
        link.args(self.board.flags.split_whitespace());
        link.args(["--specs=nano.specs", "--specs=nosys.specs", "-nostartfiles"]);
        link.arg("-T")
            .arg(paths::root().join("tests/arduino/board.ld"));
        link.args(["-Wl,--gc-sections", "-Wl,--fatal-warnings"]);
        link.args(["-Wl,--no-warn-execstack", "-Wl,--no-warn-rwx-segments"]);
        link.arg(&object).arg("-Wl,--whole-archive");
        link.arg(self.folder.join("libmbed.a"));
        link.args(["-Wl,--no-whole-archive", "-L"]);
        link.arg(library.join("src").join(self.board.mcu));
        quiet(link.args(["-lnvkv", "-o"]).arg(&program))?;
        Ok(program)
    }
}

/// Runs the program on an erased flash, and again on what it left there.
pub(super) fn run_twice(sketch: &Sketch, program: &Path) -> Result<(), Failure> {
    let flash = program.with_extension("img");
    fs::write(&flash, vec![0xFF; FLASH_BYTES]).map_err(|error| cannot("write", &flash, &error))?;
    let first = run(program, &flash)?;
    let second = run(program, &flash)?;
    let _ = fs::remove_file(&flash);
    let printed = format!("{first}-- the next run\n{second}");
    let expected = fs::read_to_string(&sketch.expected)
        .map_err(|error| cannot("read", &sketch.expected, &error))?;
    if printed == expected {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} printed:\n{printed}and not, as {} says:\n{expected}",
        program.display(),
        sketch.expected.display()
    )))
}

fn run(program: &Path, flash: &Path) -> Result<String, Failure> {
    let mut emulator = command("timeout");
    emulator.args([LIMIT_SECONDS, "qemu-system-arm"]);
    emulator.args(["-M", "mps2-an500,memory-backend=flash", "-object"]);
    emulator.arg(format!(
        "memory-backend-file,id=flash,size={FLASH_BYTES},share=on,mem-path={}",
        flash.display()
    ));
    emulator.args(["-display", "none", "-monitor", "none", "-serial", "null"]);
    emulator.args(["-semihosting-config", "enable=on,target=native"]);
    emulator.arg("-kernel").arg(program);
    announce(&emulator);
    let (status, printed) = captured(&mut emulator)?;
    succeeded_with(&emulator, status, &printed)?;
    Ok(printed)
}
