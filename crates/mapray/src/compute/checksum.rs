//! Checksums of the elements of an array.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;
use twox_hash::XxHash3_128;

use crate::array::{AnyArray, TileReader};
use crate::cast::{Cast, Casting};
use crate::dtype::{DType, Endian};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Order, for_each_slab};

/// How many bytes of the array are read at once.
const SLAB: usize = 16 << 20;

/// How a checksum is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// The checksum of zip, gzip and PNG, 32 bits: finds accidents.
    Crc32,
    /// [SHA-256](https://doi.org/10.6028/NIST.FIPS.180-4), 256 bits: finds forgeries too.
    #[default]
    Sha256,
    /// XXH3, 128 bits: the quickest; finds accidents.
    Xxh3,
}

/// All algorithms, and what they are called.
const NAMES: [(Algorithm, &str); 3] =
    [(Algorithm::Sha256, "sha256"), (Algorithm::Crc32, "crc32"), (Algorithm::Xxh3, "xxh3")];

impl Algorithm {
    /// How many hexadecimal digits a checksum has.
    pub fn digits(self) -> usize {
        match self {
            Algorithm::Crc32 => 8,
            Algorithm::Sha256 => 64,
            Algorithm::Xxh3 => 32,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(algorithm, _)| algorithm == self).map(|(_, name)| *name);
        f.pad(name.unwrap_or_default())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Algorithm> {
        let found = NAMES.iter().find(|(_, name)| *name == text).map(|(algorithm, _)| *algorithm);
        found.ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "there is no such checksum")
                .expected("sha256, crc32 or xxh3")
                .found(text)
        })
    }
}

/// A checksum. It prints as `sha256sum`, `crc32` and `xxh128sum` print it, in hexadecimal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest(Vec<u8>);

impl Digest {
    /// The bytes, the highest first.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// The checksum of the elements as bytes in C order, as [`save_raw`](crate::save_raw) writes them:
/// the same whatever file, archive or memory the array lies in, and in whatever order.
///
/// The bytes are those of the dtype, so shape and dtype do not count but for them. The same numbers
/// in the other byte order are other bytes, unless they are brought into one byte order first.
///
/// The array is read in slabs, in some 50 MiB of memory.
///
/// ```
/// use mapray::dtype::Endian;
/// use mapray::{Algorithm, DynView, checksum};
///
/// let array = ndarray::arr2(&[[1_u8, 2], [3, 4]]).reversed_axes();
/// let found = checksum(&DynView::from_array(&array)?, Algorithm::Crc32, None)?;
/// assert_eq!(found.as_bytes(), crc32fast::hash(&[1, 3, 2, 4]).to_be_bytes());
///
/// let numbers = ndarray::arr1(&[1_u16]);
/// let found = checksum(&DynView::from_array(&numbers)?, Algorithm::Sha256, Some(Endian::Big))?;
/// assert!(found.to_string().starts_with("b413f47d13ee2fe6"));
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// Those of reading the array.
pub fn checksum(
    array: &impl AnyArray,
    algorithm: Algorithm,
    endian: Option<Endian>,
) -> Result<Digest> {
    let layout = array.layout();
    let order = |dtype: &DType| endian.map_or(dtype.clone(), |endian| dtype.with_endian(endian));
    let cast = Cast::new(layout.dtype(), &order(layout.dtype()), Casting::Checked)?;
    let is_same = cast.from() == cast.to();
    let mut hasher = Hasher::new(algorithm);
    if layout.nbytes() == 0 {
        // Of elements of no bytes there can be more than a loop comes to the end of.
        return Ok(hasher.finish());
    }
    let (mut reader, mut swapped) = (TileReader::default(), Vec::new());
    let axes = layout.axes_in(Order::C);
    let most = (SLAB / layout.itemsize().max(1)).max(1);
    for_each_slab(layout.shape(), most, &mut |slab| {
        let bytes = reader.read(array, slab, &axes)?;
        if is_same {
            hasher.update(bytes);
            return Ok(());
        }
        swapped.resize(bytes.len(), 0);
        cast.apply(bytes, &mut swapped).expect("every byte order holds every value");
        hasher.update(&swapped);
        Ok(())
    })?;
    Ok(hasher.finish())
}

enum Hasher {
    Crc32(crc32fast::Hasher),
    Sha256(sha2::Sha256),
    Xxh3(Box<XxHash3_128>),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Hasher {
        match algorithm {
            Algorithm::Crc32 => Hasher::Crc32(crc32fast::Hasher::new()),
            Algorithm::Sha256 => Hasher::Sha256(sha2::Sha256::new()),
            Algorithm::Xxh3 => Hasher::Xxh3(Box::new(XxHash3_128::new())),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Crc32(hasher) => hasher.update(bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Xxh3(hasher) => hasher.write(bytes),
        }
    }

    fn finish(self) -> Digest {
        Digest(match self {
            Hasher::Crc32(hasher) => hasher.finalize().to_be_bytes().to_vec(),
            Hasher::Sha256(hasher) => hasher.finalize().to_vec(),
            Hasher::Xxh3(hasher) => hasher.finish_128().to_be_bytes().to_vec(),
        })
    }
}
