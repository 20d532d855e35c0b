//! `mapray plot`: an array as a line, a map of colours or a histogram, in the terminal or as a picture.

mod canvas;
mod colormap;
mod facts;
mod figure;
mod fit;
mod picture;
mod read;
mod scale;
mod terminal;
mod text;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::NonEmptyStringValueParser;
use mapray::dtype::Kind;
use mapray::{DType, DynView, Layout, Order, Scalar, save_raw};
use serde_json::json;

use self::canvas::Canvas;
use self::colormap::{Colormap, Shade};
use self::facts::Facts;
use self::figure::{Data, Figure, Reduction};
use self::picture::Picture;
use self::read::{Binned, counted, range_of};
use self::scale::Scale;
use self::terminal::Screen;
use crate::address::Address;
use crate::describe::{dtype_json, shape_text};
use crate::failure::Failure;
use crate::number::json_value;
use crate::opened::Opened;
use crate::raw::RawArgs;
use crate::render::Elements;
use crate::{hist, output};

/// Draw an array: one axis as a line, two as a map of colours, any as a histogram
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray plot data.npy
  mapray plot 'data.npy[:, 3]'
  mapray plot data.npy -o data.png --cmap magma
  mapray plot 'camera.raw[0]' --dtype '>i2' --shape 100,480,640 --offset 512 --reduce max
  mapray plot data.npy --hist --bins 30 --log
  mapray plot points.npy --field x
  mapray plot data.npy --sample --json

The drawing is as wide and as high as the terminal (or COLUMNS and LINES; 80 by 24 where neither is
known): half blocks in colours, plain characters where there are none. With -o it is a PNG file, and
nothing is printed.

An array of more elements than there are places is reduced, and the caption says how: a line shows
the least and the greatest element of each column, a map the mean of those of each pixel, or with
--reduce the greatest. All of it is read, block by block, but for the holes of a sparse file. For a
quick look, --sample reads a few elements of each place only.

NaN is left out where it is among numbers, and has a colour of its own where it is alone; infinities
have theirs. Of complex numbers the magnitude is drawn.

In JSON, instead of the drawing: kind (line, map or histogram), dtype, shape, part (magnitude or
null), range (of the values), reduction (minmax, mean, max, count, or null where each element has
its own place), places (bins along each axis), step (of so many elements along each axis one was
read), sampled, read (how many elements), nan, inf (for a histogram null: they are in below and
above), out (the file or null).")]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// Write a PNG file, and print nothing
    #[arg(short, long, value_name = "OUT.png")]
    output: Option<PathBuf>,
    /// Width and height of the PNG file, in pixels
    #[arg(long, value_name = "W,H", default_value = "1000,600", requires = "output")]
    #[arg(value_parser = size)]
    size: Picture,
    /// Draw this field of records; a.b is the field b of the records in field a
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// Draw how many values lie in which range
    #[arg(long)]
    hist: bool,
    /// How many bins a histogram has
    #[arg(long, default_value_t = 40, value_name = "N", requires = "hist")]
    bins: usize,
    /// Bars of a histogram as long as the logarithm of the counts
    #[arg(long, requires = "hist")]
    log: bool,
    /// The values from one end of the axis, of the colours or of the bins to the other [default:
    /// the least and the greatest finite one]
    #[arg(long, value_name = "LO,HI", allow_hyphen_values = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    range: Option<String>,
    /// What a pixel of a map shows of its elements: mean or max
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    reduce: Option<Reduction>,
    /// The colours of a map: viridis, magma, inferno, plasma, cividis or gray
    #[arg(long, value_name = "MAP", default_value = "viridis", hide_possible_values = true)]
    cmap: Colormap,
    /// Read a few elements of each place only
    #[arg(long)]
    sample: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

fn size(text: &str) -> Result<Picture, String> {
    let sides: Vec<Option<usize>> = text.split(',').map(|side| side.trim().parse().ok()).collect();
    let (least, most) = picture::SIDES;
    let is_possible = |side: usize| (least..=most).contains(&side);
    match sides[..] {
        [Some(width), Some(height)] if is_possible(width) && is_possible(height) => {
            Ok(Picture { width, height })
        }
        _ => Err(format!("expected two numbers from {least} to {most} with a comma between them")),
    }
}

/// Draws it.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let output = args.output.as_deref();
    output.map_or(Ok(()), require_png)?;
    let mut array = Address::new(&args.address, &args.raw)?.open()?;
    if let Some(field) = &args.field {
        array = array.field(field)?;
    }
    require_drawable(args, &array)?;
    let screen = Screen::of_stdout();
    let (figure, facts) = match args.hist {
        true => histogram(args, array)?,
        false => {
            let (shape, is_time) = (array.shape(), is_time(array.dtype()));
            let most = match output {
                Some(_) => args.size.places(shape, is_time),
                None => screen.places(shape, is_time),
            };
            line_or_map(args, array, &most)?
        }
    };
    if let Some(output) = output {
        save(output, &args.size.draw(&figure))?;
    }
    match (args.json, output) {
        (true, _) => output::print(&json_text(&figure, &facts, output)),
        (false, Some(_)) => Ok(ExitCode::SUCCESS),
        (false, None) => output::print_styled(&screen.draw(&figure)),
    }
}

/// A picture must not be named as if it were something else.
fn require_png(output: &Path) -> Result<(), Failure> {
    match output.extension() {
        Some(extension) if !extension.eq_ignore_ascii_case("png") => {
            let name = output.display();
            Err(format!("{name}: plot writes PNG files; call it OUT.png").into())
        }
        _ => Ok(()),
    }
}

