//! Live maps, also where the system cannot read and write them without risk.

use mapray::{DynLiveMap, Result};
use ndarray::Ix1;

/// Whether this system reads and writes live maps.
pub const WORKS: bool = cfg!(all(target_os = "linux", not(mapray_portable)));

/// The bytes of the elements, in C order.
pub fn bytes_of(live: &DynLiveMap) -> Vec<u8> {
    let mut bytes = vec![0xee; live.layout().nbytes()];
    if WORKS {
        live.read_bytes(&mut bytes).unwrap();
        return bytes;
    }
    // SAFETY: the tests map files of their own, and write none of them meanwhile.
    let stable = unsafe { live.clone().assume_stable() }.unwrap();
    stable.view().read_bytes(&mut bytes).unwrap();
    bytes
}

/// Stores `values` over the bytes of the map from the first on.
pub fn store(live: &DynLiveMap, values: &[u8]) -> Result<()> {
    let bytes = live.view("u1".parse()?, &[values.len()], 0, None)?;
    let values = ndarray::aview1(values);
    if WORKS {
        return bytes.assign(&values);
    }
    // SAFETY: the tests map files of their own, and nobody looks at this one meanwhile.
    let mut stable = unsafe { bytes.assume_stable_mut() }?;
    stable.typed_mut::<u8, Ix1>()?.assign(&values);
    Ok(())
}
