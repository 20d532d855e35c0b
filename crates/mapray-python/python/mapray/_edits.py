"""Edits of a map in mode ``c``."""

__all__ = ["Edits"]


class Edits:
    """The part of `memmap` that knows which pages were edited."""

    __slots__ = ()

    def dirty_pages(self, key=None):
        """Which bytes of the file lie in pages that were stored to, in mode ``c``.

        Parameters
        ----------
        key : index, optional
            Which part, as for `flush`.

        Returns
        -------
        list of (int, int)
            Start and stop of each run, as bytes of the file.

        Raises
        ------
        ValueError
            In the modes ``r+`` and ``w+``, in which edits are in the file.

        Examples
        --------
        >>> import mapray, numpy as np, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "a.bin")
        >>> np.zeros(100_000, "u1").tofile(path)
        >>> m = mapray.memmap(path, mode="c")
        >>> m[5000] = 1
        >>> m.dirty_pages()
        [(4096, 8192)]
        >>> m.discard()
        >>> m.dirty_pages()
        []
        """
        return self._open_pages().dirty_pages(self._part(key))

    def commit(self):
        """Write what was stored in a map in mode ``c`` to the file in one crash-safe step.

        This is the whole map, whatever slice it is called on.

        Raises
        ------
        OSError
            Where the file was changed since it was mapped, or cannot be written. The edits are still in the
            map then, and the file is as it was.

        Examples
        --------
        >>> import mapray, numpy as np, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
        >>> mapray.save(path, np.zeros(3))
        >>> m = mapray.load(path, mmap_mode="c")
        >>> m[1] = 7
        >>> mapray.load(path)
        array([0., 0., 0.])
        >>> m.commit()
        >>> mapray.load(path)
        array([0., 7., 0.])
        """
        self._open_pages().commit()

    def discard(self):
        """Drop what was stored in a map in mode ``c``: it shows the file again.

        This is the whole map, whatever slice it is called on.
        """
        self._open_pages().discard()
