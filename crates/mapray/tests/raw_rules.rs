//! The rules of `numpy.memmap` for raw files, one test each, and the words of the errors.

mod common;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use common::live::{self, bytes_of, store};
use mapray::{Error, ErrorKind, LiveMap, MapOptions, Mode, Order, Packed, Result, f16};
use ndarray::{Array2, Ix1, Ix2, Ix3, IxDyn, arr1, arr2};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// A file in which byte `i` is `i` modulo 251.
    fn file(&self, len: usize) -> PathBuf {
        let path = self.0.path().join("raw.bin");
        fs::write(&path, contents(len)).unwrap();
        path
    }
}

fn contents(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

fn options(mode: &str, dtype: &str) -> MapOptions {
    MapOptions::new().mode(mode.parse().unwrap()).dtype(dtype.parse().unwrap())
}

/// What an error says behind the path, which it must begin with.
fn words<T: std::fmt::Debug>(result: Result<T>, path: &Path, kind: ErrorKind) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let path = format!("{}: ", path.display());
    let text = error.to_string();
    text.strip_prefix(&path).unwrap_or_else(|| panic!("{text} does not name {path}")).to_owned()
}

#[test]
fn without_a_shape_all_behind_the_offset_is_mapped_along_one_axis() {
    let (folder, kind) = (Folder::new(), ErrorKind::Shape);
    let path = folder.file(24);
    let live = MapOptions::new().live_dyn(&path).unwrap();
    assert_eq!((live.dtype().to_string(), live.shape()), ("|u1".to_owned(), &[24][..]));
    assert_eq!(live.mode(), Mode::ReadWrite);
    for mode in ["r", "c", "r+"] {
        let live = options(mode, "<i4").offset(4).live_dyn(&path).unwrap();
        assert_eq!((live.shape(), bytes_of(&live)), (&[5][..], contents(24)[4..].to_vec()));
        // NumPy: "Size of available data is not a multiple of the data-type size."
        assert_eq!(
            words(options(mode, "<i4").offset(3).live_dyn(&path), &path, kind),
            "size of available data is not a multiple of the data-type size (at byte 3): expected a \
             multiple of 4 bytes for dtype '<i4', found 21 bytes; give a shape to leave out the rest"
        );
    }
}

#[test]
fn a_new_file_needs_a_shape() {
    let folder = Folder::new();
    let path = folder.file(24);
    assert_eq!(
        words(options("w+", "u1").live_dyn(&path), &path, ErrorKind::Shape),
        "shape must be given if mode == 'w+'"
    );
    assert_eq!(fs::read(&path).unwrap(), contents(24));
}

#[test]
fn a_shape_is_a_number_a_tuple_an_array_or_a_slice() {
    let folder = Folder::new();
    let path = folder.file(24);
    let shape = |options: MapOptions| options.live_dyn(&path).unwrap().shape().to_vec();
    let new = || options("r", "u1");
    assert_eq!(shape(new().shape(3)), [3]);
    assert_eq!(shape(new().shape((2, 3))), [2, 3]);
    assert_eq!(shape(new().shape([2, 1, 3])), [2, 1, 3]);
    assert_eq!(shape(new().shape(&vec![2, 3][..])), [2, 3]);
    assert_eq!(shape(new().shape(Array2::<u8>::zeros((4, 2)).raw_dim())), [4, 2]);
    assert_eq!(shape(new().shape(())), [0; 0]);
    let scalar = new().offset(7).shape(()).live_dyn(&path).unwrap();
    assert_eq!(bytes_of(&scalar), [7]);
}

#[test]
fn a_file_that_is_too_short_is_an_error_where_it_cannot_be_written() {
    let folder = Folder::new();
    let path = folder.file(24);
    for mode in ["r", "c"] {
        // NumPy: "mmap length is greater than file size".
        assert_eq!(
            words(options(mode, "<f8").shape((2, 2)).live_dyn(&path), &path, ErrorKind::Truncated),
            "the file is shorter than the array in it: expected at least 32 bytes, found 24"
        );
        assert_eq!(fs::metadata(&path).unwrap().len(), 24);
    }
}

