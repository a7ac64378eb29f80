//! Mbed's global API as C and C++ programs see it: each of `tests/c/global_*.c` is linked with the
//! archive that ships, runs, and checks itself; as C99 and as C++11, with headers like Mbed's and
//! without, with a library like Mbed's and without.
#![expect(clippy::expect_used, reason = "test helpers")]

#[path = "c/build.rs"]
mod build;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use build::{assert_success, root};

/// A way to compile a program that is C and C++ at once.
struct Dialect {
    name: &'static str,
    compiler: &'static str,
    options: &'static [&'static str],
    /// Headers like Mbed's are on the include path.
    mbed: Option<&'static str>,
}

const C99: &[&str] = &["-xc", "-std=c99"];
const CPP11: &[&str] = &["-xc++", "-std=c++11", "-Wno-long-long"];
const DIALECTS: [Dialect; 5] = [
    dialect("c", "cc", C99, None),
    dialect("c-mbed", "cc", C99, Some("mbed_flat")),
    dialect("cpp", "c++", CPP11, None),
    dialect("cpp-mbed", "c++", CPP11, Some("mbed_folders")),
    dialect(
        "c-sanitized",
        "cc",
        &[
            "-xc",
            "-std=c99",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
        ],
        None,
    ),
];

const fn dialect(
    name: &'static str,
    compiler: &'static str,
    options: &'static [&'static str],
    mbed: Option<&'static str>,
) -> Dialect {
    Dialect {
        name,
        compiler,
        options,
        mbed,
    }
}

/// Whether this compiler takes these options; not all installations bring C++ or the sanitizers.
fn works(dialect: &Dialect) -> bool {
    let output = Command::new(dialect.compiler)
        .args(dialect.options)
        .arg(root().join("tests/c/empty.c"))
        .arg("-o")
        .arg(build::folder().join(format!("probe-{}-{}", dialect.name, std::process::id())))
        .output();
    output.is_ok_and(|output| output.status.success())
}

/// A compiler that warns of everything.
fn compiler(program: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["-pedantic", "-Wall", "-Wextra", "-Werror", "-g", "-O1"]);
    for include in ["include", "c-examples", "tests/c"] {
        command.arg("-I").arg(root().join(include));
    }
    command
}

/// Compiles one source to an object file.
fn object(name: &str, source: &str, mut command: Command) -> PathBuf {
    let object = build::folder().join(format!("{name}.o"));
    command.arg("-c").arg(root().join(source));
    let output = command.arg("-o").arg(&object).output();
    assert_success(&format!("{name}: {source}"), &output.expect("it runs"));
    object
}

/// Links and runs.
fn run(name: &str, linker: &str, options: &[&str], objects: &[&Path]) {
    let program = build::folder().join(name);
    let mut command = Command::new(linker);
    command.args(options.iter().filter(|option| option.starts_with("-f")));
    command.args(objects).arg(&*build::ARCHIVE);
    if cfg!(target_os = "linux") {
        command.args(["-lpthread", "-ldl", "-lm"]);
    }
    let output = command.arg("-o").arg(&program).output().expect("it runs");
    assert_success(&format!("linking {name}"), &output);
    build::run(&program, &[]);
}

fn chip(name: &str) -> PathBuf {
    let mut c = compiler("cc");
    c.arg("-std=c99");
    object(&format!("{name}-chip"), "tests/c/chip.c", c)
}

fn check(name: &str) {
    let dialects: Vec<_> = DIALECTS.iter().filter(|dialect| works(dialect)).collect();
    assert!(dialects.len() >= 2, "{name}: no C compiler works");
    let is_complete = dialects.len() == DIALECTS.len();
    assert!(
        is_complete || std::env::var_os("CI").is_none(),
        "{name}: nothing may be skipped in CI"
    );
    for dialect in dialects {
        let full = format!("{name}-{}", dialect.name);
        let mut command = compiler(dialect.compiler);
        command.args(dialect.options);
        if let Some(mbed) = dialect.mbed {
            command
                .arg("-I")
                .arg(root().join("tests/header").join(mbed));
        }
        let object = object(&full, &format!("tests/c/{name}.c"), command);
        let objects = [object.as_path(), &chip(&full)];
        run(&full, dialect.compiler, dialect.options, &objects);
    }
}

#[test]
fn values() {
    check("global_values");
}

#[test]
fn iterators() {
    check("global_iterators");
}

#[test]
fn partitions() {
    check("global_partitions");
}

#[test]
fn backends() {
    check("global_backend");
}

#[test]
fn init() {
    check("global_init");
}

/// C only: it opens its stores with designated initializers.
#[test]
fn threads() {
    let sources = ["tests/c/global_threads.c", "tests/c/chip.c"];
    build::run(&build::program("global_threads", &sources, &["-O1"]), &[]);
}

/// Linked with a library that has strong functions of the same names, from the same source: in
/// both orders, with an init function of its own and without.
#[test]
fn beside_mbed() {
    let flat = root().join("tests/header/mbed_flat");
    let with_mbed = |standard: &str| {
        let mut command = compiler("cc");
        command.arg(standard).arg("-I").arg(&flat);
        command
    };
    let stand_in = object(
        "mbed-stand-in",
        "tests/c/mbed_stand_in.c",
        with_mbed("-std=c99"),
    );
    let user = object("mbed-user", "tests/c/mbed_user.c", with_mbed("-std=c99"));
    let chip = chip("beside");
    for own_init in [&[][..], &["-DOWN_INIT"]] {
        for headers in [true, false] {
            let name = format!("beside-{}-{headers}", own_init.len());
            let mut command = if headers {
                with_mbed("-std=c99")
            } else {
                compiler("cc")
            };
            command.arg("-DNVKV_BESIDE_MBED").args(own_init);
            let main = object(&name, "tests/c/beside_mbed.c", command);
            run(&name, "cc", &[], &[&stand_in, &user, &main, &chip]);
            run(&name, "cc", &[], &[&main, &chip, &user, &stand_in]);
        }
    }
}
