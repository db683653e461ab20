"""Disks that are full or that fail."""
import errno
import mmap
import os
import pathlib
import shutil
import struct
import subprocess

HERE = pathlib.Path(__file__).parent
WRITE, SYNC, ALLOCATE, LINK = 1, 2, 4, 8


class Small:
    """A file system of its own, of so many MiB; needs root (CI has it)."""

    def __init__(self, folder, mebibytes):
        self.path = pathlib.Path(folder)
        self.path.mkdir(parents=True)
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={mebibytes}m,mode=0700', 'valv-test', str(self.path)],
                              capture_output=True, text=True)
        assert done.returncode == 0, \
            f'this test needs a small file system, and mounting one failed: {done.stderr.strip()} ' \
            f'(uid {os.geteuid()}); run it as root'
        self.filler = self.path / 'filler'

    def free(self):
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self, leave=0):
        """Fills up what is free now, but for so many bytes.  It takes no more than that: what a reserve
        gives up later is left to whom it was kept for."""
        room = self.free() - leave
        with open(self.filler, 'ab', buffering=0) as file:
            while room > 0:
                try:
                    room -= file.write(bytes(min(room, 1 << 20)))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    break

    def clear(self):
        self.filler.unlink(missing_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(['umount', '-l', str(self.path)], check=False)


class Shim:
    """shim.c: a library in front of libc whose writes and syncs fail when they are told to."""
    LAYOUT = struct.Struct('=iiqqqq64s')

    def __init__(self, folder, data):
        self.library = pathlib.Path(folder) / 'shim.so'
        compiler = shutil.which('gcc') or shutil.which('cc')
        subprocess.run([compiler, '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', '-O1', '-shared', '-fPIC', '-o',
                        str(self.library), str(HERE / 'shim.c'), '-ldl'], check=True, timeout=60)
        self.control = pathlib.Path(folder) / 'control'
        self.control.write_bytes(bytes(4096))
        self.data = data
        with open(self.control, 'r+b') as file:
            self.map = mmap.mmap(file.fileno(), 4096)

    @property
    def env(self):
        # The sanitizer wants to be the first library, and works all the same.
        asan = os.environ.get('ASAN_OPTIONS', '')
        return {'LD_PRELOAD': str(self.library), 'VALV_SHIM': str(self.control),
                'VALV_SHIM_DIR': str(self.data),
                'ASAN_OPTIONS': f'{asan}:verify_asan_link_order=0'.lstrip(':')}

    def arm(self, operations, error=errno.EIO, after=0, times=1, suffix=''):
        self.map[:self.LAYOUT.size] = self.LAYOUT.pack(0, error, after, times, 0, 0, suffix.encode())
        self.map[:4] = struct.pack('=i', operations)

    def disarm(self):
        self.map[:4] = struct.pack('=i', 0)

    @property
    def seen(self):
        return self.LAYOUT.unpack(self.map[:self.LAYOUT.size])[4]

    @property
    def failed(self):
        return self.LAYOUT.unpack(self.map[:self.LAYOUT.size])[5]
