//! The flashes as types, for stores that want sizes when they are compiled; and their futures run.

use std::{
    future::Future,
    marker::PhantomData,
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::flash::{COMPARED, Geometry, Shared};

/// A flash whose sizes are known when the program is compiled.
pub trait Chip: 'static {
    const GEOMETRY: Geometry;
}

pub struct Qspi;
pub struct Nrf52;
pub struct H7;

impl Chip for Qspi {
    const GEOMETRY: Geometry = COMPARED[0];
}
impl Chip for Nrf52 {
    const GEOMETRY: Geometry = COMPARED[1];
}
impl Chip for H7 {
    const GEOMETRY: Geometry = COMPARED[2];
}

/// A flash that is such a chip.
pub struct On<C> {
    pub flash: Shared,
    chip: PhantomData<C>,
}

impl<C: Chip> On<C> {
    pub fn new(flash: &Shared) -> Self {
        assert_eq!(flash.borrow().geometry.name, C::GEOMETRY.name);
        On {
            flash: flash.clone(),
            chip: PhantomData,
        }
    }
}

/// Calls a function that has a chip as its parameter with the chip that the flash is.
macro_rules! with_chip {
    ($shared:expr, $function:ident ( $($argument:expr),* )) => {{
        let name = $shared.borrow().geometry.name;
        match name {
            "qspi" => $function::<$crate::stores::chip::Qspi>($($argument),*),
            "nrf52" => $function::<$crate::stores::chip::Nrf52>($($argument),*),
            "h7" => $function::<$crate::stores::chip::H7>($($argument),*),
            other => Err($crate::stores::Refusal::Unsupported(format!("the flash {other}"))),
        }
    }};
}
pub(crate) use with_chip;

/// The result of a future that never waits, as none does whose flash answers at once.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
    }
}