#[test]
fn a_file_that_is_too_short_is_made_longer_where_it_can_be_written() {
    let folder = Folder::new();
    for sparse in [false, true] {
        let path = folder.file(24);
        let bytes = 4 << 20;
        let live = options("r+", "u1").offset(20).shape(bytes).sparse(sparse).live_dyn(&path);
        let extended = [contents(24), vec![0; bytes - 4]].concat();
        assert_eq!(bytes_of(&live.unwrap()), extended[20..]);
        assert!(fs::read(&path).unwrap() == extended);
        // Its blocks are reserved, so that a full disk shows now, or only those in use.
        let blocks = fs::metadata(&path).unwrap().blocks() * 512;
        assert_eq!(blocks >= bytes as u64, !sparse, "{blocks} bytes of blocks");
    }
}

#[test]
fn what_cannot_be_addressed_is_an_error_and_leaves_the_file_alone() {
    let folder = Folder::new();
    let path = folder.file(24);
    for mode in ["r", "c", "r+", "w+"] {
        let shape = |n: &[usize]| options(mode, "u1").shape(n).live_dyn(&path);
        // NumPy: "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum …".
        assert_eq!(
            words(shape(&[1 << 40, 1 << 40]), &path, ErrorKind::Shape),
            "the array is too big to be addressed: expected at most 9223372036854775807 bytes, found \
             shape (1099511627776, 1099511627776) of 1 bytes each"
        );
        assert_eq!(shape(&[1 << 63]).unwrap_err().kind(), ErrorKind::Shape);
        assert_eq!(shape(&[1; 65]).unwrap_err().kind(), ErrorKind::Shape);
        // Addressable, but no file is as long: NumPy has the file 2**62 bytes long where it can,
        // or "OSError: [Errno 22] Invalid argument".
        let writes = ["r+", "w+"].contains(&mode);
        if !writes || common::reserves_at_once(folder.0.path()) {
            let kind = shape(&[1 << 62]).unwrap_err().kind();
            let expected = [ErrorKind::Truncated, ErrorKind::Io, ErrorKind::Space];
            assert!(expected[usize::from(writes)..].contains(&kind), "{mode}: {kind:?}");
        }
        let far = options(mode, "u1").offset(u64::MAX).shape(3).live_dyn(&path);
        assert_eq!(far.unwrap_err().kind(), ErrorKind::Shape);
        assert_eq!(fs::read(&path).unwrap(), contents(24), "{mode}");
    }
}

#[test]
fn only_the_bytes_of_the_array_are_mapped() {
    let folder = Folder::new();
    let path = folder.file(100_000);
    let live = options("r+", "u1").offset(10).shape(20).live_dyn(&path).unwrap();
    assert_eq!(bytes_of(&live), contents(30)[10..]);
    store(&live, &[0xff; 20]).unwrap();
    let expected = [&contents(10)[..], &[0xff; 20], &contents(100_000)[30..]].concat();
    assert!(fs::read(&path).unwrap() == expected);
    if live::WORKS {
        assert!(live.pages().residency().unwrap().total < 100_000);
    }
    let error = live.view("u1".parse().unwrap(), &[21], 0, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);
}

#[test]
fn the_offset_is_any_byte_whatever_pages_and_alignment() {
    let folder = Folder::new();
    let path = folder.file(3 * 4096);
    for offset in [1, 3, 4, 4095, 4096, 4097, 8191, 8192, 12_280] {
        for mode in ["r", "c", "r+"] {
            let options = options(mode, "<f8").offset(offset).shape(1);
            let at = offset as usize;
            let bytes = contents(3 * 4096)[at..at + 8].to_vec();
            assert_eq!(bytes_of(&options.live_dyn(&path).unwrap()), bytes, "{offset}");
            let value = f64::from_le_bytes(bytes.try_into().unwrap());
            assert_eq!(options.file(&path).unwrap().get::<f64>(&[0]).unwrap(), value);
            if mode != "r" {
                continue;
            }
            // SAFETY: nobody else knows the file.
            let map = unsafe { options.map::<f64, Ix1>(&path) };
            // SAFETY: as above.
            let packed = unsafe { options.map::<mapray::Le<f64>, Ix1>(&path) }.unwrap();
            assert_eq!(packed[0], Packed::new(value));
            if at.is_multiple_of(8) {
                assert_eq!(map.unwrap()[0], value);
            } else {
                let remainder = at % 8;
                assert_eq!(
                    words(map, &path, ErrorKind::Dtype),
                    format!(
                        "the elements are not aligned (at byte {offset}): expected a multiple of 8 \
                         bytes for `f64`, found a remainder of {remainder}; use `Packed<f64, \
                         Little>`, which needs no alignment"
                    )
                );
            }
        }
    }
}

