//! Drawings: what people see in terminals of three widths, and the pixels of pictures.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Stdio;

use common::large::{in_64_mib, sparse};
use common::terminal::{Terminal, on_screen, readable, shown};
use common::{mapray, printed, refused, run};
use mapray::{Complex, SavezOptions, f16};
use ndarray::{Array1, Array2, Array3};
use serde_json::{Value, json};

/// A red, green and blue.
type Rgb = [u8; 3];

const WHITE: Rgb = [255; 3];
const STROKE: Rgb = [58, 124, 200];

/// A picture that was written.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Picture {
    fn read(path: &Path) -> Picture {
        let file = std::io::BufReader::new(File::open(path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
        let pixels = bytes.chunks_exact(3).map(|it| [it[0], it[1], it[2]]).collect();
        Picture { width: info.width as usize, height: info.height as usize, pixels }
    }

    fn at(&self, x: usize, y: usize) -> Rgb {
        self.pixels[y * self.width + x]
    }

    fn count(&self, colour: Rgb) -> usize {
        self.pixels.iter().filter(|&&pixel| pixel == colour).count()
    }

    /// From where to where this colour is found: left, top, right, bottom.
    fn extent(&self, colour: Rgb) -> Option<(usize, usize, usize, usize)> {
        let places = (0..self.pixels.len()).filter(|&at| self.pixels[at] == colour);
        places.map(|at| (at % self.width, at / self.width)).fold(None, |all, (x, y)| {
            let (left, top, right, bottom) = all.unwrap_or((x, y, x, y));
            Some((left.min(x), top.min(y), right.max(x), bottom.max(y)))
        })
    }
}

/// What is drawn of these arguments.
fn drawn(folder: &Path, args: &[&str]) -> Picture {
    assert_eq!(printed(folder, ["plot", "-o", "out.png"].iter().chain(args)), "");
    Picture::read(&folder.join("out.png"))
}

fn facts(folder: &Path, args: &[&str]) -> Value {
    let text = printed(folder, ["plot", "--json"].iter().chain(args));
    assert_eq!(text.lines().count(), 1, "one object on one line");
    serde_json::from_str(&text).unwrap()
}

/// Arrays to draw.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let wave =
        Array1::from_shape_fn(5000, |i| (i as f64 / 400.0).sin() * (1.0 + i as f64 / 2000.0));
    mapray::save(at("wave.npy"), &wave).unwrap();
    let mut few = Array1::from(vec![1.0, 4.0, 2.0, 8.0, 5.0, 0.0, 3.0, 7.0]);
    (few[2], few[5]) = (f64::NAN, f64::INFINITY);
    mapray::save(at("few.npy"), &few).unwrap();
    let mut map = Array2::from_shape_fn((60, 90), |(i, j)| (i * j) as f64);
    map.slice_mut(ndarray::s![10..30, 20..40]).fill(f64::NAN);
    map.slice_mut(ndarray::s![40..50, 60..80]).fill(f64::INFINITY);
    map.slice_mut(ndarray::s![40..50, 10..20]).fill(f64::NEG_INFINITY);
    mapray::save(at("map.npy"), &map).unwrap();
    let values = Array1::from_shape_fn(1000, |i| (i * i % 97) as i32);
    mapray::save(at("values.npy"), &values).unwrap();
    folder
}

/// The same drawings on each screen.
const SHOWN: [&[&str]; 4] = [
    &["plot", "wave.npy"],
    &["plot", "few.npy", "--range", "0,10"],
    &["plot", "map.npy"],
    &["plot", "values.npy", "--hist", "--bins", "12"],
];

fn screen(columns: u16, coloured: bool) -> String {
    let folder = folder();
    let mut text = String::new();
    for args in SHOWN {
        let mut command = mapray(folder.path());
        command.args(args).env_remove("LINES");
        let output = on_screen(command, columns, coloured);
        fits(&output, columns.into(), 24);
        text += &format!("$ mapray {}\n{}", args.join(" "), readable(&output));
    }
    text
}

/// Whether nothing is wider or, the prompt included, higher than the screen.
#[track_caller]
fn fits(output: &str, columns: usize, rows: usize) {
    let plain = anstream::adapter::strip_str(output).to_string();
    for line in plain.lines() {
        assert!(line.chars().count() <= columns, "{line}");
    }
    assert!(plain.lines().count() < rows, "{plain}");
}

#[test]
fn a_narrow_screen() {
    insta::assert_snapshot!("40_colour", screen(40, true));
    insta::assert_snapshot!("40_plain", screen(40, false));
}

