//! Padding never reaches a file: whatever was in memory, zeros are stored.

use std::fs;
use std::mem::MaybeUninit;
use std::slice;

use mapray::{ArrayFile, DynViewMut, Element, Layout, Order, Record};
use ndarray::{ArrayView1, ArrayView2, s};

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C)]
struct Aligned {
    kind: i8,
    value: f64,
    n: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C, packed)]
struct Gaps {
    a: u8,
    #[record(padding)]
    before: [u8; 7],
    b: f32,
    #[record(padding)]
    behind: [u8; 4],
}

impl Aligned {
    fn number(i: usize) -> Aligned {
        Aligned { kind: i as i8, value: i as f64 * 1.5, n: i as u16 }
    }
}

/// The bytes of these elements, with this one for padding.
fn bytes_with(padding: u8, numbers: impl Iterator<Item = usize>) -> Vec<u8> {
    let element = |i| {
        let Aligned { kind, value, n } = Aligned::number(i);
        let mut bytes = [padding; size_of::<Aligned>()];
        bytes[0] = kind as u8;
        bytes[8..16].copy_from_slice(&value.to_ne_bytes());
        bytes[16..18].copy_from_slice(&n.to_ne_bytes());
        bytes
    };
    numbers.flat_map(element).collect()
}

/// The bytes of these elements as they must be stored.
fn expected(numbers: impl Iterator<Item = usize>) -> Vec<u8> {
    bytes_with(0, numbers)
}

/// Elements `0..n` in memory whose padding is anything but zero.
fn garbage(n: usize) -> Vec<MaybeUninit<Aligned>> {
    let bytes = bytes_with(0xaa, 0..n);
    let mut memory = vec![MaybeUninit::<Aligned>::uninit(); n];
    // As bytes: whoever writes an `Aligned` need not write its padding.
    let to = memory.as_mut_ptr().cast::<u8>();
    // SAFETY: the vector has room for as many elements.
    unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    memory
}

fn as_values(memory: &[MaybeUninit<Aligned>]) -> &[Aligned] {
    // SAFETY: `garbage` has written all bytes.
    unsafe { slice::from_raw_parts(memory.as_ptr().cast(), memory.len()) }
}

#[test]
fn padding_is_saved_as_zeros_whatever_was_in_memory() {
    // More than is copied at once.
    const N: usize = 200_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let data = || {
        let file = ArrayFile::open(&path).unwrap();
        fs::read(&path).unwrap().split_off(file.layout().offset() as usize)
    };
    let memory = garbage(N);
    let flat = ArrayView1::from(as_values(&memory));
    mapray::save(&path, &flat).unwrap();
    assert!(data() == expected(0..N), "C order");
    mapray::save(&path, &flat.slice(s![..;-3])).unwrap();
    assert!(data() == expected((0..N).rev().step_by(3)), "backwards");
    let table = ArrayView2::from_shape((N / 4, 4), as_values(&memory)).unwrap();
    mapray::save(&path, &table.t()).unwrap();
    assert!(data() == expected(0..N), "Fortran's order");
    assert_eq!(ArrayFile::open(&path).unwrap().layout().strides(), [24, 96]);
    mapray::save(&path, &table.slice(s![1.., 1..3])).unwrap();
    let inner = (1..N / 4).flat_map(|i| [4 * i + 1, 4 * i + 2]);
    assert!(data() == expected(inner), "a part");
    let wide = ArrayView2::from_shape((2, N / 2), as_values(&memory)).unwrap();
    mapray::save(&path, &wide.slice(s![.., ..;-1])).unwrap();
    let rows = (0..N / 2).rev().chain((N / 2..N).rev());
    assert!(data() == expected(rows), "rows longer than a part");
    mapray::save(&path, &flat.slice(s![7]).into_owned()).unwrap();
    assert_eq!(data(), expected(7..8));
}

#[test]
fn a_value_set_over_garbage_leaves_zeros_between_its_fields() {
    let mut bytes = [0x55; 48];
    let layout = Layout::contiguous(Aligned::dtype(), &[2], Order::C, 0).unwrap();
    let mut view = DynViewMut::new(&mut bytes, layout).unwrap();
    view.set(&[1], Aligned::number(4)).unwrap();
    assert_eq!(bytes[..24], [0x55; 24]);
    assert_eq!(bytes[24..], expected(4..5));
}