#[test]
fn an_offset_behind_the_end_is_an_error_that_says_so() {
    let folder = Folder::new();
    let path = folder.file(64);
    for mode in ["r", "c", "r+"] {
        // NumPy: "negative dimensions are not allowed".
        assert_eq!(
            words(options(mode, "u1").offset(65).live_dyn(&path), &path, ErrorKind::Shape),
            "the offset lies behind the end of the file: expected at most 64, found 65"
        );
        assert_eq!(fs::read(&path).unwrap(), contents(64));
    }
    for mode in ["r", "c"] {
        assert_eq!(
            words(options(mode, "u1").offset(65).shape(1).live_dyn(&path), &path, {
                ErrorKind::Truncated
            }),
            "the file is shorter than the array in it: expected at least 66 bytes, found 64"
        );
    }
    let live = options("r+", "u1").offset(100_000).shape(3).live_dyn(&path).unwrap();
    assert_eq!(bytes_of(&live), [0; 3]);
    let file = fs::read(&path).unwrap();
    assert!(file[..64] == contents(64) && file[64..] == [0; 100_003 - 64]);
}

#[test]
fn an_offset_at_the_end_gives_an_empty_array() {
    let folder = Folder::new();
    for len in [1, 64, 4096, 8192] {
        for mode in ["r", "c", "r+"] {
            let path = folder.file(len);
            let live = options(mode, "<i4").offset(len as u64).live_dyn(&path).unwrap();
            assert_eq!((live.shape(), bytes_of(&live)), (&[0][..], vec![]));
            live.flush().unwrap();
            assert_eq!(fs::read(&path).unwrap(), contents(len));
        }
    }
}

#[test]
fn offsets_beyond_4_gib_are_mapped() {
    let folder = Folder::new();
    let path = folder.0.path().join("large.bin");
    let (offset, len) = ((5_u64 << 30) + 16, (5_u64 << 30) + 24);
    File::create(&path).unwrap().set_len(len).unwrap();
    let live = options("r+", "<u8").offset(offset).live_dyn(&path).unwrap();
    assert_eq!(live.shape(), [1]);
    store(&live, b"far away").unwrap();
    assert_eq!(bytes_of(&live), b"far away");
    let whole = options("r", "<u8").file(&path).unwrap();
    let last = whole.get::<u64>(&[(len / 8 - 1) as usize]).unwrap();
    assert_eq!(last, u64::from_le_bytes(*b"far away"));
}

#[test]
fn an_empty_file_is_an_error_where_it_cannot_be_written_and_stays_empty_else() {
    let folder = Folder::new();
    for mode in ["r", "c"] {
        let path = folder.file(0);
        // NumPy: "cannot mmap an empty file".
        for options in [options(mode, "<i4"), options(mode, "<i4").shape((0, 3))] {
            assert_eq!(
                words(options.live_dyn(&path), &path, ErrorKind::Shape),
                "cannot map an empty file; modes 'r+' and 'w+' can make it longer"
            );
        }
    }
    for (mode, shape) in [("r+", None), ("r+", Some(0)), ("w+", Some(0))] {
        let path = folder.file(0);
        let options = options(mode, "<i4");
        let options = shape.map_or(options.clone(), |shape| options.shape(shape));
        // NumPy makes the file one byte long.
        assert_eq!(options.live_dyn(&path).unwrap().shape(), [0]);
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }
}

#[test]
fn an_array_without_elements_is_mapped_in_every_mode() {
    let folder = Folder::new();
    for mode in ["r", "c", "r+"] {
        let path = folder.file(64);
        let live = options(mode, "<i4").offset(5).shape((3, 0, 2)).live_dyn(&path).unwrap();
        assert_eq!((live.shape(), live.layout().strides()), (&[3, 0, 2][..], &[8, 8, 4][..]));
        assert_eq!(fs::read(&path).unwrap(), contents(64));
    }
    let path = folder.file(64);
    assert_eq!(options("w+", "<i4").shape((0, 3)).live_dyn(&path).unwrap().shape(), [0, 3]);
}

