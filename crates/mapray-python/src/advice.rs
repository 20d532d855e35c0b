//! The names of advice.

use mapray::Advice;
use pyo3::PyResult;
use pyo3::exceptions::PyValueError;

const NAMES: [(&str, Advice); 6] = [
    ("normal", Advice::Normal),
    ("sequential", Advice::Sequential),
    ("random", Advice::Random),
    ("willneed", Advice::WillNeed),
    ("dontneed", Advice::DontNeed),
    ("hugepage", Advice::HugePage),
];

/// The advice of this name.
pub fn parse(name: &str) -> PyResult<Advice> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, advice)| *advice).ok_or_else(|| {
        let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        PyValueError::new_err(format!("advice must be one of {known:?} (got {name:?})"))
    })
}
