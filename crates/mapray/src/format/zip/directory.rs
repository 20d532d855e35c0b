//! The directory of an archive.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::end::{self, End, RECORD, RECORD_LEN};
use super::{codepage, extra, u16_at, u32_at};
use crate::error::{Error, ErrorKind, Result, shown};
use crate::source::ReadAt;

/// How much of the directory is read at once, at the least.
const CHUNK: usize = 256 << 10;

/// The members of an archive, as its directory tells of them. Their own headers are not read.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    /// The directory as it lies in the file.
    bytes: Vec<u8>,
    /// The byte of the file at which it starts.
    start: u64,
    members: Vec<Member>,
    /// Where their headers start, rising.
    headers: Vec<u64>,
    /// Which member has which name, in the order of the names; of one name in that of the directory. Made
    /// when so many names were looked for that it pays.
    by_name: OnceLock<Vec<usize>>,
    searches: Searches,
    /// How many bytes were put in front of the archive after its offsets were written.
    shift: u64,
    /// What the archive says of itself, in whatever encoding.
    comment: Vec<u8>,
    /// The byte behind the archive, its comment included.
    end: u64,
    /// The length of the file, or of the part of it, that it was read from.
    file_len: u64,
}

/// What the directory says of one member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// Where its record starts in the directory, and the length of the name in it.
    record: usize,
    name_len: u16,
    pub flags: u16,
    method: u16,
    /// The checksum of the bytes, inflated.
    pub crc: u32,
    /// How many bytes it has in the file.
    pub compressed: u64,
    /// How many bytes it has inflated.
    pub size: u64,
    /// The byte of the file at which its own header starts.
    pub header: u64,
}

/// How often names were looked for one by one.
#[derive(Debug, Default)]
struct Searches(AtomicU32);

impl Searches {
    /// To sort all names takes as long as some searches: more than one array takes.
    const FEW: u32 = 8;

    /// Whether there were few, this one included, which is then to be made.
    fn are_few(&self) -> bool {
        let made = self.0.load(Ordering::Relaxed);
        if made < Self::FEW {
            self.0.store(made + 1, Ordering::Relaxed);
        }
        made < Self::FEW
    }
}