#[test]
fn a_common_screen() {
    insta::assert_snapshot!("80_colour", screen(80, true));
    insta::assert_snapshot!("80_plain", screen(80, false));
}

#[test]
fn a_wide_screen() {
    insta::assert_snapshot!("160_colour", screen(160, true));
    insta::assert_snapshot!("160_plain", screen(160, false));
}

#[test]
fn a_drawing_is_as_large_as_the_terminal_or_as_is_said() {
    let folder = folder();
    let size = |text: &str| {
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        (widest, text.lines().count())
    };
    let plain = printed(folder.path(), ["plot", "wave.npy"]);
    let (width, height) = size(&plain);
    assert!((60..=80).contains(&width) && (20..24).contains(&height), "{width} {height}");
    for (columns, lines) in [("120", "50"), ("33", "12")] {
        let mut command = mapray(folder.path());
        let command =
            command.args(["plot", "wave.npy"]).env("COLUMNS", columns).env("LINES", lines);
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let (width, height) = size(&text);
        let (columns, lines) = (columns.parse().unwrap(), lines.parse::<usize>().unwrap());
        assert!((columns - 12..=columns).contains(&width), "{width} of {columns}");
        assert!((lines - 3..lines).contains(&height), "{height} of {lines}");
    }
    // No terminal is too small to say something.
    let mut command = mapray(folder.path());
    command.args(["plot", "map.npy"]);
    assert!(shown(command, (1, 1)).contains("map.npy"));
}

#[test]
fn colours_are_those_that_the_terminal_has() {
    let folder = folder();
    let with = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = mapray(folder.path());
        command.args(["plot", "map.npy"]).args(args).env_remove("COLORTERM");
        command.envs(env.iter().copied()).env("TERM", "xterm-256color");
        let (output, _) = Terminal::start_as_is(command, (80, 24)).finish();
        String::from_utf8(output).unwrap()
    };
    let (all, some) = ("\x1b[38;2;", "\x1b[38;5;");
    assert!(with(&[], &[("COLORTERM", "truecolor")]).contains(all));
    let palette = with(&[], &[]);
    assert!(palette.contains(some) && !palette.contains(all));
    let plain = with(&[], &[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]);
    assert!(!plain.contains('\x1b') && plain.contains('@') && plain.contains("? nan"));
    assert!(!with(&["--color", "never"], &[("COLORTERM", "24bit")]).contains('\x1b'));
    let in_pipe = |args: &[&str]| printed(folder.path(), ["plot", "map.npy"].iter().chain(args));
    assert!(!in_pipe(&[]).contains('\x1b'));
    assert!(in_pipe(&["--color", "always"]).contains("\x1b["));
}

#[test]
fn a_map_has_known_colours_at_known_places() {
    let folder = folder();
    let picture = drawn(folder.path(), &["map.npy"]);
    assert_eq!((picture.width, picture.height), (1000, 600));
    let (nan, above, below) = ([226, 61, 55], WHITE, [0; 3]);
    // The block of NaN, besides its swatch below, has the proportions that it has in the array.
    let (left, top, right, _) = picture.extent(nan).unwrap();
    let side = (0..).find(|&n| picture.at(left, top + n) != nan).unwrap();
    let row = (0..).find(|&n| picture.at(left + n, top) != nan).unwrap();
    assert!(side == row && side > 100 && right > left + row, "{side} {row}");
    let scale = side / 20;
    let (left, top) = (left - 20 * scale, top - 10 * scale);
    let at = |row: usize, column: usize| {
        picture.at(left + column * scale + scale / 2, top + row * scale + scale / 2)
    };
    assert_eq!((at(45, 70), at(45, 15), at(20, 30)), (above, below, nan));
    // Viridis from its dark end to its light one; the greatest number is in the last corner.
    assert_eq!(at(0, 0), [68, 1, 84]);
    assert_eq!(at(59, 89), [253, 231, 37]);
    assert_eq!(at(59, 0), at(0, 0));
    let gray = drawn(folder.path(), &["map.npy", "--cmap", "gray", "--range", "0,100000"]);
    assert!(gray.count([13; 3]) > 0, "5251 of 100000 is 5% of 255");
    assert_ne!(gray.at(left, top), [68, 1, 84]);
}

