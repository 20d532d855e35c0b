//! What reductions do at the edges: no elements, no axes, no numbers, files that end.

use mapray::dtype::{Field, Kind, Record};
use mapray::{
    ArrayFile, DType, DateTime64, DynView, ErrorKind, Layout, Order, Reduction, Scalar,
    TimeDelta64, reduce, summary,
};
use ndarray::{Array1, Array2, Ix2, Ix3, arr0, arr1};

fn view<'a>(bytes: &'a [u8], dtype: &str, shape: &[usize]) -> DynView<'a> {
    let layout = Layout::contiguous(dtype.parse().unwrap(), shape, Order::C, 0).unwrap();
    DynView::new(bytes, layout).unwrap()
}

#[test]
fn empty_arrays_have_a_sum_and_no_extremes() {
    let empty = Array2::<f64>::zeros((0, 3));
    let empty = DynView::from_array(&empty).unwrap();
    assert_eq!(empty.sum::<f64>().unwrap(), 0.0);
    assert!(empty.mean::<f64>().unwrap().is_nan() && empty.var().unwrap().is_nan());
    assert_eq!((empty.any().unwrap(), empty.all().unwrap()), (false, true));
    let message = |reduction: &Reduction<'_>| {
        let error = reduction.min().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape);
        error.to_string()
    };
    let no_identity = "zero-size array to reduction operation minimum which has no identity";
    assert_eq!(message(&reduce(&empty)), no_identity);
    assert_eq!(message(&reduce(&empty).axis(0)), no_identity);
    assert_eq!(reduce(&empty).axis(1).max().unwrap().shape(), [0]);
    let error = reduce(&empty).argmax().unwrap_err();
    assert_eq!(error.to_string(), "attempt to get argmax of an empty sequence");
    let summary = summary(&empty).unwrap();
    assert_eq!((summary.count, summary.min, summary.mean, summary.std), (0, None, None, None));
}

#[test]
fn an_array_without_axes_is_its_one_element() {
    let one = arr0(-2.5_f32);
    let one = DynView::from_array(&one).unwrap();
    assert_eq!((one.sum::<f32>().unwrap(), one.min::<f32>().unwrap()), (-2.5, -2.5));
    assert_eq!((one.std().unwrap(), one.argmax().unwrap()), (0.0, 0));
    assert_eq!(reduce(&one).axis(-1).keepdims(true).mean().unwrap().shape(), [0; 0]);
    assert!(reduce(&one).axis(1).sum().is_err());
}

#[test]
fn axes_are_checked_in_numpys_words() {
    let array = ndarray::Array3::<u8>::ones((2, 3, 4));
    let array = DynView::from_array(&array).unwrap();
    let error = reduce(&array).axis(-4).sum().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Index);
    let message = "axis -4 is out of bounds for array of dimension 3";
    assert!(error.to_string().starts_with(message), "{error}");
    assert!(reduce(&array).axis(isize::MIN).sum().is_err());
    let error = reduce(&array).axes(&[0, 2, -3]).sum().unwrap_err();
    assert!(error.to_string().starts_with("duplicate value in 'axis'"), "{error}");
    let kept = reduce(&array).axes(&[2, 0]).keepdims(true).sum().unwrap();
    assert_eq!(kept.to_array::<u64, Ix3>().unwrap(), ndarray::Array3::from_elem((1, 3, 1), 8));
    let same = reduce(&array).axes(&[]).sum().unwrap();
    assert_eq!(same.shape(), [2, 3, 4]);
}

#[test]
fn the_first_extreme_in_c_order_is_found_wherever_it_lies_in_memory() {
    // Two blocks and more, in Fortran's order: the file starts with the end of no row.
    let mut array = Array2::<f64>::zeros((700, 600));
    array[(699, 0)] = -1.0;
    array[(3, 599)] = -1.0;
    array[(500, 300)] = f64::NAN;
    let fortran = array.t().as_standard_layout().into_owned();
    let fortran = fortran.t();
    let view = DynView::from_array(&fortran).unwrap();
    let view = view.slice(&"[::-1, ::-1]".parse().unwrap()).unwrap();
    assert_eq!(view.argmin().unwrap(), 199 * 600 + 299);
    let skipped = reduce(&view).skip_nan(true);
    assert_eq!(skipped.argmin().unwrap().value::<u64>().unwrap(), 599);
    let columns = reduce(&view).axis(0).skip_nan(true).argmin().unwrap();
    assert_eq!((columns.get::<i64>(&[0]).unwrap(), columns.get::<i64>(&[599]).unwrap()), (696, 0));
}

