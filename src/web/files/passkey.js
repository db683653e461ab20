// The two ceremonies: options as the server gives them, what the browser answers as the server takes it.

const octets = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

// The error has a member `passkey`: which word says it.
async function ceremony(act) {
	if (!window.PublicKeyCredential)
		throw Object.assign(new Error('no passkeys here'), { passkey: 'unsupported' });
	try {
		return await act();
	} catch (error) {
		const words = { NotAllowedError: 'cancelled', AbortError: 'cancelled', InvalidStateError: 'registered', NotSupportedError: 'unsupported' };
		throw Object.assign(error, { passkey: words[error.name] ?? 'passkey-refused' });
	}
}

const known = ['usb', 'nfc', 'ble', 'internal', 'hybrid', 'smart-card'];
const descriptors = (of) => of?.map((one) => ({ ...one, id: octets(one.id) }));

export const registration = (options) => ceremony(async () => {
	const made = await navigator.credentials.create({
		publicKey: {
			...options,
			challenge: octets(options.challenge),
			user: { ...options.user, id: octets(options.user.id) },
			excludeCredentials: descriptors(options.excludeCredentials),
		},
	});
	return {
		client_data: text(made.response.clientDataJSON),
		attestation: text(made.response.attestationObject),
		transports: (made.response.getTransports?.() ?? []).filter((one) => known.includes(one)),
	};
});

export const assertion = (options) => ceremony(async () => {
	const got = await navigator.credentials.get({
		publicKey: {
			...options,
			challenge: octets(options.challenge),
			allowCredentials: descriptors(options.allowCredentials),
		},
	});
	return {
		id: got.id,
		client_data: text(got.response.clientDataJSON),
		authenticator_data: text(got.response.authenticatorData),
		signature: text(got.response.signature),
		...(got.response.userHandle?.byteLength ? { user_handle: text(got.response.userHandle) } : {}),
	};
});
