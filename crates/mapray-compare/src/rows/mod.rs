//! All rows, in the order of the table. Rows that read the same file follow each other where that
//! makes sense: it is made before the first of them, and goes away after the last.

mod gather;
mod opening;
mod reductions;
mod writing;

use crate::row::Row;

/// How large the files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 256 MiB: does it run?
    Small,
    /// 1 to 4 GiB: what counts.
    Full,
}

const MIB: u64 = 1 << 20;

impl Size {
    /// So many MiB in bytes, or 256 MiB where everything is small.
    fn mib(self, full: u64) -> u64 {
        match self {
            Size::Small => full.min(256) * MIB,
            Size::Full => full * MIB,
        }
    }
}

pub fn all(size: Size) -> Vec<Row> {
    [opening::rows(), reductions::rows(size), gather::rows(size), writing::rows(size)].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::subject::Role;

    #[test]
    fn rows_have_names_of_their_own_and_numpy_to_be_compared_with() {
        let rows = all(Size::Full);
        let names: HashSet<_> = rows.iter().map(|row| &row.name).collect();
        assert_eq!(names.len(), rows.len());
        for row in rows {
            let roles: Vec<_> = row.subjects.iter().map(|subject| subject.role()).collect();
            assert!(roles.contains(&Role::NumPy) && roles.contains(&Role::Mapray), "{}", row.name);
        }
    }
}
