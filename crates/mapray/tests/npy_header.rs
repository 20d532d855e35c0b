//! Headers of `.npy` files through the public interface: NumPy's own bytes, and properties over random ones.

use mapray::dtype::{DType, Endian, Field, Kind, Record, SubArray, TimeUnit, Unit};
use mapray::format::npy::{Header, Prelude};
use proptest::prelude::*;

/// What NumPy 2.4.6 wrote: the prelude, the length that it names, the dictionary without the blanks after it.
const WRITTEN_BY_NUMPY: &[(&[u8], usize, &[u8])] = &[
    (b"\x93NUMPY\x01\0v\0", 118, b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"),
    (b"\x93NUMPY\x01\0v\0", 118, b"{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }"),
    (b"\x93NUMPY\x01\0v\0", 118, b"{'descr': '<f8', 'fortran_order': False, 'shape': (), }"),
    (b"\x93NUMPY\x01\0v\0", 118, b"{'descr': '|b1', 'fortran_order': False, 'shape': (0,), }"),
    (
        b"\x93NUMPY\x01\0v\0",
        118,
        b"{'descr': '<M8[25us]', 'fortran_order': True, 'shape': (1000000000000000000,), }",
    ),
    (b"\x93NUMPY\x01\0v\0", 118, b"{'descr': '<U3', 'fortran_order': False, 'shape': (1, 2, 3), }"),
    (
        b"\x93NUMPY\x01\0\xb6\0",
        182,
        b"{'descr': [('a', '<i4', (2, 3)), ('b', [('c', '|u1'), ('d', '|S3')])], 'fortran_order': False, 'shape': (2,), }",
    ),
    (
        b"\x93NUMPY\x01\0v\0",
        118,
        b"{'descr': [('f0', '|i1'), ('', '|V7'), ('f1', '<i8')], 'fortran_order': False, 'shape': (5,), }",
    ),
    (
        b"\x93NUMPY\x01\0v\0",
        118,
        b"{'descr': [(('Title', 'a'), '<i4'), ('b', '<f4')], 'fortran_order': False, 'shape': (2,), }",
    ),
    (
        b"\x93NUMPY\x01\0v\0",
        118,
        b"{'descr': [(\"it's \xe9\", '<f16')], 'fortran_order': False, 'shape': (2,), }",
    ),
    (
        b"\x93NUMPY\x03\0t\0\0\0",
        116,
        b"{'descr': [('\xe6\x95\xb4', '<i4')], 'fortran_order': False, 'shape': (2,), }",
    ),
    (
        b"\x93NUMPY\x01\0v\0",
        118,
        b"{'descr': [('tab\\t\\u200b', '>c8')], 'fortran_order': True, 'shape': (2,), }",
    ),
    (b"\x93NUMPY\x01\0v\0", 118, b"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"),
];

#[test]
fn what_numpy_wrote_is_read_and_written_again_byte_for_byte() {
    for (prelude, length, dictionary) in WRITTEN_BY_NUMPY {
        let mut file = [*prelude, *dictionary].concat();
        file.resize(prelude.len() + length - 1, b' ');
        file.push(b'\n');
        let header = Header::parse(&file).unwrap();
        assert_eq!(header.data_offset, file.len() as u64);
        assert_eq!(header.data_offset % 64, 0);
        let written = header.to_bytes().unwrap();
        assert_eq!(written.escape_ascii().to_string(), file.escape_ascii().to_string());
    }
}

fn scalar() -> impl Strategy<Value = DType> {
    let unit = prop_oneof![
        Just(TimeUnit::Generic),
        (1..2000u32).prop_map(|count| TimeUnit::Every(count, Unit::Nanosecond)),
        Just(TimeUnit::Every(1, Unit::Month)),
    ];
    let kind = prop_oneof![
        Just(Kind::Bool),
        Just(Kind::Int8),
        Just(Kind::UInt64),
        Just(Kind::Float16),
        Just(Kind::LongDouble),
        Just(Kind::Complex64),
        (0..9usize).prop_map(Kind::Bytes),
        (0..9usize).prop_map(Kind::Str),
        (1..9usize).prop_map(Kind::Void),
        unit.clone().prop_map(Kind::DateTime),
        unit.prop_map(Kind::TimeDelta),
        Just(Kind::Object),
    ];
    (kind, any::<bool>())
        .prop_map(|(kind, big)| DType::new(kind, if big { Endian::Big } else { Endian::Little }))
}

/// Scalars, sub-arrays and records in one another, with padding and titles.
fn dtype() -> impl Strategy<Value = DType> {
    scalar().prop_recursive(4, 24, 5, |inner| {
        let array =
            (inner.clone(), prop::collection::vec(0..4usize, 1..3)).prop_map(|(dtype, shape)| {
                match SubArray::new(dtype.clone(), &shape) {
                    Ok(array) => array.into(),
                    Err(_) => dtype,
                }
            });
        let field = ("\\PC{1,3}", prop::option::of(".{0,3}"), inner, 0..3usize);
        let record = prop::collection::vec(field, 0..5).prop_map(|fields| {
            let mut end = 0;
            let mut placed = Vec::new();
            for (index, (name, title, dtype, gap)) in fields.into_iter().enumerate() {
                let offset = end + gap;
                end = offset + dtype.itemsize();
                let field = Field::new(format!("{name}{index}"), dtype, offset);
                placed.push(match title {
                    Some(title) => field.with_title(format!("{index}{title}{index}")),
                    None => field,
                });
            }
            Record::new(placed, end + 1).map_or(Kind::Int8.into(), DType::from)
        });
        prop_oneof![array, record]
    })
}

proptest! {
    #[test]
    fn every_header_is_read_back_as_it_was_written(
        dtype in dtype(),
        shape in prop::collection::vec(0..1usize << 40, 0..5),
        fortran_order: bool,
    ) {
        let header = Header::new(dtype, shape, fortran_order).unwrap();
        let bytes = header.to_bytes().unwrap();
        prop_assert_eq!(bytes.len() % 64, 0);
        let prelude = Prelude::parse(&bytes[..Prelude::MAX_LEN]).unwrap();
        prop_assert_eq!(prelude.data_offset(), bytes.len() as u64);
        prop_assert_eq!(Header::parse(&bytes).unwrap(), header);
    }

    #[test]
    fn byte_orders_reversed_twice_are_the_same_again(dtype in dtype()) {
        prop_assert_eq!(dtype.swapped().swapped(), dtype.clone());
        prop_assert!(dtype.with_endian(Endian::NATIVE).is_native());
        prop_assert_eq!(dtype.swapped().itemsize(), dtype.itemsize());
    }

    /// What is read at all comes out of the writer as something that reads the same.
    #[test]
    fn a_damaged_header_is_an_error_or_a_header(
        which in 0..WRITTEN_BY_NUMPY.len(),
        version in 1..4u8,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..4),
    ) {
        let mut dictionary = WRITTEN_BY_NUMPY[which].2.to_vec();
        for (at, byte, edit) in edits {
            let at = at.index(dictionary.len());
            match edit {
                0 => dictionary[at] = byte,
                1 => dictionary.insert(at, byte),
                _ => drop(dictionary.remove(at)),
            }
        }
        let length = u32::try_from(dictionary.len()).unwrap().to_le_bytes();
        let length = if version == 1 { &length[..2] } else { &length[..] };
        let file = [&b"\x93NUMPY"[..], &[version, 0], length, &dictionary].concat();
        match Header::parse(&file) {
            Ok(header) => {
                let again = Header::parse(&header.to_bytes().unwrap()).unwrap();
                prop_assert_eq!(again.dtype.itemsize(), header.dtype.itemsize());
                prop_assert_eq!(again.shape, header.shape);
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), mapray::ErrorKind::Format);
                prop_assert!(error.offset().is_some_and(|at| at <= file.len() as u64), "{}", error);
            }
        }
    }

    #[test]
    fn any_text_is_a_dtype_that_prints_and_reads_alike_or_an_error(
        text in "[<>=|]?[a-zA-Z?0-9(), \\[\\]/]{0,8}"
    ) {
        if let Ok(dtype) = text.parse::<DType>() {
            let header = Header { version: (1, 0), dtype, shape: vec![], fortran_order: false, data_offset: 0 };
            let again = Header::parse(&header.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(again.dtype.itemsize() * again.shape.iter().product::<usize>(), header.dtype.itemsize());
        }
    }
}
