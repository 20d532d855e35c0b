//! Memory that two processes share, and atomics on it.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use mapray::{AtomicInteger, DynLiveMap, ErrorKind, LiveMap};
use ndarray::{Ix0, Ix1};

#[test]
fn every_operation_gives_the_value_before_and_leaves_the_one_after() {
    fn check<T>(max: T, wrapped: T)
    where
        T: AtomicInteger + PartialEq + std::fmt::Debug + From<u8>,
    {
        let n = |value: u8| T::from(value);
        let map: LiveMap<T, Ix1> = LiveMap::zeros(3).unwrap();
        let cell = map.atomic(1).unwrap();
        cell.store(n(5), Release).unwrap();
        assert_eq!(cell.load(Acquire).unwrap(), n(5));
        assert_eq!(cell.swap(n(6), AcqRel).unwrap(), n(5));
        assert_eq!(cell.fetch_add(n(7), Relaxed).unwrap(), n(6));
        assert_eq!(cell.fetch_sub(n(1), SeqCst).unwrap(), n(13));
        assert_eq!(cell.fetch_and(n(6), Acquire).unwrap(), n(12));
        assert_eq!(cell.fetch_or(n(3), Release).unwrap(), n(4));
        assert_eq!(cell.fetch_xor(n(1), Relaxed).unwrap(), n(7));
        assert_eq!(cell.fetch_min(n(9), Relaxed).unwrap(), n(6));
        assert_eq!(cell.fetch_max(n(9), Relaxed).unwrap(), n(6));
        assert_eq!(cell.compare_exchange(n(8), n(1), AcqRel, Acquire).unwrap(), Err(n(9)));
        assert_eq!(cell.compare_exchange(n(9), max, SeqCst, Relaxed).unwrap(), Ok(n(9)));
        assert_eq!(cell.fetch_add(n(2), Relaxed).unwrap(), max);
        assert_eq!(cell.load(SeqCst).unwrap(), wrapped);
        for neighbour in [0, 2] {
            assert_eq!(map.atomic(neighbour).unwrap().load(Relaxed).unwrap(), n(0));
        }
    }
    check(u8::MAX, 1);
    check(u16::MAX, 1);
    check(u32::MAX, 1);
    check(u64::MAX, 1);
    check(i16::MAX, i16::MIN + 1);
    check(i32::MAX, i32::MIN + 1);
    check(i64::MAX, i64::MIN + 1);
    let map: LiveMap<i8, Ix0> = LiveMap::zeros(()).unwrap();
    assert_eq!(map.atomic(()).unwrap().fetch_sub(1, Relaxed).unwrap(), 0);
    assert_eq!(map.atomic(()).unwrap().fetch_add(-127, Relaxed).unwrap(), -1);
    assert_eq!(map.atomic(()).unwrap().load(Relaxed).unwrap(), -128);
}

#[test]
fn an_ordering_that_makes_no_sense_is_an_error() {
    let map: LiveMap<u32, Ix1> = LiveMap::zeros(1).unwrap();
    let cell = map.atomic(0).unwrap();
    for order in [Release, AcqRel] {
        assert_eq!(cell.load(order).unwrap_err().kind(), ErrorKind::Unsupported);
        let failed = cell.compare_exchange(0, 1, SeqCst, order);
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    for order in [Acquire, AcqRel] {
        assert_eq!(cell.store(1, order).unwrap_err().kind(), ErrorKind::Unsupported);
    }
    assert_eq!(cell.load(SeqCst).unwrap(), 0, "nothing was stored");
    assert_eq!(
        cell.load(Release).unwrap_err().to_string(),
        "an atomic load cannot be ordered so: expected Relaxed, Acquire or SeqCst, found Release"
    );
}

#[test]
fn an_element_that_cannot_be_atomic_is_an_error_that_says_why() {
    let foreign = if cfg!(target_endian = "little") { ">u4" } else { "<u4" };
    let map = DynLiveMap::zeros(foreign.parse().unwrap(), &[4]).unwrap();
    let error = map.atomic::<u32>(&[0]).unwrap_err();
    assert!(
        error.to_string().starts_with("atomics need the byte order of this machine"),
        "{error}"
    );

    let bytes = DynLiveMap::zeros("u1".parse().unwrap(), &[32]).unwrap();
    let odd = bytes.view("u4".parse().unwrap(), &[4], 2, None).unwrap();
    let error = odd.atomic::<u32>(&[1]).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Dtype, Some(6)));
    assert!(error.to_string().contains("a multiple of 4 bytes, found a remainder of 2"), "{error}");

    assert_eq!(bytes.atomic::<u32>(&[0]).unwrap_err().kind(), ErrorKind::Dtype);
    assert_eq!(bytes.atomic::<u8>(&[32]).unwrap_err().kind(), ErrorKind::Index);
}

