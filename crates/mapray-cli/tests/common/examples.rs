//! A folder with the files that the examples of the help and of the page speak of, and how they are run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use mapray::{Compression, MemberArray, SavezOptions};
use ndarray::{Array, Array1, Array2};

/// The files: `data.npy` and `other.npy` (1000 and 10 rows of 500 numbers), `points.npy` (records),
/// `archive.npz` and `compressed.npz` (weights and bias), `model.safetensors`, `camera.raw` (100 images
/// behind 512 bytes), `samples.bin`, `samples.npy`, `images.npy`, `runs/`; and in pairs that differ `old.npy`
/// and `new.npy`, `before.npz` and `after.npz`, and a little `a.npy` and `b.npy`.
pub fn prepare(folder: &Path) {
    let at = |name: &str| folder.join(name);
    let data = Array::from_shape_fn((1000, 500), |(i, j)| (i + j) as f64);
    mapray::save(at("data.npy"), &data).unwrap();
    mapray::save(
        at("images.npy"),
        &Array::from_shape_fn((4, 8, 6), |(n, i, j)| n * i * j % 251).mapv(|value| value as u8),
    )
    .unwrap();
    for (name, value) in [("old.npy", 1.0), ("new.npy", 2.0), ("a.npy", 1.0), ("b.npy", 1.0 + 1e-9)]
    {
        let mut array = Array2::<f64>::zeros((3, 4));
        array[(1, 2)] = value;
        mapray::save(at(name), &array).unwrap();
        let (array, row) = (array.to_shared(), array.row(0).to_owned());
        let members: [(&str, &dyn MemberArray); 2] = [("first", &row), ("all", &array)];
        let archive = match name {
            "old.npy" => "before.npz",
            "new.npy" => "after.npz",
            "b.npy" => "b.npz",
            _ => continue,
        };
        mapray::savez(at(archive), members).unwrap();
    }
    let samples = Array1::from_iter((0..10).map(|i| i as f32 / 4.0));
    mapray::save(at("samples.npy"), &samples).unwrap();
    mapray::save(at("other.npy"), &(data.slice(ndarray::s![..10, ..]).to_owned() + 0.5)).unwrap();
    let weights = Array::from_shape_fn((64, 32), |(i, j)| ((i * 32 + j) % 17) as f32 / 16.0 - 0.5);
    let bias = Array1::from_iter((0..32).map(|i| i as f32 / 32.0));
    let members: [(&str, &dyn MemberArray); 2] = [("weights", &weights), ("bias", &bias)];
    mapray::savez(at("archive.npz"), members).unwrap();
    let deflated = SavezOptions::new().compression(Compression::Deflate(6));
    deflated.save(at("compressed.npz"), members).unwrap();
    let header = br#"{"bias":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#;
    let len = (header.len() as u64).to_le_bytes();
    let model = [&len[..], header, &[0x80, 0x3f, 0, 0xc0]].concat();
    fs::write(at("model.safetensors"), model).unwrap();
    camera(&at("camera.raw"));
    let samples = (0..100).flat_map(|i| (i as f32 / 4.0).to_le_bytes());
    fs::write(at("samples.bin"), [0; 64].into_iter().chain(samples).collect::<Vec<u8>>()).unwrap();
    fs::create_dir(at("runs")).unwrap();
    mapray::save(at("runs/one.npy"), &Array2::<i32>::zeros((3, 4))).unwrap();
    mapray::savez(at("runs/two.npz"), [("loss", &bias)]).unwrap();
    points(&at("points.npy"));
    home(folder);
}