#[test]
fn each_colour_map_can_be_asked_for() {
    let folder = folder();
    for (map, low, high) in [
        ("viridis", [68, 1, 84], [253, 231, 37]),
        ("magma", [0, 0, 4], [252, 253, 191]),
        ("inferno", [0, 0, 4], [252, 255, 164]),
        ("plasma", [13, 8, 135], [240, 249, 33]),
        ("cividis", [0, 32, 81], [253, 233, 69]),
        ("gray", [0, 0, 0], [255, 255, 255]),
    ] {
        let picture = drawn(folder.path(), &["map.npy", "--cmap", map]);
        let near = |colour: Rgb| {
            let is_near = |pixel: &&Rgb| pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 4);
            picture.pixels.iter().filter(is_near).count()
        };
        assert!(near(low) > 50 && near(high) > 50, "{map}");
    }
    assert!(refused(folder.path(), ["plot", "map.npy", "--cmap", "jet"]).contains("viridis"));
}

#[test]
fn a_spike_among_ten_million_elements_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut spike = Array1::<f32>::zeros(10_000_000);
    (spike[7_500_000], spike[2_500_000]) = (1.0, -1.0);
    mapray::save(folder.path().join("spike.npy"), &spike).unwrap();
    let picture = drawn(folder.path(), &["spike.npy"]);
    let reaches = |rows: std::ops::Range<usize>| -> Vec<usize> {
        let is_blue = |&x: &usize| {
            let blue = |y: usize| {
                let [r, _, b] = picture.at(x, y);
                b > r.saturating_add(40)
            };
            rows.clone().all(blue)
        };
        (0..picture.width).filter(is_blue).collect()
    };
    // From the middle to nearly the top, and to nearly the bottom: one narrow line each.
    let (up, down) = (reaches(110..300), reaches(330..520));
    assert!((1..=3).contains(&up.len()) && (1..=3).contains(&down.len()), "{up:?} {down:?}");
    assert!(up[0].abs_diff(down[0] + (up[0] - down[0])) == 0 && up[0] > 2 * (down[0] - 87) + 87);
    let text = printed(folder.path(), ["plot", "spike.npy"]);
    let rows: Vec<&str> = text.lines().collect();
    let dots =
        |line: &str| line.chars().filter(|it| ('\u{2801}'..='\u{28ff}').contains(it)).count();
    assert!((1..=2).contains(&dots(rows[1])) && (1..=2).contains(&dots(rows[18])), "{text}");
    assert!(text.contains("least and greatest of 714"), "{text}");
    let facts = facts(folder.path(), &["spike.npy", "--sample"]);
    assert_eq!((&facts["sampled"], &facts["range"]), (&json!(true), &json!([-0.5, 0.5])));

    // In a map the mean hides it and the greatest shows it.
    let mut map = Array2::<f32>::zeros((3000, 3000));
    map[(1500, 1500)] = 1.0;
    mapray::save(folder.path().join("map.npy"), &map).unwrap();
    let (mean, max) = (
        drawn(folder.path(), &["map.npy", "--range", "0,1"]),
        drawn(folder.path(), &["map.npy", "--range", "0,1", "--reduce", "max"]),
    );
    let yellow = |picture: &Picture| {
        let area = (0..picture.height).flat_map(|y| (0..700).map(move |x| (x, y)));
        area.filter(|&(x, y)| x < picture.width && picture.at(x, y) == [253, 231, 37]).count()
    };
    let strip = yellow(&mean);
    assert_eq!(yellow(&max), strip + 1);
}

#[test]
fn every_number_can_be_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let values = || Array1::from_shape_fn(300, |i| i as f32);
    mapray::save(at("f2.npy"), &values().mapv(f16::from_f32)).unwrap();
    mapray::save(at("bool.npy"), &values().mapv(|it| mapray::Bool8::from(it > 9.0))).unwrap();
    mapray::save(at("complex.npy"), &values().mapv(|it| Complex::new(it, -it))).unwrap();
    for (dtype, name) in [(">f8", "big.npy"), (">i2", "short.npy"), ("u8", "u8.npy")] {
        printed(folder.path(), ["convert", "f2.npy", name, "--dtype", dtype]);
    }
    let deflated = SavezOptions::new().compression(mapray::Compression::Deflate(6));
    deflated.save(at("z.npz"), [("values", &values())]).unwrap();
    fs::write(at("odd.raw"), [&[0][..], &fs::read(at("big.npy")).unwrap()[128..]].concat())
        .unwrap();
    let expected = json!([0.0, 299.0]);
    for name in ["f2.npy", "big.npy", "short.npy", "u8.npy", "z.npz::values"] {
        let found = facts(folder.path(), &[name]);
        assert_eq!((&found["range"], &found["read"]), (&expected, &json!(300)), "{name}");
        assert!(drawn(folder.path(), &[name]).count(STROKE) > 300);
    }
    let odd = facts(folder.path(), &["odd.raw", "--dtype", ">f8", "--offset", "1"]);
    assert_eq!(odd["range"], expected);
    assert_eq!(facts(folder.path(), &["bool.npy"])["range"], json!([0.0, 1.0]));
    let complex = facts(folder.path(), &["complex.npy"]);
    assert_eq!(complex["part"], "magnitude");
    let greatest = complex["range"][1].as_f64().unwrap();
    assert!((greatest - 299.0 * 2_f64.sqrt()).abs() < 1e-3);
    assert!(printed(folder.path(), ["plot", "complex.npy"]).contains("magnitude; "));
    // Dates are written beside the axis.
    fs::write(at("days.raw"), (0..100_i64).flat_map(i64::to_le_bytes).collect::<Vec<u8>>())
        .unwrap();
    let text = printed(folder.path(), ["plot", "days.raw", "--dtype", "<M8[D]"]);
    assert!(text.contains("1970-01-21┤"), "{text}");
}