#[test]
fn bytes_are_atomics_of_one_size_only() {
    let bytes = DynLiveMap::zeros("u1".parse().unwrap(), &[32]).unwrap();
    let words = bytes.view("u8".parse::<mapray::DType>().unwrap(), &[4], 0, None);
    let words = words.unwrap().view("u4".parse().unwrap(), &[8], 0, None).unwrap();
    words.atomic::<u32>(&[1]).unwrap().store(1, Relaxed).unwrap();
    let error = bytes.atomic::<u8>(&[5]).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Dtype, Some(5)));
    assert!(bytes.atomic::<u8>(&[3]).is_ok(), "a neighbour is free");
    assert!(words.atomic::<u32>(&[1]).is_ok(), "the same size again is no other");
    let signed = bytes.view("i4".parse().unwrap(), &[8], 0, None).unwrap();
    assert!(signed.atomic::<i32>(&[1]).is_ok(), "the sign does not matter");
    assert!(words.atomic::<u32>(&[0]).is_err(), "byte 3 is in use alone");
}

/// Under `--cfg mapray_portable` there are no memfds, and live maps have neither `get` nor `set`.
#[cfg(all(target_os = "linux", not(mapray_portable)))]
mod linux {
    use std::env;
    use std::fs::File;
    use std::io::{self, Write};
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use mapray::{AtomicElement, MapOptions, Mode, Result};
    use ndarray::Ix2;
    use rustix::fs::{MemfdFlags, SealFlags};
    use rustix::net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags,
    };

    use super::*;

    const ROLE: &str = "MAPRAY_SHARED_CHILD";

    /// What the parent told this process, if it is the child in this test.
    fn told() -> Option<String> {
        env::var(ROLE).ok()
    }

    /// Runs the test of this name once more in a process of its own, where [`told`] gives `told`.
    fn child(test: &str, told: &str, stdin: impl Into<Stdio>) -> Child {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", &format!("linux::{test}"), "--nocapture", "--test-threads=1"])
            .env(ROLE, told)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn passed(child: Child) {
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && stdout.contains("1 passed"), "the child: {stdout}");
    }

    /// The standard input as a file.
    fn stdin() -> File {
        File::from(io::stdin().as_fd().try_clone_to_owned().unwrap())
    }

    /// Waits until the cell holds something else than `old`; fails after a while.
    fn wait_while(cell: AtomicElement<'_, u32>, still: impl Fn(u32) -> bool) -> u32 {
        let start = Instant::now();
        loop {
            let value = cell.load(Acquire).unwrap();
            if !still(value) {
                return value;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "the other process does not answer");
            std::thread::yield_now();
        }
    }

    const ITEMS: u32 = 3000;
    const ROOM: u32 = 16;

    /// A queue for one sender and one receiver: how many items were put in and taken out in the
    /// first row's first two elements, the items in the other row.
    struct Queue<'a> {
        put: AtomicElement<'a, u32>,
        taken: AtomicElement<'a, u32>,
        row: usize,
        map: &'a LiveMap<u32, Ix2>,
    }

    impl Queue<'_> {
        fn of(map: &LiveMap<u32, Ix2>, row: usize) -> Queue<'_> {
            let (put, taken) = (map.atomic((row, 0)).unwrap(), map.atomic((row, 1)).unwrap());
            Queue { put, taken, row: row + 1, map }
        }

        /// The item itself is stored without any order: only the release makes it safe to read.
        fn send(&self, item: u32) {
            let put = self.put.load(Relaxed).unwrap();
            wait_while(self.taken, |taken| put - taken == ROOM);
            self.map.set((self.row, (put % ROOM) as usize), item).unwrap();
            self.put.store(put + 1, Release).unwrap();
        }

        fn receive(&self) -> u32 {
            let taken = self.taken.load(Relaxed).unwrap();
            wait_while(self.put, |put| put == taken);
            let item = self.map.get((self.row, (taken % ROOM) as usize)).unwrap();
            self.taken.store(taken + 1, Release).unwrap();
            item
        }
    }

    fn answer(item: u32) -> u32 {
        item.wrapping_mul(2_654_435_761).rotate_left(7)
    }

    /// Gives the child work through one queue and takes the answers from another, in order.
    fn employ(map: &LiveMap<u32, Ix2>) {
        let (to, from) = (Queue::of(map, 0), Queue::of(map, 2));
        std::thread::scope(|scope| {
            scope.spawn(|| (0..ITEMS).for_each(|item| to.send(item)));
            for item in 0..ITEMS {
                assert_eq!(from.receive(), answer(item));
            }
        });
    }

    fn work(map: &LiveMap<u32, Ix2>) {
        let (from, to) = (Queue::of(map, 0), Queue::of(map, 2));
        (0..ITEMS).for_each(|_| to.send(answer(from.receive())));
    }

    fn queues() -> MapOptions {
        MapOptions::new().shape((4, ROOM as usize))
    }

    #[test]
    fn two_processes_hand_work_to_each_other_through_a_memfd() {
        if told().is_some() {
            return work(&queues().live(stdin()).unwrap());
        }
        let map = LiveMap::memfd("queues", (4, ROOM as usize)).unwrap();
        let child = child(
            "two_processes_hand_work_to_each_other_through_a_memfd",
            "the memfd is your standard input",
            map.file().unwrap(),
        );
        employ(&map);
        passed(child);
    }

    #[test]
    fn two_processes_hand_work_to_each_other_through_a_named_file() {
        let open = |path: &str, mode| {
            let map = queues().mode(mode).live(path).unwrap();
            // SAFETY: only this test and its child know the file; neither cuts it, and its blocks
            // are reserved.
            unsafe { map.assume_uncut() }
        };
        if let Some(path) = told() {
            return work(&open(&path, Mode::ReadWrite));
        }
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory).unwrap(),
            false => tempfile::tempdir().unwrap(),
        };
        let path = folder.path().join("queues.bin");
        let path = path.to_str().unwrap();
        let map = open(path, Mode::Write);
        let test = "two_processes_hand_work_to_each_other_through_a_named_file";
        let child = child(test, path, Stdio::null());
        employ(&map);
        passed(child);
        assert!(folder.path().join("queues.bin").metadata().unwrap().len() > 0);
    }

    /// Adds 50,000 to a counter of each width, half of it in exchanges.
    fn hammer(file: &File) {
        fn add<T: AtomicInteger + From<u8>>(file: &File, offset: u64, sum: fn(T, T) -> T) {
            let options = MapOptions::new().offset(offset).shape(1);
            let map: LiveMap<T, Ix1> = options.live(file.try_clone().unwrap()).unwrap();
            let (cell, one) = (map.atomic(0).unwrap(), T::from(1));
            for _ in 0..25_000 {
                cell.fetch_add(one, Relaxed).unwrap();
                let mut old = cell.load(Relaxed).unwrap();
                while let Err(now) =
                    cell.compare_exchange(old, sum(old, one), AcqRel, Relaxed).unwrap()
                {
                    old = now;
                }
            }
        }
        std::thread::scope(|scope| {
            scope.spawn(|| add(file, 0, u64::wrapping_add));
            scope.spawn(|| add(file, 8, u32::wrapping_add));
            scope.spawn(|| add(file, 12, u16::wrapping_add));
            scope.spawn(|| add(file, 14, u8::wrapping_add));
        });
    }

    #[test]
    fn no_addition_of_two_processes_is_lost() {
        if told().is_some() {
            return hammer(&stdin());
        }
        let map: LiveMap<u8, Ix1> = LiveMap::memfd("counters", 16).unwrap();
        let file = map.file().unwrap();
        let test = "no_addition_of_two_processes_is_lost";
        let child = child(test, "count", file.try_clone().unwrap());
        hammer(&file);
        passed(child);
        let total = 100_000_u64;
        let mut expected = total.to_ne_bytes().to_vec();
        expected.extend((total as u32).to_ne_bytes());
        expected.extend((total as u16).to_ne_bytes());
        expected.extend([total as u8, 0]);
        assert_eq!(map.to_array().unwrap().to_vec(), expected);
    }

    #[test]
    fn a_descriptor_that_a_child_inherits_is_the_same_memory() {
        if let Some(path) = told() {
            let map: LiveMap<u64, Ix1> = MapOptions::new().live(&path).unwrap();
            map.set(1, 11).unwrap();
            return map.atomic(0).unwrap().store(1, Release).unwrap();
        }
        let map: LiveMap<u64, Ix1> = LiveMap::memfd("inherited", 2).unwrap();
        let file = map.file().unwrap();
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let test = "a_descriptor_that_a_child_inherits_is_the_same_memory";
        passed(child(test, &path, Stdio::null()));
        assert_eq!(map.atomic(0).unwrap().load(Acquire).unwrap(), 1);
        assert_eq!(map.get(1).unwrap(), 11);
    }

    fn send_descriptor(socket: &UnixStream, file: &File) -> io::Result<()> {
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut message = SendAncillaryBuffer::new(&mut space);
        let files = [file.as_fd()];
        assert!(message.push(SendAncillaryMessage::ScmRights(&files)));
        let bytes = [io::IoSlice::new(b"!")];
        rustix::net::sendmsg(socket, &bytes, &mut message, SendFlags::empty())?;
        Ok(())
    }

    fn receive_descriptor(socket: &UnixStream) -> io::Result<File> {
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut message = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let mut bytes = [io::IoSliceMut::new(&mut byte)];
        rustix::net::recvmsg(socket, &mut bytes, &mut message, RecvFlags::CMSG_CLOEXEC)?;
        let file = message.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut files) => files.next(),
            _ => None,
        });
        file.map(File::from).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    #[test]
    fn a_descriptor_sent_over_a_socket_is_the_same_memory() {
        if told().is_some() {
            let mut socket = UnixStream::from(OwnedFd::from(stdin()));
            let map: LiveMap<i32, Ix1> =
                MapOptions::new().live(receive_descriptor(&socket).unwrap()).unwrap();
            assert_eq!(map.shape(), [5]);
            assert_eq!(map.atomic(4).unwrap().fetch_add(-3, AcqRel).unwrap(), 1);
            return socket.write_all(b"!").unwrap();
        }
        let (socket, end) = UnixStream::pair().unwrap();
        let test = "a_descriptor_sent_over_a_socket_is_the_same_memory";
        let child = child(test, "look at the socket", OwnedFd::from(end));
        let map: LiveMap<i32, Ix1> = LiveMap::memfd("sent", 5).unwrap();
        map.atomic(4).unwrap().store(1, Release).unwrap();
        send_descriptor(&socket, &map.file().unwrap()).unwrap();
        passed(child);
        assert_eq!(map.atomic(4).unwrap().load(Acquire).unwrap(), -2);
    }

    #[test]
    fn a_memfd_can_become_longer_but_never_shorter() {
        let map: LiveMap<u16, Ix1> = LiveMap::memfd("grows", 4).unwrap();
        let file = map.file().unwrap();
        let error = file.set_len(7).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::PERM.raw_os_error()));
        file.set_len(10).unwrap();
        map.set(3, 9).unwrap();
        let longer: LiveMap<u16, Ix1> = MapOptions::new().live(file).unwrap();
        assert_eq!(longer.to_array().unwrap().to_vec(), [0, 0, 0, 9, 0]);
        assert!(longer.atomic(4).is_ok());
        assert_eq!((map.path(), map.mode()), (None, Mode::Write));
    }

    fn unsealed() -> File {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = File::from(rustix::fs::memfd_create("unsealed", flags).unwrap());
        file.set_len(64).unwrap();
        file
    }

    #[test]
    fn what_can_be_cut_short_has_no_atomics_until_it_is_sealed() {
        let file = unsealed();
        let map: LiveMap<u64, Ix1> = MapOptions::new().live(file.try_clone().unwrap()).unwrap();
        let error = map.atomic(0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(
            error.to_string(),
            "atomics need memory that nobody can cut short: expected a memfd sealed against \
             shrinking, or memory of our own; `memfd` makes one, and `guard::install()` makes every \
             file do; if you can promise it of this one, `unsafe { map.assume_uncut() }` is the \
             place to say so"
        );
        // Cut and then sealed: the seal keeps a length that is too short.
        let longer: LiveMap<u64, Ix1> = MapOptions::new().live(file.try_clone().unwrap()).unwrap();
        file.set_len(32).unwrap();
        let map: LiveMap<u64, Ix1> = MapOptions::new().live(file.try_clone().unwrap()).unwrap();
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK).unwrap();
        assert_eq!(longer.atomic(0).unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(map.atomic(3).unwrap().load(Relaxed).unwrap(), 0);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let map: LiveMap<u64, Ix1> =
            MapOptions::new().mode(Mode::Write).shape(1).live(&path).unwrap();
        let error = map.atomic(0).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Unsupported, Some(&*path)));
    }

    #[test]
    fn a_read_only_map_loads_what_others_store_and_stores_nothing() {
        let map: LiveMap<u64, Ix1> = LiveMap::memfd("read", 2).unwrap();
        let reader: LiveMap<u64, Ix1> =
            MapOptions::new().mode(Mode::Read).live(map.file().unwrap()).unwrap();
        map.atomic(1).unwrap().store(u64::MAX - 1, Release).unwrap();
        let cell = reader.atomic(1).unwrap();
        for order in [Relaxed, Acquire, SeqCst] {
            assert_eq!(cell.load(order).unwrap(), u64::MAX - 1);
        }
        assert_eq!(cell.store(0, Relaxed).unwrap_err().kind(), ErrorKind::Mode);
        assert_eq!(cell.fetch_add(0, Relaxed).unwrap_err().kind(), ErrorKind::Mode);
        let exchanged = cell.compare_exchange(1, 0, Relaxed, Relaxed);
        assert_eq!(exchanged.unwrap_err().kind(), ErrorKind::Mode);
    }

    #[test]
    fn atomics_of_a_private_map_stay_private_and_survive_release() -> Result<()> {
        let map: LiveMap<u32, Ix1> = LiveMap::memfd("private", 2048)?;
        map.fill(3)?;
        let options = MapOptions::new().mode(Mode::CopyOnWrite);
        let private: LiveMap<u32, Ix1> = options.live(map.file()?)?;
        assert_eq!(private.atomic(0)?.fetch_add(1, Relaxed)?, 3);
        private.pages().release()?;
        assert_eq!((private.get(0)?, private.get(2047)?), (4, 3));
        assert_eq!(map.get(0)?, 3);
        Ok(())
    }

    #[test]
    fn a_name_that_the_kernel_refuses_is_an_error() {
        for name in ["a\0b".to_owned(), "n".repeat(250)] {
            let error = LiveMap::<u8, _>::memfd(&name, 1).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
        }
        let empty: LiveMap<u8, Ix1> = LiveMap::memfd("", 0).unwrap();
        assert_eq!(empty.to_array().unwrap().len(), 0);
        assert_eq!(
            LiveMap::<u8, _>::zeros(1).unwrap().file().unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    }
}
