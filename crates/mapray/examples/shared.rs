//! Two processes fill one array in shared memory: each takes the next row that nobody has taken.
//!
//! `cargo run --example shared`

use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use mapray::{LiveMap, MapOptions};
use ndarray::Ix2;

const ROWS: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("child") {
        // The memfd came as the standard input.
        let memory = std::io::stdin().as_fd().try_clone_to_owned()?;
        let map = MapOptions::new().shape((ROWS + 1, 4)).live(std::fs::File::from(memory))?;
        return Ok(fill(&map)?);
    }
    // The first element of the last row counts the rows that have been taken.
    let map: LiveMap<u64, Ix2> = LiveMap::memfd("example", (ROWS + 1, 4))?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("child")
        .stdin(Stdio::from(map.file()?))
        .spawn()?;
    fill(&map)?;
    child.wait()?;
    println!("{}", map.slice(&"[:-1]".parse()?)?.to_array()?);
    Ok(())
}

fn fill(map: &LiveMap<u64, Ix2>) -> mapray::Result<()> {
    let next = map.atomic((ROWS, 0))?;
    loop {
        let row = next.fetch_add(1, Ordering::Relaxed)?;
        if row >= ROWS as u64 {
            return Ok(());
        }
        for column in 0..3 {
            map.set((row as usize, column), 10 * row + column as u64)?;
        }
        // Who filled it.
        map.set((row as usize, 3), u64::from(std::process::id()))?;
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