#[test]
fn facts_are_stable() {
    let folder = folder();
    assert_eq!(
        facts(folder.path(), &["map.npy", "-o", "map.png", "--size", "400,300", "--reduce", "max"]),
        json!({
            "kind": "map", "dtype": "<f8", "shape": [60, 90], "part": null, "range": [0.0, 5251.0],
            "reduction": null, "places": [60, 90], "step": [1, 1], "sampled": false, "read": 5400,
            "nan": 400, "inf": 300, "out": "map.png",
        })
    );
    assert_eq!(
        facts(folder.path(), &["values.npy", "--hist", "--bins", "4", "--range", "10,50"]),
        json!({
            "kind": "histogram", "dtype": "<i4", "shape": [1000], "part": null,
            "range": [10.0, 50.0], "reduction": "count", "places": [4], "step": [1],
            "sampled": false, "read": 1000, "nan": 0, "inf": null, "out": null,
        })
    );
    let line = facts(folder.path(), &["wave.npy", "--sample"]);
    assert_eq!((&line["kind"], &line["reduction"]), (&json!("line"), &json!("minmax")));
    assert!(line["step"][0].as_u64() > Some(1) && line["read"].as_u64() < Some(5000), "{line}");
}

#[test]
fn bars_are_as_long_as_their_counts() {
    let folder = tempfile::tempdir().unwrap();
    let values = Array1::from_shape_fn(90, |i| if i < 60 { 0.25 } else { 0.75 });
    mapray::save(folder.path().join("two.npy"), &values).unwrap();
    let picture = drawn(folder.path(), &["two.npy", "--hist", "--bins", "2", "--range", "0,1"]);
    let height = |x: usize| (0..picture.height).filter(|&y| picture.at(x, y) == STROKE).count();
    let (left, _, right, _) = picture.extent(STROKE).unwrap();
    let quarter = (right - left) / 4;
    let (long, short) = (height(left + quarter), height(right - quarter));
    assert!(long > 400 && (2 * short).abs_diff(long) <= 2, "{long} {short}");
    let log =
        drawn(folder.path(), &["two.npy", "--hist", "--bins", "2", "--range", "0,1", "--log"]);
    let short = (0..log.height).filter(|&y| log.at(right - quarter, y) == STROKE).count();
    assert!(short * 10 > long * 8, "{short} {long}");
}

#[test]
fn what_cannot_be_drawn_says_what_can() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    mapray::save(at("cube.npy"), &Array3::<f64>::zeros((2, 3, 4))).unwrap();
    mapray::save(at("empty.npy"), &Array1::<f64>::zeros(0)).unwrap();
    common::examples::prepare(folder.path());
    fs::write(at("text.raw"), "abcd").unwrap();
    for (args, expected) in [
        (&["cube.npy"][..], "found the shape (2, 3, 4); take a slice, such as [0], or --hist"),
        (&["cube.npy[0, 0, 0]"], "one element is no line"),
        (&["empty.npy"], "there is nothing to draw: the shape is (0,)"),
        (&["points.npy"], "say which with --field, one of t, x, y, label"),
        (&["points.npy", "--field", "z"], "'z'"),
        (&["points.npy", "--field", "label"], "there is no division into bins of this dtype"),
        (&["wave.npy", "--reduce", "max"], "--reduce is for maps"),
        (&["wave.npy", "--range", "2,1"], "--range '2,1': expected two finite numbers"),
        (&["wave.npy", "--range", "nan,1"], "--range 'nan,1'"),
        (&["wave.npy", "--range", "1"], "--range '1': expected two numbers"),
        (&["wave.npy", "-o", "out.jpg"], "plot writes PNG files"),
        (&["wave.npy", "-o", "a.png", "--size", "10"], "expected two numbers from 240 to 4000"),
        (&["wave.npy", "--bins", "3"], "--hist"),
        (&["wave.npy", "--hist", "--bins", "0"], "a histogram needs a bin"),
        (&["none.npy"], "none.npy: cannot open"),
    ] {
        let message = refused(folder.path(), ["plot"].iter().chain(args));
        assert!(message.contains(expected), "{args:?}: {message}");
    }
    assert!(
        printed(folder.path(), ["plot", "cube.npy", "--hist"]).contains("24 elements in 40 bins")
    );
    assert!(printed(folder.path(), ["plot", "points.npy", "--field", "x"]).contains("(500,)"));
}

