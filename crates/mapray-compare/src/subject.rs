//! Who does the work of a row.

use std::fmt;

/// A contender: what does the work, or what bounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// NumPy, as one would write it.
    NumPy,
    /// NumPy into a map of the result, where the usual way would need the array in memory.
    NumPyMaps,
    /// `numpy.take`, where indexing is the usual way.
    NumPyTake,
    /// `mapray::Map` and `DynMap`, or what writes files.
    Mapray,
    /// `mapray::ArrayFile`: positional reads.
    ArrayFile,
    /// `mapray::ArrayFile`, read past the page cache.
    DirectFile,
    /// `mapray::LiveMap`: a map that others may write.
    LiveMap,
    /// `Map`, with the pages behind the reader given back.
    Released,
    /// The Python package, in NumPy's place.
    Package,
    /// The command, a whole process of it.
    Command,
    /// NumExpr over NumPy's maps.
    NumExpr,
    /// ndarray-npy, over memmap2 where it maps.
    NdarrayNpy,
    Npyz,
    Safetensors,
    /// Reading memory with all threads.
    ReadAll,
    /// Copying memory with one thread, and with all.
    CopyOne,
    CopyAll,
    /// open, fstat, pread, mmap, one load, munmap, close.
    BareOpen,
    /// fallocate, then `pwrite` of blocks of 8 MiB.
    Pwrite,
    /// Reading past the page cache, eight blocks of 4 MiB at a time.
    Direct,
    /// Reading short pieces past the page cache, 64 at a time.
    Scattered,
    /// `msync` of the slice's pages alone.
    Msync,
}

/// What a subject is to the others of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    NumPy,
    Mapray,
    Peer,
    Limit,
}

use Subject::{
    ArrayFile, BareOpen, Command, CopyAll, CopyOne, Direct, DirectFile, LiveMap, Mapray, Msync,
    NdarrayNpy, Npyz, NumExpr, NumPy, NumPyMaps, NumPyTake, Package, Pwrite, ReadAll, Released,
    Safetensors, Scattered,
};

/// Each subject, its name on command lines, and its name in tables.
const NAMES: [(Subject, &str, &str); 22] = [
    (NumPy, "numpy", "NumPy"),
    (NumPyMaps, "numpy-memmap", "NumPy, map to map"),
    (NumPyTake, "numpy-take", "NumPy take"),
    (Mapray, "mapray", "mapray"),
    (ArrayFile, "array-file", "mapray ArrayFile"),
    (DirectFile, "direct-file", "mapray ArrayFile, direct"),
    (LiveMap, "live-map", "mapray LiveMap"),
    (Released, "released", "mapray, released behind"),
    (Package, "package", "mapray in Python"),
    (Command, "command", "mapray command, whole process"),
    (NumExpr, "numexpr", "NumExpr, map to map"),
    (NdarrayNpy, "ndarray-npy", "ndarray-npy"),
    (Npyz, "npyz", "npyz"),
    (Safetensors, "safetensors", "safetensors"),
    (ReadAll, "read", "limit: read memory"),
    (CopyOne, "copy-1", "limit: copy memory, 1 thread"),
    (CopyAll, "copy", "limit: copy memory"),
    (BareOpen, "bare-open", "limit: system calls alone"),
    (Pwrite, "pwrite", "limit: pwrite of 8 MiB blocks"),
    (Direct, "direct", "limit: direct reads, 8 at a time"),
    (Scattered, "scattered", "limit: direct reads of rows, 64 at a time"),
    (Msync, "msync", "limit: msync of the slice"),
];

impl Subject {
    /// The name by which a child process is told.
    pub fn key(self) -> &'static str {
        self.names().1
    }

    /// The subject of this name.
    pub fn of_key(key: &str) -> Option<Subject> {
        NAMES.iter().find(|(_, name, _)| *name == key).map(|(subject, ..)| *subject)
    }

    fn names(self) -> (Subject, &'static str, &'static str) {
        *NAMES.iter().find(|(subject, ..)| *subject == self).expect("every subject has a name")
    }

    /// Whether `python/work.py` does its work.
    pub fn is_python(self) -> bool {
        self.role() == Role::NumPy || matches!(self, Package | NumExpr)
    }

    pub fn role(self) -> Role {
        match self {
            NumPy | NumPyMaps | NumPyTake => Role::NumPy,
            Mapray | ArrayFile | DirectFile | LiveMap | Released | Package | Command => {
                Role::Mapray
            }
            NumExpr | NdarrayNpy | Npyz | Safetensors => Role::Peer,
            _ => Role::Limit,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.names().2)
    }
}
