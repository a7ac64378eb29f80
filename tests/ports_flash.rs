//! The flash drivers of `ports/flash` on this machine: each with a C program that plays the chip,
//! checks what the driver does with it, and makes it fail. As C99, and without a warning.

#[path = "c/build.rs"]
mod build;

fn check(name: &str, driver: &str) {
    let driver = format!("ports/flash/{driver}.c");
    let program = build::program(
        name,
        &[&format!("tests/ports/{name}.c"), &driver],
        &["-O1", "-Iports/flash"],
    );
    build::run(&program, &[]);
}

#[test]
fn serial_nor_flash() {
    check("spi_nor", "nvkv_flash_spi_nor");
}

#[test]
fn flash_of_nrf51_and_nrf52() {
    check("nvmc", "nvkv_flash_nvmc_nrf51");
}
