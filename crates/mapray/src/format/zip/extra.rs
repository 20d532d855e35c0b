//! Sizes that do not fit in 32 bits stand in an extra field.

use std::ops::Range;

use super::{u16_at, u64_at};

/// What a 32-bit field says where the true number stands in the extra field.
pub(super) const ELSEWHERE: u32 = u32::MAX;

/// The tag of the zip64 field.
pub(super) const ZIP64: u16 = 1;

/// The 64-bit values of those of the fields that stand elsewhere, in their order; the others as they
/// are. `None` where the extra field is cut short. Without a zip64 field a number is what it says.
pub(super) fn wide<const N: usize>(fields: [u32; N], extra: &[u8]) -> Option<[u64; N]> {
    let mut values = fields.map(u64::from);
    if !fields.contains(&ELSEWHERE) {
        return Some(values);
    }
    if let Some(field) = find(extra, ZIP64)? {
        let mut field = &extra[field];
        for (value, _) in values.iter_mut().zip(fields).filter(|(_, f)| *f == ELSEWHERE) {
            let (first, rest) = field.split_at_checked(8)?;
            *value = u64_at(first, 0);
            field = rest;
        }
    }
    Some(values)
}

/// The bytes of the first record with this tag, without its head of four bytes. `None` where the
/// extra field is cut short before one is found.
pub(super) fn find(extra: &[u8], tag: u16) -> Option<Option<Range<usize>>> {
    let mut at = 0;
    while extra.len() - at >= 4 {
        let record = at + 4..at + 4 + usize::from(u16_at(extra, at + 2));
        if record.end > extra.len() {
            return None;
        }
        if u16_at(extra, at) == tag {
            return Some(Some(record));
        }
        at = record.end;
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_elsewhere_is_taken_from_the_zip64_field() {
        let extra = [&[9, 9, 1, 0, 7][..], &[1, 0, 8, 0, 5, 0, 0, 0, 1, 0, 0, 0]].concat();
        assert_eq!(wide([3, ELSEWHERE], &extra), Some([3, (1 << 32) + 5]));
        assert_eq!(wide([3, 4], &extra), Some([3, 4]));
        assert_eq!(wide([ELSEWHERE, ELSEWHERE], &extra), None, "one number for two fields");
        assert_eq!(wide([ELSEWHERE], &[]), Some([u64::from(ELSEWHERE)]));
        for len in 6..extra.len() {
            assert_eq!(wide([ELSEWHERE], &extra[..len]).is_none(), len > 8, "{len}");
        }
    }
}
