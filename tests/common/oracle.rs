//! What a store may answer: docs/format.md section 10, word for word.
//!
//! Each key has the values it may have. One, as a rule; the key that was being written when
//! power ended has two, until the next acknowledged write.

use std::{collections::BTreeMap, sync::Arc};

use nvkv::{engine::Engine, error::Error, flash::sim::Sim};

/// A value and its flags; `None`: the key does not exist.
pub type Held = Option<Arc<(Vec<u8>, u8)>>;
pub type Store<'m, 's> = Engine<'m, &'s mut Sim>;

#[derive(Clone, Debug, Default)]
pub struct Oracle {
    keys: BTreeMap<Vec<u8>, Vec<Held>>,
}

/// Short, for messages.
fn show(held: &Held) -> String {
    match held.as_deref() {
        None => "absent".to_string(),
        Some((bytes, flags)) => {
            let head = &bytes[..bytes.len().min(8)];
            format!("{} bytes {head:02x?} flags {flags}", bytes.len())
        }
    }
}

pub fn show_key(key: &[u8]) -> String {
    let text = String::from_utf8_lossy(&key[..key.len().min(24)]).into_owned();
    format!("{text:?}({})", key.len())
}

impl Oracle {
    /// What the key may be. Never empty.
    pub fn allowed(&self, key: &[u8]) -> &[Held] {
        self.keys.get(key).map_or(&[None], Vec::as_slice)
    }

    /// The one value the key has; a key in doubt has none yet.
    pub fn sure(&self, key: &[u8]) -> Option<&Held> {
        match self.allowed(key) {
            [one] => Some(one),
            _ => None,
        }
    }

    /// A write of the key was acknowledged.
    pub fn acknowledged(&mut self, key: &[u8], held: Held) {
        self.keys.insert(key.to_vec(), vec![held]);
    }

    /// Power ended while the key was written.
    pub fn in_flight(&mut self, key: &[u8], held: Held) {
        let allowed = self.keys.entry(key.to_vec()).or_insert_with(|| vec![None]);
        if !allowed.contains(&held) {
            allowed.push(held);
        }
    }

    /// The store was emptied.
    pub fn reset(&mut self) {
        self.keys.clear();
    }

    /// Power ended while the store was emptied.
    pub fn reset_in_flight(&mut self) {
        for key in self.keys.keys().cloned().collect::<Vec<_>>() {
            self.in_flight(&key, None);
        }
    }

    pub fn in_doubt(&self) -> bool {
        self.keys.values().any(|allowed| allowed.len() > 1)
    }

    /// Nothing was ever acknowledged.
    pub fn is_untouched(&self) -> bool {
        self.keys.values().all(|allowed| allowed.len() > 1)
    }

    pub fn keys(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.keys.keys()
    }