/// Under `--cfg mapray_portable` live maps cannot be written.
#[cfg(all(target_os = "linux", not(mapray_portable)))]
mod live {
    use mapray::{CreateOptions, DynLiveMap, LiveMap};
    use ndarray::{Array1, Ix1};

    use super::*;

    fn bytes_of(map: &DynLiveMap) -> Vec<u8> {
        let mut bytes = vec![0xff; map.layout().nbytes()];
        map.read_bytes(&mut bytes).unwrap();
        bytes
    }

    /// A map whose bytes are anything but zero.
    fn soiled(shape: &[usize], order: Order) -> (tempfile::TempDir, DynLiveMap) {
        let folder = tempfile::tempdir().unwrap();
        let map = CreateOptions::new(shape).order(order);
        let map = map.live_dyn(folder.path().join("a.npy"), Aligned::dtype()).unwrap();
        let start = map.layout().offset();
        assert_eq!(map.layout().span().start, start);
        let bytes = map.view("u1".parse().unwrap(), &[map.layout().nbytes()], 0, None).unwrap();
        bytes.fill(0x55_u8).unwrap();
        assert!(bytes_of(&map).iter().all(|byte| *byte == 0x55));
        (folder, map)
    }

    #[test]
    fn padding_is_stored_as_zeros_whatever_was_in_memory() {
        let memory = garbage(24);
        let elements = as_values(&memory);
        for order in [Order::C, Order::F] {
            let (_folder, map) = soiled(&[4, 6], order);
            map.set(&[1, 2], elements[8]).unwrap();
            let one = map.slice(&"[1, 2]".parse().unwrap()).unwrap();
            assert_eq!(bytes_of(&one), expected(8..9));
            map.fill(elements[5]).unwrap();
            assert_eq!(bytes_of(&map), expected([5; 24].into_iter()));
            let table = ArrayView2::from_shape((4, 6), elements).unwrap();
            map.assign(&table).unwrap();
            assert_eq!(bytes_of(&map), expected(0..24), "{order:?}");
            map.slice(&"[::-1, ::2]".parse().unwrap())
                .unwrap()
                .assign(&table.slice(s![.., ..;-2]))
                .unwrap();
            let number = |i: usize, j: usize| {
                if j.is_multiple_of(2) { 6 * (3 - i) + 5 - j } else { 6 * i + j }
            };
            let all = (0..24).map(|i| number(i / 6, i % 6));
            assert_eq!(bytes_of(&map), expected(all), "{order:?}");
        }
    }

    #[test]
    fn padding_of_the_other_byte_order_is_stored_as_zeros_too() {
        let (_folder, map) = soiled(&[3], Order::C);
        let foreign = map.view(Aligned::dtype().swapped(), &[3], 0, None).unwrap();
        let memory = garbage(3);
        foreign.assign(&ArrayView1::from(as_values(&memory))).unwrap();
        foreign.set(&[1], as_values(&memory)[1]).unwrap();
        let mut swapped = expected(0..3);
        for element in swapped.chunks_mut(24) {
            element[8..16].reverse();
            element[16..18].reverse();
        }
        assert_eq!(bytes_of(&map), swapped);
        assert_eq!(foreign.to_array::<Aligned, Ix1>().unwrap()[2], Aligned::number(2));
    }

    #[test]
    fn declared_padding_is_stored_as_zeros() {
        let map: LiveMap<Gaps, Ix1> = LiveMap::zeros(2).unwrap();
        let gaps = Gaps { a: 1, before: [9; 7], b: 2.0, behind: [9; 4] };
        map.set(0, gaps).unwrap();
        map.slice(&"[1:]".parse().unwrap())
            .unwrap()
            .assign(&Array1::from_elem(1, gaps).into_dyn())
            .unwrap();
        let clean = Gaps { before: [0; 7], behind: [0; 4], ..gaps };
        assert_eq!(map.to_array().unwrap().to_vec(), [clean, clean]);
    }
}
