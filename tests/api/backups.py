"""What a backup says of itself, read without Valv: src/backup/manifest.h, src/store/dump.h."""
import hashlib
import os
import pathlib
import struct


class Backup:
    """One directory; wrong() tells why it is not whole."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.manifest, self.tables, self.pieces = {}, {}, []
        note = (self.path / 'manifest').read_text().split('\n\n')[0]
        for line in note.splitlines():
            word, _, rest = line.partition(' ')
            if word == 'table':
                self.tables[rest.split()[0]] = int(rest.split()[1])
            else:
                self.manifest[word] = rest
        for line in (self.path / 'list').read_text().splitlines():
            digest, size, rows, table = line.split()
            self.pieces.append((digest, int(size), int(rows), table))

    def wrong(self):
        listed = (self.path / 'list').read_bytes()
        digest, count = self.manifest['list'].split()
        if hashlib.sha256(listed).hexdigest() != digest or len(self.pieces) != int(count):
            return 'the list is not that of the manifest'
        for digest, size, rows, table in self.pieces:
            octets = (self.path / digest[:40]).read_bytes()
            if len(octets) != size or hashlib.sha256(octets).hexdigest() != digest:
                return f'{digest} is not what it is called'
        extra = {each.name for each in self.path.iterdir()} - {piece[0][:40] for piece in self.pieces}
        if extra - {'root.passphrase'} != {'list', 'manifest'}:
            return f'there is more: {extra}'
        return None

    def rows(self):
        """(table, {column: value}) of all pieces."""
        for digest, _, rows, table in self.pieces:
            found = list(read_piece((self.path / digest[:40]).read_bytes()))
            assert len(found) == rows and all(each[0] == table for each in found)
            yield from found

    def octets(self):
        return b''.join(each.read_bytes() for each in sorted(self.path.iterdir()))


def read_piece(octets):
    at = len(b'valv rows 1\n')
    assert octets[:at] == b'valv rows 1\n'

    def take(form):
        nonlocal at
        at += struct.calcsize(form)
        return struct.unpack_from(form, octets, at - struct.calcsize(form))[0]

    def block():
        nonlocal at
        size = take('<I')
        at += size
        return octets[at - size:at]

    table = block().decode()
    columns = [block().decode() for _ in range(take('<H'))]
    while at < len(octets):
        row = {}
        for column in columns:
            kind = take('<B')
            row[column] = None if kind == 0 else take('<q') if kind == 1 else block().decode() if kind == 2 else block()
        yield table, row


def whole(place, kind):
    """The backups in a place, by name; nothing half among them."""
    return [Backup(each) for each in sorted(pathlib.Path(place).glob(f'{kind}-*'))]


def half(*places):
    """What an interruption left."""
    return [each for place in places if os.path.exists(place) for each in os.listdir(place) if each.startswith('.')]
