// SPDX-License-Identifier: BSD-3-Clause
// The table of builds: all of them are here, those in sight alone are in the document.
import {bytes, duration, make} from "./page.js";

const ROW_PX = 36; // as in style.css
const SPARE = 6;
const NONE = Number.MAX_SAFE_INTEGER;

// Rows as they come, by place (control/page/rows.h).
function toBuild(row) {
	const [serial, id, title, state, reason, user, organisation, actors, created, deadline, ended, connected, nodes, ready] = row;
	return {serial, id, title, state, reason, user, organisation, created, deadline, ended, connected, nodes, ready,
		text: [id, title, user, organisation, ...actors].join("\n").toLowerCase()};
}

const KEYS = {
	title: (build) => build.title.toLowerCase(),
	state: (build) => build.state,
	left: (build) => (build.state === "ended" ? NONE - build.ended : build.deadline),
	nodes: (build) => build.nodes,
	user: (build) => build.user || "",
	created: (build) => -build.serial,
};

export class Table {
	constructor(parts) {
		Object.assign(this, parts); // scroller, table, rows, find, which, shown
		this.builds = new Map(); // by serial
		this.list = []; // those that are wanted, in order
		this.live = new Map();
		this.sort = {key: "left", up: true};
		this.clock = {boot: 0, at: 0};
		this.stale = true;
		this.pool = [];
		this.gaps = [this.gap(), this.gap()];
		this.rows.replaceChildren(...this.gaps);
		this.scroller.addEventListener("scroll", () => this.later());
		window.addEventListener("resize", () => this.later());
		this.find.addEventListener("input", () => this.want());
		this.which.addEventListener("change", () => this.want());
		for (const head of this.table.querySelectorAll("th[data-key]")) {
			head.querySelector("button").addEventListener("click", () => this.order(head.dataset.key));
		}
		this.showOrder();
	}

	gap() {
		const cell = make("td", "gap");
		cell.colSpan = 8;
		const row = make("tr", "", cell);
		row.setAttribute("aria-hidden", "true");
		return row;
	}

	later() {
		this.due ||= requestAnimationFrame(() => {
			this.due = 0;
			this.draw();
		});
	}

	want() {
		this.stale = true;
		this.scroller.scrollTop = 0;
		this.later();
	}

	order(key) {
		this.sort = {key, up: this.sort.key === key ? !this.sort.up : true};
		this.showOrder();
		this.want();
	}

	showOrder() {
		for (const head of this.table.querySelectorAll("th[data-key]")) {
			const up = this.sort.up ? "ascending" : "descending";
			head.setAttribute("aria-sort", head.dataset.key === this.sort.key ? up : "none");
		}
	}

	clear() {
		this.builds.clear();
		this.live.clear();
		this.stale = true;
	}

	// What a poll said.
	take(answer) {
		for (const row of answer.rows) {
			this.builds.set(row[0], toBuild(row));
		}
		for (const serial of answer.gone) {
			this.builds.delete(serial);
		}
		for (const [serial, connections, toVm, toClient] of answer.live) {
			this.live.set(serial, {connections, traffic: toVm === null ? null : toVm + toClient});
		}
		this.stale ||= answer.rows.length > 0 || answer.gone.length > 0;
		this.clock = {boot: answer.boot_ms / 1000, at: performance.now()};
	}

	wanted(build, words) {
		const which = this.which.value;
		const state = which === "all" || (which === "open" ? build.state !== "ended" : build.state === which);
		return state && words.every((word) => build.text.includes(word));
	}

	select() {
		const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
		const key = KEYS[this.sort.key], up = this.sort.up ? 1 : -1;
		const keyed = [];
		for (const build of this.builds.values()) {
			if (this.wanted(build, words)) {
				keyed.push([key(build), build]);
			}
		}
		keyed.sort(([a, first], [b, second]) => (a < b ? -up : a > b ? up : first.serial - second.serial));
		this.list = keyed.map(([, build]) => build);
		this.table.setAttribute("aria-rowcount", this.list.length + 1);
		this.stale = false;
		const all = this.builds.size;
		const text = `${this.list.length.toLocaleString()} of ${all.toLocaleString()} builds`;
		if (this.shown.textContent !== text) {
			this.shown.textContent = text;
		}
	}

	range() {
		const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW_PX) - SPARE);
		const count = Math.ceil(this.scroller.clientHeight / ROW_PX) + 2 * SPARE;
		return [Math.min(first, this.list.length), Math.min(first + count, this.list.length)];
	}

	// Serials in sight, for whoever asks for their figures.
	inSight() {
		const [first, last] = this.range();
		return this.list.slice(first, last).map((build) => build.serial).slice(0, 64);
	}

	draw() {
		if (this.stale) {
			this.select();
		}
		const [first, last] = this.range();
		while (this.pool.length < last - first) {
			const row = this.makeRow();
			this.pool.push(row);
			this.gaps[1].before(row.node);
		}
		this.pool.forEach((row, i) => {
			row.node.hidden = i >= last - first;
			if (!row.node.hidden) {
				this.fill(row, this.list[first + i], first + i);
			}
		});
		this.gaps[0].firstChild.style.height = `${first * ROW_PX}px`;
		this.gaps[1].firstChild.style.height = `${(this.list.length - last) * ROW_PX}px`;
	}

	makeRow() {
		const link = make("a", "");
		const cells = Array.from({length: 8}, (_, i) => make("td", i >= 3 ? "extra" : ""));
		cells[0].append(link);
		return {node: make("tr", "", ...cells), link, cells, texts: []};
	}

	put(row, i, text, name = "") {
		if (row.texts[i] !== text) {
			row.texts[i] = text;
			(i === 0 ? row.link : row.cells[i]).textContent = text;
		}
		const wanted = i >= 3 ? "extra" : name;
		if (row.cells[i].className !== wanted) {
			row.cells[i].className = wanted;
		}
	}

	fill(row, build, index) {
		const open = build.state !== "ended";
		const left = build.deadline - this.clock.boot - (performance.now() - this.clock.at) / 1000;
		const live = this.live.get(build.serial);

		row.node.setAttribute("aria-rowindex", index + 2);
		if (row.serial !== build.serial) {
			row.serial = build.serial;
			row.link.href = `builds/${encodeURIComponent(build.id)}`;
			row.link.title = build.title === build.id ? build.id : `${build.title} (${build.id})`;
		}
		this.put(row, 0, build.title);
		this.put(row, 1, open ? build.state : `ended: ${build.reason}`,
			!open ? "muted" : build.ready < build.nodes ? "warn" : "good");
		this.put(row, 2, open ? duration(left) : "–", open && left < 300 ? "bad" : "");
		this.put(row, 3, `${build.ready}/${build.nodes} ready`);
		this.put(row, 4, build.user || "");
		this.put(row, 5, new Date(build.created * 1000).toLocaleTimeString());
		this.put(row, 6, live?.connections ? String(live.connections) : build.connected ? "was" : "never");
		this.put(row, 7, live && live.traffic !== null ? bytes(live.traffic) : "");
	}
}