#[test]
fn elements_of_no_bytes_need_a_shape() {
    let folder = Folder::new();
    let path = folder.file(64);
    for (dtype, mode) in [("V0", "r"), ("S0", "c"), ("U0", "r+")] {
        // NumPy: "integer modulo by zero".
        assert_eq!(
            words(options(mode, dtype).live_dyn(&path), &path, ErrorKind::Dtype),
            format!(
                "elements of no bytes cannot be counted: found dtype '{}'; give a shape",
                options(mode, dtype).shape(0).live_dyn(&path).unwrap().dtype()
            )
        );
        assert_eq!(options(mode, dtype).shape((2, 3)).live_dyn(&path).unwrap().shape(), [2, 3]);
    }
}

#[test]
fn every_dtype_is_mapped_but_python_objects() {
    let folder = Folder::new();
    let path = folder.file(64);
    let shape = |dtype: &str| options("r", dtype).live_dyn(&path).unwrap().shape().to_vec();
    assert_eq!(shape("(2,)f4"), [8, 2]);
    assert_eq!(shape("(2,3)i2,u4"), [4]);
    for (dtype, n) in [(">f8", 8), ("M8[s]", 8), ("V8", 8), ("S5,S3", 8), ("U2", 8), ("f16", 4)] {
        assert_eq!(shape(dtype), [n], "{dtype}");
    }
    let big = options("r", ">u2").file(&path).unwrap();
    assert_eq!(big.get::<u16>(&[1]).unwrap(), 0x0203);
    for dtype in ["O", "i4,O"] {
        for mode in ["r", "r+", "w+", "c"] {
            // NumPy maps them, and crashes at the first look.
            let text =
                words(options(mode, dtype).shape(2).live_dyn(&path), &path, ErrorKind::Dtype);
            assert!(text.starts_with("Python objects cannot be read or mapped: found"), "{text}");
            assert_eq!(fs::read(&path).unwrap(), contents(64));
        }
    }
}

#[test]
fn the_order_is_cs_or_fortrans() {
    let folder = Folder::new();
    let path = folder.file(24);
    for (text, strides) in [("C", [3, 1]), ("A", [3, 1]), ("K", [3, 1]), ("F", [1, 2])] {
        let options = options("r", "u1").shape((2, 3)).order(text.parse().unwrap());
        assert_eq!(options.live_dyn(&path).unwrap().layout().strides(), strides, "{text}");
    }
    let fortran = options("r", "u1").shape((2, 3)).order(Order::F).file(&path);
    assert_eq!(fortran.unwrap().to_array::<u8, Ix2>().unwrap(), arr2(&[[0, 2, 4], [1, 3, 5]]));
    assert_eq!(
        "X".parse::<Order>().unwrap_err().to_string(),
        "order must be one of 'C', 'F', 'A', or 'K' (got 'X')"
    );
}

#[test]
fn strides_are_any_number_of_bytes() {
    let folder = Folder::new();
    let path = folder.file(64);
    let raw = || options("r", "u1");
    let read = |options: MapOptions| {
        let array = options.file(&path).unwrap().to_array::<u8, IxDyn>().unwrap();
        assert!(array.iter().eq(&bytes_of(&options.live_dyn(&path).unwrap())));
        array
    };
    assert_eq!(read(raw().shape(3).strides([5])), arr1(&[0, 5, 10]).into_dyn());
    assert_eq!(read(raw().offset(63).shape(3).strides([-9])), arr1(&[63, 54, 45]).into_dyn());
    let window = raw().offset(1).shape((3, 2)).strides([1, 1]);
    assert_eq!(read(window), arr2(&[[1, 2], [2, 3], [3, 4]]).into_dyn());
    assert_eq!(read(raw().shape((2, 2)).strides([0, 1])), arr2(&[[0, 1], [0, 1]]).into_dyn());

    let kind = ErrorKind::Shape;
    assert_eq!(
        words(raw().shape(3).strides([-1]).live_dyn(&path), &path, kind),
        "the strides reach before the first byte: expected every element at or behind byte 0, found \
         one at byte -2"
    );
    assert_eq!(
        words(raw().shape((2, 3)).strides([1]).live_dyn(&path), &path, kind),
        "strides must be as many as the axes: expected 2 for shape (2, 3), found 1"
    );
    assert_eq!(
        words(raw().strides([1]).live_dyn(&path), &path, kind),
        "strides need a shape; say how many elements there are along each axis"
    );
    let short = raw().shape(3).strides([32]).live_dyn(&path);
    assert_eq!(short.unwrap_err().kind(), ErrorKind::Truncated);
    if live::WORKS {
        // What lies between the elements is not touched, even where the file is made longer.
        let live = options("r+", "<u2").shape(3).strides([40]).live::<u16, Ix1>(&path).unwrap();
        live.assign(&arr1(&[0xffff; 3])).unwrap();
        let mut expected = [contents(64), vec![0; 18]].concat();
        for i in [0, 1, 40, 41, 80, 81] {
            expected[i] = 0xff;
        }
        assert_eq!(fs::read(&path).unwrap(), expected);
    }
}

