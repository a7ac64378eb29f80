//! The example keeps its settings from one run to the next.

#[expect(dead_code, reason = "its main is not run")]
#[path = "../../examples/settings.rs"]
mod settings;

use std::{fs, path::Path};

#[test]
fn the_example_goes_on_where_it_ended() {
    let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join("settings.img");
    let _ = fs::remove_file(&image);
    let mut out = Vec::new();
    for _ in 0..5 {
        settings::run(&image, &mut out).unwrap();
    }
    let expected = "\
start 1 of nameless
5 keys, 0 log entries removed
start 2 of device 1
6 keys, 0 log entries removed
start 3 of device 2
7 keys, 0 log entries removed
start 4 of device 3
7 keys, 1 log entries removed
start 5 of device 4
7 keys, 1 log entries removed
";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    assert_eq!(fs::metadata(&image).unwrap().len(), 32 * 1024);
}