#[test]
fn a_picture_takes_a_file_s_place_whole_or_not_at_all() {
    let folder = folder();
    fs::write(folder.path().join("old.png"), "as it was").unwrap();
    refused(folder.path(), ["plot", "none.npy", "-o", "old.png"]);
    assert_eq!(fs::read(folder.path().join("old.png")).unwrap(), b"as it was");
    assert_eq!(printed(folder.path(), ["plot", "wave.npy", "-o", "old.png"]), "");
    Picture::read(&folder.path().join("old.png"));
    // Not even root makes files there.
    let message = refused(folder.path(), ["plot", "wave.npy", "-o", "/proc/self/out.png"]);
    assert!(message.starts_with("mapray: /proc/self/out.png: cannot write"), "{message}");
    let message = refused(folder.path(), ["plot", "wave.npy", "-o", "/dev/full"]);
    assert!(message.contains("No space left"), "{message}");
    let output = run(folder.path(), ["plot", "wave.npy", "-o", "/dev/stdout"]);
    assert!(output.stdout.starts_with(b"\x89PNG"), "{output:?}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = folder();
    for args in [&["plot", "map.npy"][..], &["plot", "wave.npy", "-o", "/dev/stdout"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = mapray(folder.path()).args(args).stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_tebibyte_is_sampled_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    sparse(folder.path(), "huge.npy", (1 << 20, 1 << 17));
    let run = |args: &[&str]| in_64_mib(folder.path(), args);
    assert!(run(&["plot", "huge.npy", "--sample"]).contains("sampled: one of "));
    run(&["plot", "huge.npy", "--sample", "-o", "huge.png"]);
    Picture::read(&folder.path().join("huge.png"));
    assert!(run(&["plot", "huge.npy", "--sample", "--hist"]).contains("sampled: one of "));
    assert!(run(&["plot", "huge.npy[:, 0]", "--sample"]).contains("sampled: one of "));
    assert!(run(&["plot", "huge.npy[-1]", "--sample", "--json"]).contains("\"sampled\":true"));
}

#[test]
fn forty_gigabytes_of_holes_are_drawn_whole_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    sparse(folder.path(), "large.npy", (5_000, 1_000_000));
    let args = ["plot", "large.npy", "--reduce", "max", "--json", "-o", "large.png"];
    let found: Value = serde_json::from_str(&in_64_mib(folder.path(), &args)).unwrap();
    assert_eq!((&found["read"], &found["range"]), (&json!(5_000_000_000_u64), &json!([0.0, 1.5])));
    assert!(Picture::read(&folder.path().join("large.png")).count([253, 231, 37]) > 0);
}

#[test]
fn ctrl_c_leaves_no_litter() {
    let folder = tempfile::tempdir().unwrap();
    // Data, not holes: of these it would be done too soon.
    let file = File::create(folder.path().join("slow.raw")).unwrap();
    let some = vec![7_u8; 1 << 24];
    (0..8).for_each(|at| file.write_all_at(&some, at << 24).unwrap());
    let mut command = mapray(folder.path());
    let slice = "slow.raw[::-1, ::-1]";
    command.args(["plot", slice, "--dtype", "c8", "--shape", "5592405,3", "-o", "out.png"]);
    let mut terminal = Terminal::start(command, (100, 24));
    let at_work = terminal.wait_for("reading [");
    terminal.press("\x03");
    let (output, status) = terminal.finish();
    assert!(at_work, "{}", String::from_utf8_lossy(&output));
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 1);
}

#[test]
fn a_file_that_is_cut_while_it_is_open_is_an_error() {
    let folder = folder();
    let path = folder.path().join("wave.npy");
    File::options().write(true).open(path).unwrap().set_len(1000).unwrap();
    let output = mapray(folder.path()).args(["plot", "wave.npy"]).stdin(Stdio::null()).output();
    let message = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(message.contains("wave.npy: the file is shorter than the array"), "{message}");
}
