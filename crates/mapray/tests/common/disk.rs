//! Small disks that can be filled.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A file system of its own, of a few MiB; unmounted when it goes.
pub struct Disk {
    root: PathBuf,
    /// What the image of this one lies on.
    under: Option<Box<Disk>>,
    /// Holds the image and the place where it is mounted.
    _folder: TempDir,
}

impl Disk {
    /// Mounts a file system of this kind (`ext4`, `ext2`, `tmpfs`) of `mib` MiB.
    ///
    /// # Errors
    ///
    /// The reason why this machine does not let us.
    pub fn mount(kind: &str, mib: u64) -> Result<Disk, String> {
        Disk::mount_with(kind, mib, "rw")
    }

    /// As [`mount`](Disk::mount), with options of the file system.
    ///
    /// # Errors
    ///
    /// As [`mount`](Disk::mount).
    pub fn mount_with(kind: &str, mib: u64, options: &str) -> Result<Disk, String> {
        Disk::mount_image(kind, mib, options, None)
    }

    /// A disk of this kind that [breaks](Disk::break_down) when it is told to: it is thin, and lies on
    /// one that is smaller.
    ///
    /// # Errors
    ///
    /// As [`mount`](Disk::mount).
    pub fn mount_breakable(kind: &str) -> Result<Disk, String> {
        Disk::mount_image(kind, 64, "rw", Some(Box::new(Disk::mount("tmpfs", 16)?)))
    }

    /// From now on what was not yet written to the disk cannot be.
    pub fn break_down(&self) {
        self.under.as_ref().expect("a disk that can break").fill();
    }

    fn mount_image(
        kind: &str,
        mib: u64,
        options: &str,
        under: Option<Box<Disk>>,
    ) -> Result<Disk, String> {
        let folder = tempfile::tempdir().unwrap();
        let image = under.as_ref().map_or(folder.path(), |under| under.root()).join("image");
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        let size = format!("size={mib}m,{options}");
        let looped = format!("loop,{options}");
        let (source, options) = if kind == "tmpfs" {
            (Path::new("tmpfs"), &*size)
        } else {
            File::create(&image).unwrap().set_len(mib << 20).unwrap();
            let image = image.to_str().unwrap();
            // No blocks are set apart for root, who runs this.
            run(&format!("mkfs.{kind}"), &["-q", "-F", "-m", "0", image])?;
            (Path::new(image), &*looped)
        };
        let paths = [source.to_str().unwrap(), root.to_str().unwrap()];
        run("mount", &["-t", kind, "-o", options, paths[0], paths[1]])?;
        Ok(Disk { root, under, _folder: folder })
    }

    /// Its topmost folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Lets nobody write to it from now on, or again.
    pub fn set_writable(&self, writable: bool) {
        let options = if writable { "remount,rw" } else { "remount,ro" };
        run("mount", &["-o", options, self.root.to_str().unwrap()]).unwrap();
    }

    /// The bytes that can still be written.
    pub fn free(&self) -> u64 {
        // Blocks of deleted files come back with the next commit of the journal.
        File::open(&self.root).unwrap().sync_all().unwrap();
        let stat = rustix::fs::statvfs(&self.root).unwrap();
        stat.f_bavail * stat.f_frsize
    }

    /// Leaves no room at all.
    pub fn fill(&self) {
        let mut file = File::create(self.root.join("filler")).unwrap();
        for size in [1 << 20, 1 << 12, 1 << 9, 1] {
            let bytes = vec![0xFF; size];
            loop {
                match file.write(&bytes) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        let _ = file.sync_all();
    }

    /// The names in its topmost folder.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.root).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let root = self.root.to_str().unwrap();
        if run("umount", &[root]).is_err() {
            // Something still has a file open; it goes away with that.
            let _ = run("umount", &["--lazy", root]);
        }
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