#[test]
fn modes_have_short_and_long_names() {
    let named = |text: &str| text.parse::<Mode>();
    for (short, long) in
        [("r", "readonly"), ("c", "copyonwrite"), ("r+", "readwrite"), ("w+", "write")]
    {
        assert_eq!(named(short).unwrap(), named(long).unwrap());
        assert_eq!(named(long).unwrap().to_string(), short);
    }
    for wrong in ["w", "a", "rb", "R", "", "r++"] {
        let error: Error = named(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mode);
        assert_eq!(
            error.to_string(),
            format!(
                "mode must be one of ['r', 'c', 'r+', 'w+', 'readonly', 'copyonwrite', 'readwrite', \
                 'write'] (got '{wrong}')"
            )
        );
    }
}

#[test]
fn only_w_plus_makes_a_file_and_no_folder_is_one() {
    let folder = Folder::new();
    let missing = folder.0.path().join("missing.bin");
    for mode in ["r", "c", "r+"] {
        let text = words(options(mode, "u1").live_dyn(&missing), &missing, ErrorKind::Io);
        assert!(text.starts_with("cannot open the file: No such file"), "{text}");
        assert!(!missing.exists());
    }
    let live = options("w+", "<i2").offset(6).shape((2, 2)).live_dyn(&missing).unwrap();
    assert_eq!((bytes_of(&live), fs::read(&missing).unwrap()), (vec![0; 8], vec![0; 14]));
    for mode in ["r", "c", "r+", "w+"] {
        let error = options(mode, "u1").shape(3).live_dyn(folder.0.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("directory"), "{error}");
    }
}

#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[test]
fn a_device_without_an_end_is_mapped_with_a_shape() {
    let zero = Path::new("/dev/zero");
    for mode in ["r", "c"] {
        let live = options(mode, "<f8").shape((100, 100)).live::<f64, Ix2>(zero).unwrap();
        assert_eq!(live.to_array().unwrap(), Array2::<f64>::zeros((100, 100)));
        assert_eq!(
            words(options(mode, "u1").live_dyn(zero), zero, ErrorKind::Shape),
            "the device has no end; give a shape"
        );
    }
}

#[test]
fn what_does_not_fit_the_types_leaves_the_file_alone() {
    let folder = Folder::new();
    let path = folder.file(24);
    let w = || options("w+", "<i4").shape((2, 4));
    let r = || options("r+", "<i4").shape((2, 4));
    for (options, mode) in [(w(), "w+"), (r(), "r+")] {
        let errors = [
            options.live::<f32, Ix2>(&path).unwrap_err(),
            options.live::<i32, Ix3>(&path).unwrap_err(),
            // SAFETY: nobody else knows the file.
            unsafe { options.map_mut::<f16, Ix2>(&path) }.unwrap_err(),
            // SAFETY: as above.
            unsafe { options.map_mut::<i32, Ix1>(&path) }.unwrap_err(),
            // SAFETY: as above.
            unsafe { options.clone().offset(1).map_mut::<i32, Ix2>(&path) }.unwrap_err(),
            // SAFETY: as above.
            unsafe { options.clone().strides([0, 4]).map_mut::<i32, Ix2>(&path) }.unwrap_err(),
        ];
        for (error, kind) in errors.iter().zip("dsdsds".chars()) {
            let kind = if kind == 'd' { ErrorKind::Dtype } else { ErrorKind::Shape };
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(error.path(), Some(&*path), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), contents(24), "{mode}");
    }
    fs::write(&path, "old").unwrap();
    let new = mapray::CreateOptions::new((2, 3));
    let error = new.live::<f32, Ix3>(&path).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Shape, Some(&*path)));
    // SAFETY: nobody else knows the file.
    let error = unsafe { new.map::<f32, Ix1>(&path) }.unwrap_err();
    assert_eq!((error.kind(), fs::read(&path).unwrap()), (ErrorKind::Shape, b"old".to_vec()));
    let made: LiveMap<f32, Ix2> = new.live(&path).unwrap();
    assert_eq!(made.shape(), [2, 3]);
}
