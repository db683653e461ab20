// What all pages for staff share: calls, words, times, showing what went wrong, and proving anew who one is.
// Words stand in the page, in its language; a script has none.
import { assertion } from '@asset(passkey.js)@';

export const language = document.documentElement.lang;
export const $ = (id) => document.getElementById(id);

// --- words -------------------------------------------------------------------------------------

const words = new Map([...$('words').content.querySelectorAll('[data-word]')].map((p) => [p.dataset.word, p.textContent]));

export const has = (name) => words.has(name);

// %1, %2 … stand for what is known only now.
export function word(name, ...values) {
	return (words.get(name) ?? words.get('internal')).replace(/%(\d)/g, (_, no) => values[no - 1] ?? '');
}

// Roles of the company's own are called what they are called.
export const role = (name) => (has(`role-${name}`) ? word(`role-${name}`) : name);

const written = language === 'en' ? 'en-GB' : language; // 23 November 2026
const moment = new Intl.DateTimeFormat(written, { dateStyle: 'long', timeStyle: 'short' });
const day = new Intl.DateTimeFormat(written, { dateStyle: 'long' });
export const time = (text) => moment.format(new Date(text));
export const date = (text) => day.format(new Date(text));
export const list = (items) => new Intl.ListFormat(written, { type: 'conjunction' }).format(items);

// --- parts of a page ---------------------------------------------------------------------------

// A copy of a template's element; `parts` are texts by data-part.
export function part(id, parts) {
	const made = $(id).content.firstElementChild.cloneNode(true);
	for (const [name, text] of Object.entries(parts))
		made.querySelector(`[data-part="${name}"]`).textContent = text;
	return made;
}

export function say(element, text) {
	element.textContent = text;
	element.hidden = !text;
}

// --- calls -------------------------------------------------------------------------------------

export class Problem extends Error {
	constructor(slug, member) {
		super(slug);
		this.slug = slug;
		this.member = member;
	}
}

function sentence(problem) {
	const member = problem.member?.replace(/^\//, '');
	if (problem.slug === 'invalid' && (member === 'password' || member === 'code'))
		return word(member);
	return word(has(problem.slug) ? problem.slug : 'internal');
}

async function once(method, path, body, headers) {
	let answer, text;
	try {
		answer = await fetch(path, {
			method,
			headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
			body: body === undefined ? undefined : JSON.stringify(body),
			credentials: 'same-origin',
			redirect: 'error',
			cache: 'no-store',
		});
		text = await answer.text(); // may break off, too
	} catch {
		throw new Problem('offline');
	}
	let content = null;
	try {
		content = text ? JSON.parse(text) : null;
	} catch {
		throw new Problem('internal');
	}
	if (!answer.ok)
		throw new Problem(String(content?.type ?? '').split('/').pop() || 'internal', content?.member);
	if (answer.status === 202) // nothing was done: it waits for somebody else to approve
		throw new Problem('two-people');
	return content;
}

const RENEWAL_MS = 200;

// A fresh proof, on this page or in another tab, gives the session another cookie, and the one before is over: what was
// under way just then asks once more, with the new one.
async function asked(method, path, body) {
	try {
		return await once(method, path, body);
	} catch (problem) {
		if (problem.slug !== 'unauthenticated')
			throw problem;
		await new Promise((settle) => { setTimeout(settle, RENEWAL_MS); });
		return once(method, path, body);
	}
}

// A call of somebody who is signed in.  Where a fresh sign-in is needed, it is asked for, and the call made again.
export async function call(method, path, body) {
	try {
		return await asked(method, path, body);
	} catch (problem) {
		if (problem.slug === 'unauthenticated')
			location.assign(at('/sign-in') + '#' + location.pathname);
		if (problem.slug === 'second-factor') // set up, or shown, on the page of one's own account
			location.assign(at('/account'));
		if (problem.slug !== 'step-up' || !(await again()))
			throw problem;
		return await asked(method, path, body);
	}
}

// What the server says of a ceremony that was not right is said in words about passkeys.
export async function passkeyed(act) {
	try {
		return await act();
	} catch (problem) {
		if (problem.slug === 'sign-in' || problem.slug === 'invalid')
			problem.slug = 'passkey-refused';
		if (problem.slug === 'conflict')
			problem.slug = 'registered';
		throw problem;
	}
}

export const open = once; // of somebody who need not be

// --- the same, step by step --------------------------------------------------------------------

// Runs what a button or a form does; meanwhile it is busy, and what goes wrong is shown.
export async function doing(control, problem, act) {
	if (control?.getAttribute('aria-busy') === 'true')
		return;
	control?.setAttribute('aria-busy', 'true');
	say(problem, '');
	try {
		await act();
	} catch (error) {
		if (!(error instanceof Problem) && !error.passkey)
			console.error(error);
		say(problem, sentence(error instanceof Problem ? error : new Problem(error.passkey ?? 'internal')));
	} finally {
		control?.removeAttribute('aria-busy');
	}
}

// Shows that it is still the same person: by passkey, or by password and code.  False: they would rather not.
export function again() {
	const dialog = $('again');
	const problem = dialog.querySelector('[role=alert]');
	const form = dialog.querySelector('form');
	const passkey = dialog.querySelector('[data-do=passkey]');

	return new Promise((settle) => {
		const stop = new AbortController();
		const on = (element, type, act) => element.addEventListener(type, act, { signal: stop.signal });
		const end = (done) => {
			stop.abort();
			form.reset();
			dialog.close();
			settle(done);
		};
		on(passkey, 'click', () => doing(passkey, problem, async () => {
			await passkeyed(async () => once('POST', '/v1/session/fresh/passkey', await assertion(await asked('POST', '/v1/session/fresh/passkey/options', {}))));
			end(true);
		}));
		on(form, 'submit', (event) => {
			event.preventDefault();
			doing(form.querySelector('button'), problem, async () => {
				await asked('POST', '/v1/session/fresh', proofs(form));
				end(true);
			});
		});
		on(dialog.querySelector('[data-do=cancel]'), 'click', () => end(false));
		on(dialog, 'cancel', () => end(false));
		say(problem, '');
		dialog.showModal();
	});
}

// What a form says; what was left empty is not said.
export function proofs(form) {
	return Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''));
}

// --- language ----------------------------------------------------------------------------------

// Who chose a language keeps it from page to page: it stands in the address.
const chosen = new URLSearchParams(location.search).get('language');
export const at = (path) => (chosen ? `${path}?language=${encodeURIComponent(chosen)}` : path);
if (chosen)
	for (const link of document.querySelectorAll('a[href^="/"]'))
		link.setAttribute('href', at(link.getAttribute('href')));
// What stands behind # (a page to go on to, a token) is not lost by a change of language.
document.querySelector('a.language').addEventListener('click', (event) => {
	event.currentTarget.hash = location.hash;
});
