// An authenticator in software, which can be told to do wrong, and sign it nevertheless.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
export const b64 = (octets) => Buffer.from(octets).toString('base64url');

// --- CBOR, as much as is needed ----------------------------------------------------------------

function head(kind, value) {
	if (value < 24)
		return Buffer.from([(kind << 5) | value]);
	if (value < 256)
		return Buffer.from([(kind << 5) | 24, value]);
	return Buffer.from([(kind << 5) | 25, value >> 8, value & 255]);
}
const int = (value) => (value < 0 ? head(1, -1 - value) : head(0, value));
const bytes = (octets) => Buffer.concat([head(2, octets.length), octets]);
const text = (string) => Buffer.concat([head(3, string.length), Buffer.from(string)]);
const map = (...pairs) => Buffer.concat([head(5, pairs.length), ...pairs.flat()]);

// --- keys --------------------------------------------------------------------------------------

// ES384 (-35) is not among those that are offered.
const kinds = {
	'-7': { curve: 'P-256', cose: 1, digest: 'sha256', size: 32 },
	'-35': { curve: 'P-384', cose: 2, digest: 'sha384', size: 48 },
};

export class Authenticator {
	constructor(origin, { alg = -7, handle = null } = {}) {
		this.origin = origin;
		this.alg = alg;
		this.handle = handle;
		this.kind = kinds[alg];
		Object.assign(this, generateKeyPairSync('ec', { namedCurve: this.kind.curve }));
		this.id = randomBytes(32);
		this.counter = 1;
	}

	cose() {
		const { x, y } = this.publicKey.export({ format: 'jwk' });
		return map([int(1), int(2)], [int(3), int(this.alg)], [int(-1), int(this.kind.cose)],
			[int(-2), bytes(Buffer.from(x, 'base64url'))], [int(-3), bytes(Buffer.from(y, 'base64url'))]);
	}

	clientData(type, challenge, { origin = this.origin, more = {} } = {}) {
		return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...more }));
	}

	data(flags, counter, { party = 'localhost', attested = Buffer.alloc(0), after = Buffer.alloc(0) } = {}) {
		const count = Buffer.alloc(4);
		count.writeUInt32BE(counter);
		return Buffer.concat([sha256(party), Buffer.from([flags]), count, attested, after]);
	}

	// What a page sends to register it; `wrong` changes one thing.
	register(options, wrong = {}) {
		const length = Buffer.alloc(2);
		length.writeUInt16BE(this.id.length);
		const attested = Buffer.concat([Buffer.alloc(16), length, this.id, this.cose()]);
		const data = this.data(wrong.flags ?? 0x45, wrong.counter ?? this.counter, { ...wrong, attested });
		const object = map([text('fmt'), text('none')], [text('attStmt'), map()], [text('authData'), bytes(data)]);
		const client = this.clientData(wrong.type ?? 'webauthn.create', wrong.challenge ?? options.challenge, wrong);
		return {
			client_data: b64(client),
			attestation: b64(wrong.cut ? object.subarray(0, object.length - wrong.cut) : Buffer.concat([object, wrong.behind ?? Buffer.alloc(0)])),
			transports: ['internal'],
		};
	}

	assert(options, wrong = {}) {
		this.counter += 1;
		const client = this.clientData(wrong.type ?? 'webauthn.get', wrong.challenge ?? options.challenge, wrong);
		const data = this.data(wrong.flags ?? 0x05, wrong.counter ?? this.counter, wrong);
		const signature = sign(this.kind.digest, Buffer.concat([data, sha256(client)]), this.privateKey);
		if (wrong.flip)
			signature[signature.length - 1] ^= 1;
		const handle = wrong.handle === undefined ? this.handle : wrong.handle;
		return {
			id: b64(wrong.id ?? this.id),
			client_data: b64(client),
			authenticator_data: b64(wrong.cut ? data.subarray(0, data.length - wrong.cut) : data),
			signature: b64(signature),
			...(handle ? { user_handle: handle } : {}),
		};
	}
}