#[test]
fn infinities_spread_and_nan_is_skipped_on_request_only() {
    let values = arr1(&[1.0, f64::INFINITY, f64::NAN, 2.0]);
    let view = DynView::from_array(&values).unwrap();
    assert!(view.sum::<f64>().unwrap().is_nan());
    let skip = reduce(&view).skip_nan(true);
    assert_eq!(skip.sum().unwrap().value::<f64>().unwrap(), f64::INFINITY);
    assert_eq!(skip.mean().unwrap().value::<f64>().unwrap(), f64::INFINITY);
    assert!(skip.var().unwrap().value::<f64>().unwrap().is_nan());
    assert_eq!(skip.argmin().unwrap().value::<i64>().unwrap(), 0);
    let summary = summary(&view).unwrap();
    assert_eq!((summary.count, summary.nan, summary.inf), (4, 1, 1));
    assert_eq!(summary.min, Some(Scalar::Float(1.0)));
    assert_eq!(summary.max, Some(Scalar::Float(f64::INFINITY)));
    assert_eq!(summary.mean, Some(f64::INFINITY));
    assert!(summary.std.unwrap().is_nan());
    let nan = arr1(&[f64::NAN; 300]);
    let nan = DynView::from_array(&nan).unwrap();
    let skip = reduce(&nan).skip_nan(true);
    assert_eq!(skip.sum().unwrap().value::<f64>().unwrap(), 0.0);
    assert!(skip.max().unwrap().value::<f64>().unwrap().is_nan());
    assert_eq!(
        skip.argmin().unwrap_err().to_string().split(';').next(),
        Some("all-NaN slice encountered")
    );
}

#[test]
fn times_keep_their_unit() {
    let seconds = [5_i64, -7, 20].map(i64::to_le_bytes).concat();
    let dates = view(&seconds, "<M8[s]", &[3]);
    assert_eq!(reduce(&dates).min().unwrap().dtype().to_string(), "<M8[s]");
    assert!(dates.min::<DateTime64>().unwrap() == DateTime64(-7));
    assert_eq!(dates.max::<i64>().unwrap(), 20);
    assert!(dates.min::<f64>().is_err() && dates.min::<TimeDelta64>().is_err());
    assert_eq!(dates.sum::<i64>().unwrap_err().kind(), ErrorKind::Dtype);
    assert_eq!(summary(&dates).unwrap().mean, Some(6.0));
    let spans = view(&seconds, "<m8[s]", &[3]);
    assert!(spans.sum::<TimeDelta64>().unwrap() == TimeDelta64(18));
    assert!(spans.mean::<TimeDelta64>().unwrap() == TimeDelta64(6));
    assert_eq!(spans.var().unwrap_err().kind(), ErrorKind::Dtype);
    // The sum -2^63 would be NaT.
    let least = [i64::MIN + 1, -1].map(i64::to_le_bytes).concat();
    let error = view(&least, "<m8[s]", &[2]).sum::<i64>().unwrap_err();
    assert!(error.to_string().starts_with("the sum does not fit in 64 bits"), "{error}");
}

#[test]
fn bools_are_bytes_of_which_every_one_but_zero_is_true() {
    let bools = view(&[0, 1, 2, 255], "?", &[4]);
    assert_eq!((bools.sum::<i64>().unwrap(), bools.count_nonzero().unwrap()), (3, 3));
    assert_eq!(bools.mean::<f64>().unwrap(), 0.75);
    assert_eq!((bools.argmin().unwrap(), bools.argmax().unwrap()), (0, 1));
    assert_eq!(reduce(&bools).max().unwrap().to_bytes(), [1]);
}

