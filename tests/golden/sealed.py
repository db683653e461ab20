"""The formats on disk, read without Valv: from the headers' words alone, in Python.

    keyring.h   root -> KEK of an epoch -> key set of a person, named keys
    record.h    sections and what stands inside them
    seal.h      XChaCha20-Poly1305 with the nonce in front, keyed BLAKE2b over blocks

What this reads is what every later Valv must read.  Slow, and not constant in time: for tests.
"""
import hashlib
import struct


class Broken(Exception):
    pass


# --- XChaCha20-Poly1305 (RFC 8439, draft-irtf-cfrg-xchacha-03) ------------------------------------------

MASK = 0xffffffff


def _quarter(s, a, b, c, d):
    s[a] = s[a] + s[b] & MASK
    s[d] = (s[d] ^ s[a]) << 16 & MASK | (s[d] ^ s[a]) >> 16
    s[c] = s[c] + s[d] & MASK
    s[b] = (s[b] ^ s[c]) << 12 & MASK | (s[b] ^ s[c]) >> 20
    s[a] = s[a] + s[b] & MASK
    s[d] = (s[d] ^ s[a]) << 8 & MASK | (s[d] ^ s[a]) >> 24
    s[c] = s[c] + s[d] & MASK
    s[b] = (s[b] ^ s[c]) << 7 & MASK | (s[b] ^ s[c]) >> 25


def _rounds(state):
    work = list(state)
    for _ in range(10):
        for quarter in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                        (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            _quarter(work, *quarter)
    return work


def _state(key, tail):
    return list(struct.unpack('<4I', b'expand 32-byte k')) + list(struct.unpack('<8I', key)) + \
        list(struct.unpack('<4I', tail))


def _stream(key, nonce, count, length):
    out = b''
    while len(out) < length:
        state = _state(key, struct.pack('<I', count) + nonce)
        out += struct.pack('<16I', *(a + b & MASK for a, b in zip(_rounds(state), state)))
        count += 1
    return out[:length]


def _poly1305(key, message):
    r = int.from_bytes(key[:16], 'little') & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at:at + 16] + b'\1', 'little')) * r % ((1 << 130) - 5)
    return (total + int.from_bytes(key[16:], 'little') & (1 << 128) - 1).to_bytes(16, 'little')


def _padded(octets):
    return octets + bytes(-len(octets) % 16)


def unseal(key, associated, sealed):
    if len(sealed) < 40:
        raise Broken('too short')
    nonce, octets, tag = sealed[:24], sealed[24:-16], sealed[-16:]
    work = _rounds(_state(key, nonce[:16]))
    inner = struct.pack('<8I', *work[:4], *work[12:])
    nonce = bytes(4) + nonce[16:]
    counted = _padded(associated) + _padded(octets) + struct.pack('<QQ', len(associated), len(octets))
    if _poly1305(_stream(inner, nonce, 0, 32), counted) != tag:
        raise Broken('the tag is wrong')
    return bytes(a ^ b for a, b in zip(octets, _stream(inner, nonce, 1, len(octets))))


# --- keys ---------------------------------------------------------------------------------------------

def root(text):
    """The key file: comments and 64 hexadecimal digits."""
    line, = [line for line in text.splitlines() if line and not line.startswith('#')]
    assert len(line) == 64
    return bytes.fromhex(line)


def kek(root_key, epoch, wrapped):
    """Wrapped by the root; which epoch it is stands in the row and in the associated data."""
    return unseal(root_key, b'valv kek 1\0' + struct.pack('<I', epoch), wrapped)


def key_set(keks, subject, wrapped):
    """{section: key}; section 0 is for evidence."""
    epoch, = struct.unpack_from('<I', wrapped)
    plain = unseal(keks[epoch], b'valv subject 1\0' + struct.pack('<Iq', epoch, subject), wrapped[4:])
    count, = struct.unpack_from('<I', plain)
    assert len(plain) == 4 + 36 * count
    items = [struct.unpack_from('<I32s', plain, 4 + 36 * n) for n in range(count)]
    assert len(dict(items)) == count
    return dict(items)


def named_key(keks, name, wrapped):
    epoch, = struct.unpack_from('<I', wrapped)
    return unseal(keks[epoch], b'valv named 1\0' + struct.pack('<I', epoch) + name.encode(), wrapped[4:])


def digest(key, *parts):
    return hashlib.blake2b(b''.join(struct.pack('<I', len(part)) + part for part in parts), key=key,
                           digest_size=32).digest()


# --- records ------------------------------------------------------------------------------------------

def record(id, keys, octets):
    """[(section, version, purposes, [(field, origin, stored_at, (actor kind, actor), value)])]"""
    if not octets:
        return []
    form, count = struct.unpack_from('<BH', octets)
    assert form == 1
    at, sections = 3, []
    for _ in range(count):
        no, version, purposes = struct.unpack_from('<IQH', octets, at)
        at += 14
        purpose = struct.unpack_from(f'<{purposes}H', octets, at)
        at += 2 * purposes
        length, = struct.unpack_from('<I', octets, at)
        at += 4
        associated = b'valv section 1' + id + struct.pack('<IQH', no, version, purposes) + \
            struct.pack(f'<{purposes}H', *purpose)
        plain = unseal(keys[no], associated, octets[at:at + length])
        at += length
        sections.append((no, version, list(purpose), _values(plain)))
    assert at == len(octets)
    return sections


def _values(plain):
    count, = struct.unpack_from('<H', plain)
    at, values = 2, []
    for _ in range(count):
        field, origin, stored_at, kind, actor, length = struct.unpack_from('<HBQBQI', plain, at)
        at += 24
        values.append((field, origin, stored_at, (kind, actor), plain[at:at + length].decode()))
        at += length
    assert at == len(plain)
    return values


def evidence(id, seq, keys, octets):
    return unseal(keys[0], b'valv evidence 1' + id + struct.pack('<Q', seq), octets)


# --- standing -----------------------------------------------------------------------------------------

def standing(octets):
    """(restricted, grounds, permissions, objections), as vault/standing.c lays them out."""
    form, restricted, count = struct.unpack_from('<BBH', octets)
    assert form == 1
    at, grounds, permissions, objections = 4, [], [], []
    for _ in range(count):
        *ground, length = struct.unpack_from('<HHBBqqHI', octets, at)
        at += 28
        grounds.append((*ground, octets[at:at + length]))
        at += length
    count, = struct.unpack_from('<H', octets, at)
    at += 2
    for _ in range(count):
        permissions.append(struct.unpack_from('<HHBBqqHqHH', octets, at))
        at += 36
    count, = struct.unpack_from('<H', octets, at)
    at += 2
    for _ in range(count):
        objections.append(struct.unpack_from('<HIq', octets, at))
        at += 14
    assert at == len(octets)
    return bool(restricted), grounds, permissions, objections
