// SPDX-License-Identifier: BSD-3-Clause
// The fleet, as sallyport-fleet has said; what is shown and how comes along with it.
import {byId, make, moment, say} from "./page.js";

const find = (object, member) => member.split(".").reduce((inside, name) => inside?.[name], object);

const writers = {
	flag: (value) => value ? "yes" : "no",
	ms: (value) => `${(value / 1000).toFixed(3)} s`,
	count: (value) => value.toLocaleString(),
	time: (value) => moment(new Date(value)),
};

function write(object, [member, as]) {
	const value = find(object, member);
	return value === null || value === undefined ? "–" : (writers[as] || String)(value);
}

const line = (name, object, figures) =>
	`${name}: ${figures.map((figure) => `${figure[2]} ${write(object, figure)}`).join(", ")}`;

function drawRows(id, objects, figures, well) {
	byId(`${id}-head`).replaceChildren(make("tr", "", ...figures.map(([, , head, help]) => {
		const cell = make("th", "", head.toLowerCase());
		cell.scope = "col";
		cell.title = help;
		return cell;
	})));
	byId(id).replaceChildren(...objects.map((object) => make("tr", object[well] ? "" : "bad",
		...figures.map((figure) => make("td", "", write(object, figure))))));
}

export function fleetProblems(fleet) {
	if (!fleet) {
		return [];
	}
	if (!fleet.fresh) {
		return ["sallyport-fleet is away: this edge does not follow its fleet."];
	}
	const {said} = fleet;
	return [
		...said.current ? [] : [`This edge may lack what its fleet's store has: ${said.reason}.`],
		...said.edges.filter((edge) => !edge.alive).map((edge) => `Edge ${edge.name} of the fleet is not heard of.`),
		...said.store.members.filter((member) => !member.reachable && member.why)
			.map((member) => `${member.url} of the store: ${member.why}.`),
	];
}

export function drawFleet(fleet) {
	byId("fleet").hidden = !fleet?.said;
	if (!fleet?.said) {
		return;
	}
	const {said, figures, fresh} = fleet;
	say("fleet-current", !fresh ? `As it was ${moment(new Date(fleet.heard_at))}: sallyport-fleet is away.`
		: said.current ? `${said.edge} has what the store has.` : `${said.edge} may lack what the store has: ${said.reason}.`);
	byId("fleet-current").className = fresh && said.current ? "good" : "bad";
	say("fleet-here", line("Here", said, figures.fleet));
	say("fleet-store", line("Store", said.store, figures.store));
	drawRows("fleet-edges", said.edges, figures.edges, "alive");
	drawRows("fleet-members", said.store.members, figures.members, "reachable");
}
