//! Opening: what it costs until the first element is there.

use super::MIB;
use crate::input::Input;
use crate::row::Row;
use crate::subject::Subject::{
    ArrayFile, BareOpen, LiveMap, Mapray, NdarrayNpy, Npyz, NumPy, Package, Safetensors,
};

const MEMBERS: u64 = 1000;

pub fn rows() -> Vec<Row> {
    let line = Input::line("<f4", 16 * MIB);
    let archive = Input::Archive { members: MEMBERS, length: 128, compressed: false };
    let open = Row::new("open-npy", "open a .npy, map it, read one element, close", line, "open")
        .subjects(&[NumPy, Mapray, ArrayFile, LiveMap, Package, NdarrayNpy, Npyz, BareOpen]);
    let member = Row::new(
        "open-npz-member",
        "open an npz of 1,000 members, map one, read one element, close",
        archive,
        "open-member",
    )
    .option("member", "member0500")
    .subjects(&[NumPy, Mapray, Package, NdarrayNpy, Safetensors, BareOpen]);
    [open, member].map(|row| Row { bytes: 0, ..row }).into()
}