/// Says of an array that cannot be drawn what can.
fn require_drawable(args: &Args, array: &Opened) -> Result<(), Failure> {
    let (dtype, shape) = (array.dtype(), array.shape());
    let address = args.address.to_string_lossy();
    if let Kind::Record(record) = dtype.kind() {
        let names: Vec<&str> = record.fields().iter().map(|field| field.name.as_str()).collect();
        return Err(format!(
            "{address}: records are drawn field by field: say which with --field, one of {}",
            names.join(", ")
        )
        .into());
    }
    if array.layout().is_empty() {
        let shape = shape_text(shape);
        return Err(format!("{address}: there is nothing to draw: the shape is {shape}").into());
    }
    if args.hist {
        return Ok(());
    }
    match shape {
        [_] if args.reduce.is_some() => Err(format!(
            "{address}: --reduce is for maps: a line shows the least and the greatest element of \
             each column"
        )
        .into()),
        [_] | [_, _] => Ok(()),
        [] => Err(format!(
            "{address}: one element is no line: expected an array of one axis (a line) or two (a map)"
        )
        .into()),
        _ => {
            let zeros = vec!["0"; shape.len() - 2].join(", ");
            let shape = shape_text(shape);
            Err(format!(
                "{address}: expected one axis (a line) or two (a map), found the shape {shape}; take \
                 a slice, such as [{zeros}], or --hist"
            )
            .into())
        }
    }
}

fn is_time(dtype: &DType) -> bool {
    matches!(dtype.kind(), Kind::DateTime(_) | Kind::TimeDelta(_))
}

fn title(args: &Args, dtype: &DType, shape: &[usize]) -> String {
    let field = args.field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
    let address = args.address.to_string_lossy();
    let title = format!("{address}{field}  {dtype} {}", shape_text(shape));
    title.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect()
}

fn histogram(args: &Args, array: Opened) -> Result<(Figure, Facts), Failure> {
    let (dtype, shape) = (array.dtype().clone(), array.shape().to_vec());
    let range = args.range.as_deref().map(hist::range).transpose()?;
    let (counts, steps) = counted(array, args.bins, range, args.sample)?;
    let facts = Facts::of_counts(&counts, args.log, steps);
    let figure = Figure {
        title: title(args, &dtype, &shape),
        caption: facts.caption.clone(),
        dtype,
        shape,
        values: Scale::new(counts.edges[0], counts.edges[counts.edges.len() - 1]),
        colormap: args.cmap,
        data: Data::Histogram { counts, log: args.log },
    };
    Ok((figure, facts))
}

fn line_or_map(args: &Args, array: Opened, most: &[usize]) -> Result<(Figure, Facts), Failure> {
    let (dtype, shape) = (array.dtype().clone(), array.shape().to_vec());
    let range = args.range.as_deref().map(value_range).transpose()?;
    let is_complex = matches!(dtype.kind(), Kind::Complex64 | Kind::Complex128);
    let reduction = args.reduce.unwrap_or_default();
    let found = Binned::read(array, most, args.sample)?;
    let facts = Facts::of_bins(&found, reduction, is_complex);
    let (seen, data) = match (&shape[..], &found.places[..]) {
        (&[rows, columns], &[row_places, column_places]) => {
            let shades: Vec<Shade> = found.bins.iter().map(|bin| reduction.shade(bin)).collect();
            let numbers = shades.iter().filter_map(|shade| match *shade {
                Shade::Number(value) => Some((value, value)),
                _ => None,
            });
            let places = [row_places, column_places];
            (range_of(numbers), Data::Map { shape: [rows, columns], places, shades })
        }
        _ => {
            let finite = found.bins.iter().filter(|bin| bin.finite > 0);
            let seen = range_of(finite.map(|bin| (bin.min, bin.max)));
            (seen, Data::Line { len: shape[0], bins: found.bins })
        }
    };
    let figure = Figure {
        title: title(args, &dtype, &shape),
        caption: facts.caption.clone(),
        dtype,
        shape,
        values: range.unwrap_or(seen),
        colormap: args.cmap,
        data,
    };
    Ok((figure, facts))
}

/// The range that was asked for.
fn value_range(text: &str) -> Result<Scale, Failure> {
    let (low, high) = hist::range(text)?;
    if low.is_finite() && high.is_finite() && low < high {
        return Ok(Scale::new(low, high));
    }
    Err(format!("--range '{text}': expected two finite numbers, the lower one first").into())
}

/// The interface that scripts rely on.
fn json_text(figure: &Figure, facts: &Facts, output: Option<&Path>) -> String {
    let number = |value: f64| json_value(Scalar::Float(value));
    json!({
        "kind": facts.kind,
        "dtype": dtype_json(&figure.dtype),
        "shape": figure.shape,
        "part": facts.part,
        "range": [number(figure.values.low), number(figure.values.high)],
        "reduction": facts.reduction,
        "places": facts.places,
        "step": facts.steps,
        "sampled": facts.is_sampled(),
        "read": facts.read,
        "nan": facts.nan,
        "inf": facts.infinite,
        "out": output.map(|path| path.to_string_lossy()),
    })
    .to_string()
}

/// Writes the picture beside its place and puts it there, as arrays are written.
fn save(path: &Path, canvas: &Canvas) -> Result<(), Failure> {
    let bytes = canvas.to_png().map_err(|error| format!("{}: {error}", path.display()))?;
    let dtype = DType::from(Kind::UInt8);
    let layout = Layout::contiguous(dtype, &[bytes.len()], Order::C, 0)?;
    Ok(save_raw(path, &DynView::new(&bytes, layout)?)?)
}
