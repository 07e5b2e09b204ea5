// SPDX-License-Identifier: BSD-3-Clause
// What both pages share. All texts become nodes by textContent: no markup is ever made of them.

export const byId = (id) => document.getElementById(id);

export function say(id, text) {
	const node = byId(id);
	if (node.textContent !== String(text)) {
		node.textContent = text;
	}
}

// An element with a class and children; strings become texts.
export function make(tag, name, ...children) {
	const node = document.createElement(tag);
	if (name) {
		node.className = name;
	}
	node.append(...children);
	return node;
}

export function badge(text, kind) {
	const node = byId("state");
	say("state", text);
	node.className = `badge ${kind}`;
}

const pad = (number) => String(number).padStart(2, "0");

// 93784 becomes "1 d 02:03:04".
export function duration(seconds) {
	const s = Math.max(0, Math.floor(seconds));
	const clock = `${pad(Math.floor(s / 3600) % 24)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
	return s >= 86400 ? `${Math.floor(s / 86400)} d ${clock}` : clock;
}

export function moment(date) {
	return date.toLocaleString(undefined, {dateStyle: "medium", timeStyle: "medium"});
}

export function ago(seconds) {
	return seconds < 60 ? "less than a minute" : seconds < 3600 ? `${Math.floor(seconds / 60)} min`
		: seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
}

export function number(value) {
	return value < 100 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value).toLocaleString();
}

export function bytes(value) {
	let size = value;
	for (const unit of ["B", "kB", "MB", "GB"]) {
		if (size < 1000) {
			return `${size < 10 && unit !== "B" ? size.toFixed(1) : Math.round(size)} ${unit}`;
		}
		size /= 1000;
	}
	return `${size.toFixed(1)} TB`;
}

const TIMEOUT_MS = 10000;

export async function fetchJson(path) {
	const answer = await fetch(path, {cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS)});
	const known = (answer.headers.get("Content-Type") || "").includes("json");
	const body = known ? await answer.json() : null;
	return {status: answer.status, body};
}

export const paused = {by_user: false};

// Calls work again and again: ms after it has ended, or what it asks for; at once when the page is
// looked at again. Errors make the waits longer.
export function every(ms, work, failed) {
	let timer = 0, running = false, errors = 0;

	async function run() {
		clearTimeout(timer);
		if (running || document.hidden || paused.by_user) {
			return;
		}
		running = true;
		let wait = ms;
		try {
			wait = await work() ?? ms;
			errors = 0;
		} catch (error) {
			errors = Math.min(errors + 1, 4);
			wait = ms * 2 ** errors;
			failed(error);
		}
		running = false;
		timer = setTimeout(run, wait);
	}

	document.addEventListener("visibilitychange", run);
	run();
	return run;
}

// Browsers have a clipboard for https and localhost alone; elsewhere the text is selected and copied.
async function copyText(text, source) {
	if (navigator.clipboard && window.isSecureContext) {
		try {
			await navigator.clipboard.writeText(text);
			return true;
		} catch {
			// Not permitted: the old way may be.
		}
	}
	const range = document.createRange();
	range.selectNodeContents(source);
	const selection = window.getSelection();
	selection.removeAllRanges();
	selection.addRange(range);
	return document.execCommand("copy");
}

// A text with a button that copies it.
export function copyable(text, label) {
	const source = make("pre", "", make("code", "", text));
	const button = make("button", "copy", "Copy");
	button.type = "button";
	button.setAttribute("aria-label", label);
	button.addEventListener("click", async () => {
		const done = await copyText(source.textContent, source);
		button.textContent = done ? "Copied" : "Selected";
		say("said", done ? "Copied." : "Selected: copy it by the keyboard.");
		setTimeout(() => {
			button.textContent = "Copy";
			say("said", "");
		}, 2000);
	});
	return make("div", "command", source, button);
}
