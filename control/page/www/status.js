// SPDX-License-Identifier: BSD-3-Clause
// The whole edge: polled once a second, builds by what has changed.
import {badge, byId, duration, every, fetchJson, make, moment, number, paused, say} from "./page.js";
import {drawFleet, fleetProblems} from "./fleet.js";
import {Table} from "./table.js";

const POLL_MS = 1000;
const ROUND_MS = 50;

const table = new Table({
	scroller: byId("builds"),
	table: byId("table"),
	rows: byId("rows"),
	find: byId("find"),
	which: byId("which"),
	shown: byId("shown"),
});

let before = null; // what rates are told from
let lastSeq = -1;
const query = {epoch: 0, since: 0};

// Result: how much of each figure a second, null at first and after a restart.
function rates(figures) {
	const now = performance.now(), last = before;
	before = {...figures, now};
	if (!last || last.started !== figures.started || now - last.now < 200) {
		return null;
	}
	return (key) => Math.max(0, (figures[key] - (last[key] ?? 0)) * 1000 / (now - last.now));
}

function problems(status) {
	const list = [];

	for (const side of status.interfaces) {
		if (side.mode === "none") {
			list.push(`${side.name} meets no program: ${side.problem || "nothing is carried there"}.`);
		}
	}
	if (status.carrying === "none") {
		list.push("Nobody carries packets.");
	}
	list.push(...status.left_to_xdp.map((why) => `sallyport-dp leaves packets to the XDP program because ${why}.`));
	if (status.engine === "dpdk" && status.carrying === "xdp") {
		list.push("sallyport-dp is away: the XDP program carries.");
	}
	if (status.netlink === "failed") {
		list.push("sallyportd does not hear of changes of this host (netlink).");
	}
	if (status.journal_failing_since) {
		list.push("Changes are refused: the journal cannot be written.");
	}
	if (status.journal_errors) {
		list.push(`${status.journal_errors} errors of the journal since the start.`);
	}
	if (status.cuts.owed) {
		list.push(`${status.cuts.owed} ends of sessions are in force and not in the journal yet.`);
	}
	if (status.leases_live !== status.leases_expected) {
		list.push(`${status.leases_live} leases are live, of ${status.leases_expected} that should be.`);
	}
	if (status.hooks && status.hooks.behind > 100) {
		list.push(`Hooks are ${status.hooks.behind} events behind.`);
	}
	if (status.ports.free * 10 < status.ports.total) {
		list.push(`${status.ports.free} public ports are free.`);
	}
	if (status.connections.notes_lost || status.connections.records_lost) {
		list.push("Records of connections were lost since the start.");
	}
	return [...list, ...fleetProblems(status.fleet), ...status.warnings];
}

function drawHealth(status) {
	const list = problems(status);
	const bad = status.carrying === "none" || status.interfaces.some((side) => side.mode === "none");

	byId("problems").hidden = list.length === 0;
	const text = list.join("\n");
	if (byId("problem-list").dataset.text !== text) {
		byId("problem-list").dataset.text = text;
		byId("problem-list").replaceChildren(...list.map((line) => make("li", "", line)));
	}
	badge(bad ? "not carrying" : list.length ? "needs a look" : "all well", bad ? "bad" : list.length ? "warn" : "good");
}

function drawCards(status) {
	const carried = status.verdicts.filter(([name]) => name === "forwarded" || name === "completed");
	const dropped = status.verdicts.filter(([, fate]) => fate === "drop");
	const sum = (rows) => rows.reduce((all, row) => all + row[2] + row[3], 0);
	const rate = rates({
		started: status.started_at,
		carried: sum(carried),
		dropped: sum(dropped),
		opened: status.connections.opened,
		...Object.fromEntries(status.verdicts.map(([name, , xdp, dpdk]) => [`v:${name}`, xdp + dpdk])),
	});

	say("carrying", status.carrying === "dpdk" ? "DPDK" : status.carrying === "xdp" ? "XDP" : "nobody");
	say("why", status.engine === status.carrying ? "as configured" : `configured: ${status.engine}`);
	const counts = Object.entries(status.builds);
	if (byId("counts").children.length === 0) {
		byId("counts").append(...counts.flatMap(([state]) => [make("dt", "", state), make("dd", "")]));
	}
	counts.forEach(([, value], i) => {
		byId("counts").children[2 * i + 1].textContent = value.toLocaleString();
	});
	say("connections", status.connections.open.toLocaleString());
	say("ports", `${status.ports.used.toLocaleString()} of ${status.ports.total.toLocaleString()} in use`);
	byId("ports-bar").value = status.ports.total ? status.ports.used / status.ports.total : 0;
	say("quarantined", `${status.ports.quarantined.toLocaleString()} at rest`);
	if (rate) {
		say("rate", number(rate("carried")));
		say("drops", number(rate("dropped")));
		say("opened", number(rate("opened")));
	}
	return rate;
}