/// The files that the Rust example of the README makes, and its command line then uses.
pub fn prepare_for_readme(folder: &Path) {
    let at = |name: &str| folder.join(name);
    let pixel = |(i, j)| if i == 1000 { 1.0 } else { (i + j) as f64 };
    let mut image = Array::from_shape_fn((1001, 500), pixel);
    image[(0, 0)] = 7.0;
    mapray::save(at("image.npy"), &image).unwrap();
    fs::write(at("scan.raw"), [b"HEADER".as_slice(), &[0; 24]].concat()).unwrap();
    let (bias, scale) = (ndarray::arr1(&[1.0_f32, 2.0]), ndarray::arr1(&[3.0]));
    let members: [(&str, &dyn MemberArray); 2] = [("bias", &bias), ("scale", &scale)];
    mapray::savez(at("model.npz"), members).unwrap();
}

/// 100 images of 480 × 640 big-endian numbers of 16 bits, behind 512 bytes: a ramp, and 99 holes.
fn camera(path: &Path) {
    let pixel = |i: usize| ((i % 640 + i / 640) as i16).to_be_bytes();
    let first = [0; 512].into_iter().chain((0..480 * 640).flat_map(pixel));
    fs::write(path, first.collect::<Vec<u8>>()).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_len(512 + 100 * 480 * 640 * 2).unwrap();
}

/// 500 records of a time, a position and a label.
fn points(path: &Path) {
    let dtype = "[('t', '<M8[m]'), ('x', '<f4'), ('y', '<f8'), ('label', '<U6')]".to_owned();
    let dtype = mapray::DType::parse_descr(&dtype).unwrap();
    let mut bytes = Vec::new();
    for i in 0..500_i64 {
        bytes.extend((28_486_890 + 15 * i).to_le_bytes());
        bytes.extend((i as f32 / 8.0).to_le_bytes());
        bytes.extend((1000.0 / (i + 1) as f64).to_le_bytes());
        let label = if i % 2 == 0 { "even" } else { "odd" };
        let label = label.chars().chain(std::iter::repeat('\0')).take(6);
        bytes.extend(label.flat_map(|character| u32::from(character).to_le_bytes()));
    }
    let layout = mapray::Layout::contiguous(dtype, &[500], mapray::Order::C, 0).unwrap();
    mapray::save_dyn(path, &mapray::DynView::new(&bytes, layout).unwrap()).unwrap();
}

/// Where shells look for completions, and a `man` that reads a page and shows nothing.
fn home(folder: &Path) {
    for inner in [
        "local/share/bash-completion/completions",
        "local/share/man/man1",
        "config/fish/completions",
    ] {
        fs::create_dir_all(folder.join(format!(".home/.{inner}"))).unwrap();
    }
    fs::create_dir_all(folder.join(".home/.zfunc")).unwrap();
    fs::create_dir_all(folder.join(".home/bin")).unwrap();
    let man = folder.join(".home/bin/man");
    fs::write(&man, "#!/bin/sh\ncat > /dev/null\n").unwrap();
    fs::set_permissions(man, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a line as a shell does, `mapray` being the command.
pub fn shell(folder: &Path, line: &str) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_mapray"));
    let path = std::env::var("PATH").unwrap_or_default();
    let home = folder.join(".home");
    let path =
        format!("{}:{}:{path}", home.join("bin").display(), binary.parent().unwrap().display());
    let mut command = Command::new("sh");
    for name in ["COLUMNS", "CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR"] {
        command.env_remove(name);
    }
    let command = command.args(["-c", line]).env("PATH", path).env("HOME", home);
    command.current_dir(folder).output().unwrap()
}

/// Runs the commands of a block and puts what they print in the place of what stands there. Commands
/// begin with `$ `; those that end with a backslash go on in the next line.
pub fn replayed(folder: &Path, block: &str, commands: &mut Vec<String>) -> String {
    let mut text = String::new();
    let mut lines = block.lines();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let mut command = command.to_owned();
        while command.ends_with('\\') {
            command += &format!("\n{}", lines.next().unwrap_or_default());
        }
        let output = shell(folder, &command);
        let printed = [output.stdout, output.stderr].concat();
        text += &format!("$ {command}\n{}", String::from_utf8_lossy(&printed));
        commands.push(command);
    }
    text
}
