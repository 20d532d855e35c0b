//! Random work on maps of every tier, against a model in memory.

use std::fs;
use std::ops::Range;
use std::path::Path;

use mapray::{DynLiveMap, DynMapMut, LiveMap, MapMut, MapOptions, Mode};
use ndarray::Ix1;
use proptest::prelude::*;

use crate::common::scratch;

const PAGE: usize = 4096;

/// What is done to a map.
#[derive(Clone, Debug)]
enum Work {
    /// Stores so many bytes of this value from this place on, both in thousandths of the map.
    Store(usize, usize, u8),
    /// Looks at every byte.
    Read,
    Release,
    Discard,
    Commit,
}

fn work() -> impl Strategy<Value = Work> {
    let store = (0..1000_usize, 0..300_usize, any::<u8>());
    prop_oneof![
        6 => store.prop_map(|(start, len, value)| Work::Store(start, len, value)),
        1 => Just(Work::Read),
        1 => Just(Work::Release),
        1 => Just(Work::Discard),
        3 => Just(Work::Commit),
    ]
}

/// A map of bytes, of any tier.
trait Bytes {
    fn store(&mut self, range: Range<usize>, value: u8);
    fn bytes(&self) -> Vec<u8>;
    fn dirty(&self) -> Vec<Range<u64>>;
    fn release(&self);
    fn discard(&mut self);
    fn commit(&mut self);
}

macro_rules! bytes {
    ($map:ty, |$stored:ident, $range:ident, $value:ident| $store:expr, |$read:ident| $bytes:expr) => {
        impl Bytes for $map {
            fn store(&mut self, $range: Range<usize>, $value: u8) {
                let $stored = self;
                $store
            }

            fn bytes(&self) -> Vec<u8> {
                let $read = self;
                $bytes
            }

            fn dirty(&self) -> Vec<Range<u64>> {
                self.dirty_pages().unwrap()
            }

            fn release(&self) {
                self.pages().release().unwrap();
            }

            fn discard(&mut self) {
                Self::discard(self).unwrap();
            }

            fn commit(&mut self) {
                Self::commit(self).unwrap();
            }
        }
    };
}

bytes!(
    DynLiveMap,
    |map, range, value| {
        // A slice shares the pages.
        let part = format!("[{}:{}]", range.start, range.end).parse().unwrap();
        map.slice(&part).unwrap().fill(value).unwrap();
    },
    |map| map.to_array::<u8, Ix1>().unwrap().to_vec()
);
bytes!(
    LiveMap<u8, Ix1>,
    |map, range, value| {
        let clone = map.clone();
        range.for_each(|i| clone.set(i, value).unwrap());
    },
    |map| map.to_array().unwrap().to_vec()
);
bytes!(
    MapMut<u8, Ix1>,
    |map, range, value| map.as_slice_mut().unwrap()[range].fill(value),
    |map| map.to_vec()
);
bytes!(
    DynMapMut,
    |map, range, value| {
        let mut array = map.typed_mut::<u8, Ix1>().unwrap();
        array.as_slice_mut().unwrap()[range].fill(value);
    },
    |map| map.typed::<u8, Ix1>().unwrap().to_vec()
);

fn open(path: &Path, tier: usize, offset: usize, len: usize) -> Box<dyn Bytes> {
    let options = MapOptions::new().mode(Mode::CopyOnWrite).offset(offset as u64).shape(len);
    match tier {
        0 => Box::new(options.live_dyn(path).unwrap()),
        1 => Box::new(options.live::<u8, Ix1>(path).unwrap()),
        // SAFETY: nobody else touches the file while the map lives, but by the map itself.
        2 => Box::new(unsafe { options.map_mut::<u8, Ix1>(path) }.unwrap()),
        // SAFETY: as above.
        _ => Box::new(unsafe { options.map_dyn_mut(path) }.unwrap()),
    }
}

/// The runs of pages that were stored to, as far as they lie in the map.
fn runs(touched: &[bool], map: Range<usize>) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for (page, _) in touched.iter().enumerate().filter(|(_, touched)| **touched) {
        let start = (page * PAGE).max(map.start) as u64;
        let end = (page * PAGE + PAGE).min(map.end) as u64;
        match runs.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => runs.push(start..end),
        }
    }
    runs
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 120,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_map_remembers_its_edits_until_they_are_dropped_or_committed(
        tier in 0..4_usize,
        offset in 0..2 * PAGE,
        len in prop_oneof![1..600_usize, 1..6 * PAGE],
        behind in 0..PAGE,
        works in prop::collection::vec(work(), 1..25),
    ) {
        let folder = scratch();
        let path = folder.path().join("bytes");
        let mut file: Vec<u8> = (0..offset + len + behind).map(|i| (i / 7) as u8).collect();
        fs::write(&path, &file).unwrap();
        let range = offset..offset + len;
        let mut map = open(&path, tier, offset, len);
        let mut edited = file[range.clone()].to_vec();
        let mut touched = vec![false; file.len() / PAGE + 1];
        for work in works {
            match work {
                Work::Store(start, n, value) => {
                    let start = start * len / 1000;
                    let stored = start..(start + n * len / 1000).max(start + 1).min(len);
                    map.store(stored.clone(), value);
                    edited[stored.clone()].fill(value);
                    let pages = (offset + stored.start) / PAGE..=(offset + stored.end - 1) / PAGE;
                    touched[pages].fill(true);
                }
                Work::Read => {}
                Work::Release => map.release(),
                Work::Discard => {
                    map.discard();
                    edited.copy_from_slice(&file[range.clone()]);
                    touched.fill(false);
                }
                Work::Commit => {
                    map.commit();
                    file[range.clone()].copy_from_slice(&edited);
                    touched.fill(false);
                }
            }
            prop_assert_eq!(map.dirty(), runs(&touched, range.clone()));
            prop_assert!(map.bytes() == edited, "the map");
            prop_assert!(fs::read(&path).unwrap() == file, "the file");
        }
        drop(map);
        prop_assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "a journal was left");
    }
}