    /// Keys that exist for sure.
    pub fn existing(&self) -> Vec<Vec<u8>> {
        let sure = |allowed: &&Vec<Held>| allowed.iter().all(Option::is_some);
        self.keys
            .iter()
            .filter(|(_, held)| sure(held))
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// A write was acknowledged after a cut: from now on each key has one value. What it is the
    /// store says, and it must be one of those allowed.
    pub fn settle(&mut self, store: &mut Store<'_, '_>) -> Result<(), String> {
        let doubtful: Vec<Vec<u8>> = self
            .keys
            .iter()
            .filter(|(_, allowed)| allowed.len() > 1)
            .map(|(key, _)| key.clone())
            .collect();
        for key in doubtful {
            let held = self.check_key(store, &key)?;
            self.acknowledged(&key, held);
        }
        Ok(())
    }

    /// Reads a key in every way there is; each answer must be allowed.
    pub fn check_key(&self, store: &mut Store<'_, '_>, key: &[u8]) -> Result<Held, String> {
        let allowed = self.allowed(key);
        let held = read(store, key, allowed)?;
        if !allowed.contains(&held) {
            let allowed: Vec<String> = allowed.iter().map(show).collect();
            return Err(format!(
                "{} is {}, not {allowed:?}",
                show_key(key),
                show(&held)
            ));
        }
        let fits = |size: Option<(u32, u8)>| {
            allowed
                .iter()
                .any(|held| held.as_deref().map(|(b, f)| (b.len() as u32, *f)) == size)
        };
        let info = match store.info(key) {
            Ok(info) => Some((info.size, info.flags)),
            Err(Error::NotFound) => None,
            Err(error) => return Err(format!("info of {}: {error}", show_key(key))),
        };
        if !fits(info) {
            return Err(format!("info of {} is {info:?}", show_key(key)));
        }
        let exists = store
            .exists(key)
            .map_err(|error| format!("exists: {error}"))?;
        if !allowed.iter().any(|held| held.is_some() == exists) {
            return Err(format!("{} exists: {exists}", show_key(key)));
        }
        // The same bytes may be there with other flags.
        let precise = |one: &&Held| match (one.as_deref(), held.as_deref(), info) {
            (Some(one), Some(held), Some((_, flags))) => one.0 == held.0 && one.1 == flags,
            _ => false,
        };
        Ok(allowed
            .iter()
            .find(precise)
            .cloned()
            .unwrap_or(held.clone()))
    }

    /// Every key, and by iteration no other. `sample`: how many keys are read (0: all).
    pub fn check(&self, store: &mut Store<'_, '_>, sample: usize) -> Result<(), String> {
        let stride = if sample == 0 {
            1
        } else {
            self.keys.len().div_ceil(sample).max(1)
        };
        for (at, (key, allowed)) in self.keys.iter().enumerate() {
            if at % stride == 0 || allowed.len() > 1 {
                self.check_key(store, key)?;
            }
        }
        let mut listed = list(store)?;
        listed.sort();
        if let Some(pair) = listed.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("iteration returns {} twice", show_key(&pair[0])));
        }
        if let Some(key) = listed
            .iter()
            .find(|key| self.allowed(key).iter().all(Option::is_none))
        {
            return Err(format!(
                "iteration returns {}, which is absent",
                show_key(key)
            ));
        }
        let missing = self
            .existing()
            .into_iter()
            .find(|key| listed.binary_search(key).is_err());
        if let Some(key) = missing {
            return Err(format!("iteration leaves out {}", show_key(&key)));
        }
        Ok(())
    }
}

/// The value and flags of a key.
fn read(store: &mut Store<'_, '_>, key: &[u8], allowed: &[Held]) -> Result<Held, String> {
    // One byte more than any value allowed: a longer one is seen.
    let longest = allowed
        .iter()
        .flatten()
        .map(|held| held.0.len())
        .max()
        .unwrap_or(0);
    let mut buffer = vec![0; longest + 1];
    let size = match store.get(key, 0, &mut buffer) {
        Ok(size) => size,
        Err(Error::NotFound) => return Ok(None),
        Err(error) if allowed.len() == 1 => {
            return Err(format!("get of {}: {error}", show_key(key)));
        }
        Err(error) => return Err(format!("get of {}, in flight: {error}", show_key(key))),
    };
    buffer.truncate(size as usize);
    // Flags come with `info`; here those of the value that has these bytes are taken.
    let same = allowed.iter().flatten().find(|held| held.0 == buffer);
    Ok(Some(
        same.cloned().unwrap_or_else(|| Arc::new((buffer, 0xFF))),
    ))
}

/// All keys by iteration.
pub fn list(store: &mut Store<'_, '_>) -> Result<Vec<Vec<u8>>, String> {
    let text = |what: &str, error| format!("iterator {what}: {error}");
    let id = store
        .iterator_open(&[])
        .map_err(|error| text("open", error))?;
    let mut keys = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        match store.iterator_next(id, &mut buffer) {
            Ok(size) => keys.push(buffer[..size].to_vec()),
            Err(Error::NotFound) => break,
            Err(error) => return Err(text("next", error)),
        }
        if keys.len() > 1 << 20 {
            return Err("iteration does not end".to_string());
        }
    }
    store
        .iterator_close(id)
        .map_err(|error| text("close", error))?;
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oracle_knows_what_is_allowed() {
        let held = |byte| Some(Arc::new((vec![byte], 0)));
        let mut oracle = Oracle::default();
        assert_eq!(oracle.allowed(b"a"), [None]);
        oracle.acknowledged(b"a", held(1));
        assert_eq!(oracle.allowed(b"a"), [held(1)]);
        oracle.in_flight(b"a", held(2));
        oracle.in_flight(b"a", held(2));
        assert_eq!(oracle.allowed(b"a"), [held(1), held(2)]);
        assert!(oracle.in_doubt());
        oracle.reset_in_flight();
        assert_eq!(oracle.allowed(b"a"), [held(1), held(2), None]);
        oracle.acknowledged(b"a", None);
        assert_eq!(oracle.sure(b"a"), Some(&None));
        assert_eq!(oracle.existing(), Vec::<Vec<u8>>::new());
    }
}