function drawVerdicts(status, rate) {
	const order = {drop: 0, answer: 1, carry: 2, pass: 3};
	const rows = status.verdicts.slice().sort((a, b) => order[a[1]] - order[b[1]] || (b[2] + b[3]) - (a[2] + a[3]));

	byId("verdicts").replaceChildren(...rows.map(([name, fate, xdp, dpdk, help]) => make("tr", "",
		make("td", fate === "drop" ? "bad" : "", name.replaceAll("_", " ")),
		make("td", "muted", `${fate === "pass" ? "to the host: " : fate === "drop" ? "dropped: " : ""}${help}`),
		make("td", "", rate ? number(rate(`v:${name}`)) : "–"),
		make("td", "", (xdp + dpdk).toLocaleString()))));
}

function eventLine(event) {
	const item = make("li", "", make("span", "muted", `${new Date(event.time).toLocaleTimeString()} `), `${event.type} `);

	if (event.build) {
		const link = make("a", "", event.build);
		link.href = `builds/${encodeURIComponent(event.build)}`;
		item.append(link, " ");
	}
	const more = [event.node === undefined ? "" : `node ${event.node}`, event.reason, event.detail, event.before && `after ${event.before}`,
		event.why, event.packets && `${event.packets} packets`];
	item.append(more.filter(Boolean).join(", "));
	return item;
}

function drawEvents(events) {
	const newest = events.length ? events[events.length - 1].seq : 0;
	if (newest !== lastSeq) {
		lastSeq = newest;
		byId("events").replaceChildren(...events.slice().reverse().map(eventLine));
	}
}

async function ask(path) {
	const {status, body} = await fetchJson(path);
	if (status !== 200) {
		throw new Error(body?.detail || `status ${status}`);
	}
	return body;
}

async function pollStatus() {
	const status = await ask("page/data/status");

	document.title = `${status.name} – sallyport`;
	say("name", status.name);
	const up = (Date.parse(status.now) - Date.parse(status.started_at)) / 1000;
	say("about", `sallyport ${status.version}, up ${duration(up)}, ${moment(new Date(status.now))}`);
	drawHealth(status);
	drawFleet(status.fleet);
	drawVerdicts(status, drawCards(status));
	drawEvents(status.events || []);
}

// One part of what has changed. Result: whether there is more of it.
async function pollBuilds(part) {
	const rows = part.after ? "" : table.inSight().join(",");
	const answer = await ask(`page/data/builds?epoch=${query.epoch}&since=${query.since}&after=${part.after}&rows=${rows}`);

	if (answer.reset) {
		table.clear();
		query.epoch = answer.epoch;
		part.tick = null;
	}
	part.tick ??= answer.tick;
	table.take(answer);
	if (answer.next !== null) {
		part.after = answer.next;
		return true;
	}
	query.since = part.tick;
	Object.assign(part, {after: 0, tick: null});
	return answer.more;
}

const part = {after: 0, tick: null};
let statusAt = -Infinity;

async function poll() {
	if (performance.now() - statusAt >= POLL_MS - ROUND_MS) {
		statusAt = performance.now();
		await pollStatus();
	}
	const more = await pollBuilds(part);
	table.draw();
	return more ? ROUND_MS : POLL_MS;
}

const run = every(POLL_MS, poll, (error) => badge(error.name === "TimeoutError" ? "no answer" : "away", "bad"));

setInterval(() => table.later(), POLL_MS);

byId("pause").addEventListener("click", () => {
	paused.by_user = !paused.by_user;
	byId("pause").setAttribute("aria-pressed", paused.by_user);
	byId("pause").textContent = paused.by_user ? "Go on" : "Pause";
	if (!paused.by_user) {
		run();
	}
});

document.addEventListener("keydown", (event) => {
	if (event.key === "/" && !(event.target instanceof HTMLInputElement)) {
		event.preventDefault();
		byId("find").focus();
	}
});