#[test]
fn text_and_bytes_are_true_where_they_are_not_empty_and_records_where_a_field_is_not_zero() {
    let count = |bytes: &[u8], dtype: &str, n: usize| view(bytes, dtype, &[n]).count_nonzero();
    assert_eq!(count(b"ab\0\0\0 \0c", "S2", 4).unwrap(), 3);
    assert_eq!(count(&[0, 0, 0, 65, 0, 0, 0, 0], ">U1", 2).unwrap(), 1);
    assert_eq!(count(&[0, 7, 0, 0], "V2", 2).unwrap(), 1);
    assert_eq!(count(&[], "S0", 3).unwrap(), 0);
    assert!(!view(b"ab\0\0", "S2", &[2]).all().unwrap());
    // Negative zeros are zeros, in both byte orders, in sub-arrays and complex numbers too.
    let records = [0, 0, 0, 0x80, 0x80, 0, 1, 0, 0, 0, 0, 0];
    assert_eq!(count(&records, "<f4,>f2", 2).unwrap(), 1);
    assert_eq!(count(&[0, 0, 0x80, 0, 0x80, 0, 0, 0x80, 0x80, 0], "u1,(2,)<f2", 2).unwrap(), 1);
    assert_eq!(count(&[0, 0, 0, 0x80, 0, 0, 0, 0x80, 0], "<c8,u1", 1).unwrap(), 0);
    assert_eq!(count(&[0, 0, 0, 0, 0x80, 0, 0, 1, 0], ">c8,u1", 1).unwrap(), 1);
    // Padding does not count.
    let field = Field::new("a", Kind::UInt8.into(), 0);
    let padded = DType::from(Record::new(vec![field], 2).unwrap());
    let padded = DynView::from_buffer(&[0, 9, 1, 0], padded, None, 0).unwrap();
    assert_eq!(padded.count_nonzero().unwrap(), 1);
    let error = view(&records, "<f4,>f2", &[2]).any().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Dtype);
}

#[test]
fn a_dtype_without_the_reduction_is_an_error_that_says_which_have_it() {
    let text = view(b"abcd", "S2", &[2]);
    let error = reduce(&text).max().unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no maximum of this dtype: expected booleans, integers, floating-point or \
         complex numbers, dates or spans of time, found dtype '|S2'"
    );
    assert_eq!(summary(&text).unwrap_err().kind(), ErrorKind::Dtype);
    let complex = [0; 16];
    assert_eq!(summary(&view(&complex, "c16", &[1])).unwrap_err().kind(), ErrorKind::Dtype);
    for (dtype, size) in [("f16", 16), ("c32", 32), ("i4,f16", 20)] {
        let bytes = vec![0; size];
        let error = view(&bytes, dtype, &[1]).count_nonzero().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dtype);
        assert!(
            error.to_string().contains("C's long double is kept and moved as bytes"),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_was_cut_short_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &Array1::<f64>::ones(300_000)).unwrap();
    let array = ArrayFile::open(&path).unwrap();
    assert_eq!(array.sum::<f64>().unwrap(), 300_000.0);
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1_500_000).unwrap();
    let error = array.sum::<f64>().unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Truncated, Some(path.as_path())));
    // What is settled by the first block is not read on for.
    assert!(array.any().unwrap());
}

#[test]
fn windows_that_overlap_and_fields_of_records_are_reduced_like_any_array() {
    let values: Vec<u8> = (0..6_i16).flat_map(i16::to_le_bytes).collect();
    let layout = Layout::strided("<i2".parse().unwrap(), &[4, 3], &[2, 2], 0).unwrap();
    let windows = DynView::new(&values, layout).unwrap();
    let means = reduce(&windows).axis(1).keepdims(true).mean().unwrap();
    assert_eq!(means.to_array::<f64, Ix2>().unwrap().into_raw_vec_and_offset().0, [1., 2., 3., 4.]);
    let records = view(&values, "u1,>i2,u1", &[3]);
    let field = records.field("f1").unwrap();
    assert_eq!(field.sum::<i64>().unwrap(), 1 + 3 + 5);
}
