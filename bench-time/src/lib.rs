//! Empty: the measurements are in `benches`.
