//! All rows, in the order of the table. Rows that read the same file stand together, since it is
//! there only as long as rows need it.

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
    [opening::rows(), reductions::rows(size), writing::rows(size)].concat()
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

    #[test]
    fn rows_of_one_file_stand_together() {
        let mut inputs: Vec<_> = all(Size::Full).into_iter().map(|row| row.input).collect();
        inputs.dedup();
        let repeated = (1..inputs.len()).find(|&at| inputs[..at].contains(&inputs[at]));
        assert_eq!(repeated.map(|at| &inputs[at]), None);
    }
}
