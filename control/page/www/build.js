// SPDX-License-Identifier: BSD-3-Clause
// One build: "Debug via SSH", a section for each node.
import {ago, badge, byId, copyable, duration, every, fetchJson, make, moment, say} from "./page.js";

const POLL_MS = 2000;
const BEHIND_MS = 15000;
const id = decodeURIComponent(location.pathname.split("/").pop());

// What a node's state means to whoever waits.
const WAITING = {
	reserved: "The VM is not there yet. This command works as soon as it is.",
	pending: "The VM is there, and does not answer yet.",
	unreachable: "The VM no longer answers.",
};

const REASONS = {
	expired: "its time after the build was over",
	cancelled: "it was cancelled",
	unused: "nobody connected in time",
	lifetime: "it reached its longest lifetime",
	superseded: "another build took over its VM",
};

let deadline = null; // on this page's clock, ms
let heard = 0;
let drawn = "";

function isOpen(build) {
	return build.state !== "ended";
}

function clients(node) {
	if (node.clients === null) {
		return make("p", "muted", "Who is connected is not known.");
	}
	if (node.clients.length === 0) {
		return make("p", "muted", "Nobody is connected.");
	}
	const list = make("ul", "clients");
	for (const client of node.clients) {
		const since = (Date.now() - Date.parse(client.since)) / 1000;
		const many = client.connections > 1 ? `, ${client.connections} connections` : "";
		list.append(make("li", "", `${client.client} by ${client.forward}, for ${ago(since)}${many}`));
	}
	return make("div", "", make("p", "", "Connected:"), list);
}

function section(build, node) {
	const ready = isOpen(build) && node.state === "ready";
	const title = make("h2", "", `Node ${node.index}: ${ready ? "Debug via SSH" : "Wait for SSH"}`);
	const body = make("section", "node", title);

	title.id = `node-${node.index}`;
	body.setAttribute("aria-labelledby", title.id);
	if (ready) {
		body.append(make("p", "good", "Ready."));
	} else {
		body.append(make("p", "warn", WAITING[node.state] || node.state));
	}
	body.append(copyable(node.ssh, `Copy the ssh command of node ${node.index}`));
	for (const forward of node.forwards) {
		const host = forward.public_host.includes(":") ? `[${forward.public_host}]` : forward.public_host;
		body.append(make("p", "muted", `${forward.name} (${forward.protocol})`),
			copyable(`${host}:${forward.public_port}`, `Copy the address of ${forward.name} of node ${node.index}`));
	}
	body.append(clients(node));
	return body;
}

function drawNodes(build) {
	const nodes = byId("nodes");
	// A button that has the focus, or a selection, is left alone while nothing changes.
	const now = JSON.stringify([build.state, build.nodes, build.clients_left_out, Math.floor(Date.now() / 60000)]);
	if (now === drawn) {
		return;
	}
	const focused = [...nodes.querySelectorAll("button")].indexOf(document.activeElement);
	drawn = now;
	nodes.replaceChildren(...(isOpen(build) ? build.nodes.map((node) => section(build, node)) : []));
	if (build.clients_left_out) {
		nodes.append(make("p", "muted", `And ${build.clients_left_out} connections more.`));
	}
	if (focused >= 0) {
		nodes.querySelectorAll("button")[focused]?.focus();
	}
}

function drawKeys(build) {
	const parts = [];
	if (build.actors.length) {
		parts.push(`For ${build.actors.join(", ")}.`);
	}
	if (build.keys_as_of) {
		parts.push(`Keys as they were at ${moment(new Date(build.keys_as_of))}: one added later needs another build.`);
	}
	if (build.key_fingerprints.length) {
		parts.push(build.key_fingerprints.join(" "));
	}
	byId("who").hidden = parts.length === 0;
	say("keys", parts.join(" "));
}

function drawFiles(build) {
	byId("more").hidden = !isOpen(build);
	for (const [place, text, label] of [["ssh-config", build.ssh_config, "Copy for ~/.ssh/config"],
		["known-hosts", build.known_hosts, "Copy for known_hosts"]]) {
		const node = byId(place);
		if (node.dataset.text !== text) {
			node.dataset.text = text;
			node.replaceChildren(copyable(text, label));
		}
	}
	byId("known").hidden = !build.known_hosts;
}

function tick() {
	if (heard && performance.now() - heard > BEHIND_MS) {
		badge("no answer", "bad");
	}
	if (deadline !== null) {
		const left = (deadline - performance.now()) / 1000;
		say("left", duration(left));
		byId("left").className = left < 300 ? "big bad" : left < 900 ? "big warn" : "big";
	}
}

function drawTime(build) {
	const end = moment(new Date(build.deadline));

	byId("time").hidden = false;
	if (isOpen(build)) {
		const next = performance.now() + build.remaining_s * 1000;
		// Whole seconds come in: small differences are no news.
		deadline = deadline !== null && Math.abs(deadline - next) < 1500 ? deadline : next;
		say("time-title", "Time left");
		say("deadline", build.finished_at ? `The build is over. The way in closes at ${end}.`
			: `The way in closes at ${end} at the latest, sooner if the build is over sooner.`);
		return;
	}
	deadline = null;
	say("time-title", "Over");
	say("left", end);
	byId("left").className = "big";
	say("deadline", `SSH for this build has ended: ${REASONS[build.reason] || build.reason}. ` +
		"Rebuild with SSH for a new session.");
}

function draw(build) {
	const ready = build.nodes.filter((node) => node.state === "ready").length;
	const all = build.nodes.length;

	document.title = `${build.title} – Debug via SSH`;
	say("title", build.title);
	say("about", `${build.title === build.id ? "" : `${build.id}, `}by ${build.edge}`);
	byId("missing").hidden = true;
	if (!isOpen(build)) {
		badge("ended", "bad");
	} else {
		badge(ready === all ? build.state : `${build.state}, ${ready} of ${all} ready`, ready === all ? "good" : "warn");
	}
	drawTime(build);
	drawNodes(build);
	drawKeys(build);
	drawFiles(build);
	tick();
}

function drawMissing() {
	deadline = null;
	badge("not there", "bad");
	say("title", id);
	byId("missing").hidden = false;
	say("missing", `There is no build ${id}. It may have ended a while ago, or SSH was never enabled for it.`);
	for (const part of ["time", "who", "more"]) {
		byId(part).hidden = true;
	}
	byId("nodes").replaceChildren();
	drawn = "";
}

async function poll() {
	const {status, body} = await fetchJson(`../page/data/builds/${encodeURIComponent(id)}`);

	if (status === 404) {
		heard = performance.now();
		drawMissing();
		return POLL_MS * 2;
	}
	if (status !== 200) {
		throw new Error(body?.detail || `status ${status}`);
	}
	heard = performance.now();
	draw(body);
	return POLL_MS;
}

every(POLL_MS, poll, (error) => badge(error.name === "TimeoutError" ? "no answer" : "away", "bad"));
setInterval(tick, 500);