impl Clone for Searches {
    fn clone(&self) -> Searches {
        Searches(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

/// How a member is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Stored,
    Deflate,
}

impl Directory {
    /// Reads the directory of an archive in a file of `len` bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] where there is none, or it is wrong.
    pub(crate) fn read(source: &(impl ReadAt + ?Sized), len: u64) -> Result<Directory> {
        let mut end = end::find(source, len)?;
        let likely = end.count.min(CHUNK as u64 / RECORD_LEN) as usize;
        let mut directory = Directory {
            bytes: Vec::new(),
            start: end.directory.start,
            members: Vec::with_capacity(likely),
            headers: Vec::new(),
            by_name: OnceLock::new(),
            searches: Searches::default(),
            shift: end.shift,
            comment: std::mem::take(&mut end.comment),
            end: end.end,
            file_len: len,
        };
        let size = (end.directory.end - end.directory.start) as usize;
        let mut at = 0;
        for _ in 0..end.count {
            at = directory.read_record(source, &end, size, at)?;
        }
        if at != size {
            return Err(directory.wrong(
                at,
                "the directory of the zip archive goes on after its \
                                            last member",
            ));
        }
        directory.headers = directory.members.iter().map(|member| member.header).collect();
        directory.headers.sort_unstable();
        Ok(directory)
    }

    /// Reads the record at byte `at` of the directory; gives where the next one starts.
    fn read_record(
        &mut self,
        source: &(impl ReadAt + ?Sized),
        end: &End,
        size: usize,
        at: usize,
    ) -> Result<usize> {
        self.fetch(source, size, at, RECORD_LEN as usize)?;
        let record = &self.bytes[at..];
        if !record.starts_with(&RECORD) {
            return Err(self
                .wrong(at, "a record of the zip archive's directory is not one")
                .expected("the bytes PK\\x01\\x02")
                .found(format!("\"{}\"", record[..4].escape_ascii())));
        }
        let name_len = u16_at(record, 28);
        let extra_len = usize::from(u16_at(record, 30));
        let rest = usize::from(name_len) + extra_len + usize::from(u16_at(record, 32));
        self.fetch(source, size, at, RECORD_LEN as usize + rest)?;
        let record = &self.bytes[at..];
        let extra = &record[RECORD_LEN as usize + usize::from(name_len)..][..extra_len];
        let fields = [24, 20, 42].map(|field| u32_at(record, field));
        let Some([inflated, compressed, offset]) = extra::wide(fields, extra) else {
            return Err(self.wrong(at, "an extra field of the zip archive is cut short"));
        };
        let header = offset
            .checked_add(end.shift)
            .filter(|header| header.checked_add(30).is_some_and(|end| end <= self.start))
            .ok_or_else(|| {
                self.wrong(at, "a member is said to start behind the zip archive's directory")
                    .expected(format!("at most {}", self.start.saturating_sub(30)))
                    .found(offset)
            })?;
        self.members.push(Member {
            record: at,
            name_len,
            flags: u16_at(record, 8),
            method: u16_at(record, 10),
            crc: u32_at(record, 16),
            compressed,
            size: inflated,
            header,
        });
        Ok(at + RECORD_LEN as usize + rest)
    }

    /// Makes sure that `len` bytes of the directory from byte `at` on are there. A directory that lies
    /// about its size is found out before much of it is read.
    fn fetch(
        &mut self,
        source: &(impl ReadAt + ?Sized),
        size: usize,
        at: usize,
        len: usize,
    ) -> Result<()> {
        if size - at < len {
            return Err(self.wrong(at, "the directory of the zip archive ends within a record"));
        }
        let have = self.bytes.len();
        if have < at + len {
            let now = (size - have).min(have.max(CHUNK));
            self.bytes.resize(have + now, 0);
            source.read_at(self.start + have as u64, &mut self.bytes[have..])?;
        }
        Ok(())
    }

    fn wrong(&self, at: usize, message: &str) -> Error {
        Error::new(ErrorKind::Format, message).at_offset(self.start + at as u64)
    }

    /// Its bytes, as they lie in the file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The byte of the file at which it starts.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// How many bytes were put in front of the archive after its offsets were written.
    pub(crate) fn shift(&self) -> u64 {
        self.shift
    }

    /// What the archive says of itself, in whatever encoding.
    pub(crate) fn comment(&self) -> &[u8] {
        &self.comment
    }

    /// The byte behind the archive, its comment included. Where that is cut short it lies behind
    /// the end of the file.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The length of the file when it was read.
    pub(crate) fn file_len(&self) -> u64 {
        self.file_len
    }

    /// The members, in the order of the directory.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The bytes of a member's name.
    pub(super) fn raw_name(&self, member: &Member) -> &[u8] {
        &self.bytes[member.record + RECORD_LEN as usize..][..usize::from(member.name_len)]
    }

    /// A member's name.
    pub(crate) fn name(&self, member: &Member) -> Cow<'_, str> {
        const UTF8: u16 = 1 << 11;
        codepage::decode(self.raw_name(member), member.flags & UTF8 != 0)
    }

    /// The member of this name: the last one, since an archive that was added to may have several.
    pub(crate) fn find(&self, name: &str) -> Option<&Member> {
        if self.searches.are_few() {
            return self.members.iter().rev().find(|member| self.is_called(member, name));
        }
        let by_name = self.by_name.get_or_init(|| {
            let mut indices: Vec<usize> = (0..self.members.len()).collect();
            indices.sort_by_cached_key(|&index| (self.name(&self.members[index]), index));
            indices
        });
        let name_of = |index: usize| self.name(&self.members[index]);
        let end = by_name.partition_point(|&index| *name_of(index) <= *name);
        let last = by_name[..end].last().filter(|&&index| name_of(index) == name)?;
        Some(&self.members[*last])
    }

    fn is_called(&self, member: &Member, name: &str) -> bool {
        let raw = self.raw_name(member);
        // What is ASCII is the same in every encoding.
        if raw.is_ascii() { raw == name.as_bytes() } else { self.name(member) == name }
    }

    /// The directory's record of a member.
    pub(crate) fn record(&self, member: &Member) -> &[u8] {
        let record = &self.bytes[member.record..];
        let rest: usize = [28, 30, 32].into_iter().map(|at| usize::from(u16_at(record, at))).sum();
        &record[..RECORD_LEN as usize + rest]
    }

    /// The byte of the file at which the record of a member starts.
    pub(super) fn record_start(&self, member: &Member) -> u64 {
        self.start + member.record as u64
    }

    /// Where a member must have ended: at the next one, or at the directory.
    pub(super) fn limit(&self, member: &Member) -> Result<u64> {
        let next = self.headers.partition_point(|&header| header <= member.header);
        if self.headers[..next].iter().rev().nth(1) == Some(&member.header) {
            let there =
                |other: &&Member| other.header == member.header && other.record != member.record;
            let other = self.members.iter().find(there).unwrap_or(member);
            let names = [member, other].map(|member| shown(&self.name(member)));
            return Err(self
                .wrong(member.record, "two members of the zip archive lie in the same place")
                .found(format!("'{}' and '{}'", names[0], names[1])));
        }
        Ok(self.headers.get(next).copied().unwrap_or(self.start))
    }
}

impl Member {
    /// How it is compressed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] where it is encrypted, or compressed in a way that is not known.
    pub(crate) fn method(&self) -> Result<Method> {
        self.require_plain()?;
        let name = match self.method {
            0 => return Ok(Method::Stored),
            8 => return Ok(Method::Deflate),
            1 => "shrink",
            2..=5 => "reduce",
            6 => "implode",
            9 => "deflate64",
            12 => "bzip2",
            14 => "lzma",
            93 | 20 => "zstd",
            94 => "mp3",
            95 => "xz",
            96 => "jpeg",
            97 => "wavpack",
            98 => "ppmd",
            _ => "an unknown method",
        };
        let message = format!("the member is compressed with {name} (method {})", self.method);
        Err(Error::new(ErrorKind::Unsupported, message)
            .expected("a stored or deflated member")
            .hint("`numpy.savez` and `numpy.savez_compressed` write such"))
    }

    fn require_plain(&self) -> Result<()> {
        const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
        const PATCH: u16 = 1 << 5;
        let message = match self.flags {
            flags if flags & ENCRYPTED != 0 => "the member is encrypted",
            flags if flags & PATCH != 0 => "the member is a patch to another file",
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Unsupported, message)
            .hint("take it out of the archive with a program that can, and open that"))
    }

    /// The number in the header that stands for the method.
    pub(super) fn method_number(&self) -> u16 {
        self.method
    }
}
