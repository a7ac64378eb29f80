//! Nothing: cargo asks for a target before it fetches what `Cargo.toml` names.
