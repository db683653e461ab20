// A server with an empty vault, a Chromium, and TAP.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const modules = process.env.VALV_NODE_MODULES ?? resolve('build/npm/node_modules');
const { chromium } = createRequire(join(modules, 'x'))('playwright-core');
const valv = process.env.VALV ?? resolve('build/test/src/main/valv');
export const shown = resolve(process.env.VALV_SCREENS ?? 'build/browser');

// --- TAP ---------------------------------------------------------------------------------------

let count = 0;
let failed = 0;
export async function test(name, act) {
	count += 1;
	try {
		await act();
		console.log(`ok ${count} - ${name}`);
	} catch (error) {
		failed += 1;
		console.log(`not ok ${count} - ${name}`);
		console.log(String(error.stack ?? error).replace(/^/gm, '    '));
	}
}
export function finish() {
	console.log(`1..${count}`);
	process.exitCode = failed ? 1 : 0;
}
export const wait = (ms) => new Promise((settle) => setTimeout(settle, ms));

// --- the server --------------------------------------------------------------------------------

export class Server {
	constructor() {
		this.dir = mkdtempSync(join(tmpdir(), 'valv-browser-'));
		this.data = join(this.dir, 'vault');
		this.clock = join(this.dir, 'clock');
		this.said = '';
		writeFileSync(this.clock, '0');
	}

	run(...args) {
		return execFileSync(valv, [...args, '--data', this.data], { encoding: 'utf8', env: { ...process.env, VALV_TEST_CLOCK: this.clock } });
	}

	async start(...args) {
		const ready = join(this.dir, 'ready');
		rmSync(ready, { force: true });
		this.process = spawn(valv, ['serve', '--data', this.data, '--listen', '127.0.0.1:0', '--ready-file', ready, ...args],
			{ env: { ...process.env, VALV_TEST_CLOCK: this.clock }, stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [this.process.stdout, this.process.stderr])
			stream.on('data', (piece) => { this.said += piece; });
		this.ended = new Promise((settle) => this.process.on('exit', settle));
		for (let tries = 0; tries < 600; tries++) {
			try {
				const [url, publicUrl] = readFileSync(ready, 'utf8').trim().split('\n');
				this.publicUrl = publicUrl; // of the pages for persons, where they are served
				this.port = new URL(url).port;
				this.url = `http://localhost:${this.port}`;
				return;
			} catch {
				await wait(50);
			}
		}
		throw new Error(`the server does not start: ${this.said}`);
	}

	// A call over the server's own socket.  {status, json}
	operator(method, path, body, headers = {}) {
		return new Promise((settle, fail) => {
			const asked = request({ socketPath: join(this.data, 'valv.sock'), method, path, headers: { 'Content-Type': 'application/json', ...headers } }, (answer) => {
				let text = '';
				answer.on('data', (piece) => { text += piece; });
				answer.on('end', () => settle({ status: answer.statusCode, json: text ? JSON.parse(text) : null }));
			});
			asked.on('error', fail);
			asked.end(body === undefined ? undefined : JSON.stringify(body));
		});
	}

	// Lets that many seconds pass.
	pass(seconds) {
		writeFileSync(this.clock, String(Number(readFileSync(this.clock, 'utf8')) + seconds * 1e6));
	}

	async stop() {
		this.process?.kill('SIGTERM');
		const status = await this.ended;
		rmSync(this.dir, { recursive: true, force: true });
		return status;
	}
}

// --- the browser -------------------------------------------------------------------------------

export class Browser {
	static async start() {
		const made = new Browser();
		mkdirSync(shown, { recursive: true });
		made.browser = await chromium.launch({
			executablePath: process.env.VALV_CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'][0],
			args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
		});
		return made;
	}

	// A person at a computer of their own: cookies, and a virtual authenticator.  What the page reports goes into `wrong`.
	async person(authenticator = {}, options = {}) {
		const context = await this.browser.newContext({ locale: 'en-GB', viewport: { width: 1200, height: 850 }, ...options });
		const page = await context.newPage();
		const cdp = await context.newCDPSession(page);
		const wrong = [];
		page.on('pageerror', (error) => wrong.push(error.message));
		page.on('console', (message) => {
			if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
				wrong.push(message.text());
		});
		page.on('request', (request) => {
			if (!/^(http:\/\/localhost:\d+\/|about:|data:)/.test(request.url()))
				wrong.push(`asks elsewhere: ${request.url()}`);
		});
		await cdp.send('WebAuthn.enable');
		const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
			options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...authenticator },
		});
		return { context, page, cdp, authenticatorId, wrong };
	}

	async stop() {
		await this.browser.close();
	}
}

// A call of the page: with its cookies, from its origin.  {status, slug, json}
export function call(page, method, path, body) {
	return page.evaluate(async ([method, path, body]) => {
		const answer = await fetch(path, { method, headers: body === undefined ? {} : { 'Content-Type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) });
		const text = await answer.text();
		const json = text ? JSON.parse(text) : null;
		return { status: answer.status, json, slug: String(json?.type ?? '').split('/').pop() };
	}, [method, path, body]);
}
