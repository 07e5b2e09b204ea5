/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole life of a build through a client made of openapi.json, with no cast: typed_client.js SOCKET. */
import { Build, Client, Event, Problem, Refusal } from "./sallyport";

function check(condition: boolean, what: string): asserts condition {
	if (!condition) throw new Error(what);
}

/** Each kind of line has its own members, and all kinds are here: another would not compile. */
function tell(line: Event): string {
	switch (line.type) {
		case "build.enabled":
		case "build.changed":
		case "build.finished":
		case "build.extended":
			return `${line.build} until ${line.deadline.slice(0, 4)}`;
		case "build.ended":
			return `${line.build} ${line.reason}`;
		case "build.warning":
			return `${line.build} ${line.remaining_s.toFixed()}`;
		case "build.connected":
		case "node.ready":
		case "node.unreachable":
			return `${line.build} ${line.node.toFixed()}`;
		case "client.refused":
			return `${line.build ?? "-"} ${line.packets.toFixed()}`;
		case "pool.low":
		case "pool.recovered":
			return `${line.pool} ${line.free_ports.toFixed()}`;
		case "engine.switched":
		case "attachment.lost":
			return line.detail;
		case "attachment.restored":
			return `${line.detail} ${line.lost_ms.toFixed()}`;
		case "host.corrected":
			return `${line.detail} ${line.count.toFixed()}`;
		case "delivery.failed":
			return `${line.hook} ${line.failed_seq.toFixed()}`;
		case "heartbeat":
			return line.time;
		case "end":
			return line.reason;
	}
}

function holderOf(problem: Problem): string {
	// @ts-expect-error only one type of problem has a holder
	problem.holder;
	return problem.type === "urn:sallyport:problem:endpoint-in-use" ? problem.holder.build : "nobody";
}

async function enable(edge: Client, id: string, address: string): Promise<Build> {
	// @ts-expect-error a node needs an index
	const wrong: Parameters<Client["putBuild"]>[1] = { nodes: [{ address }] };
	const refused = await edge.putBuild(id, wrong);
	check(refused.status === 400, "a node without an index");
	check(refused.body.type === "urn:sallyport:problem:invalid", refused.body.type);
	check(refused.body.errors?.[0].pointer === "/nodes/0/index", "the pointer");
	const reply = await edge.putBuild(id, { user: "ubuntu", nodes: [{ index: 0, address }] });
	check(reply.status === 201, `enable is ${reply.status}`);
	check(reply.headers["etag"] !== undefined, "an entity tag");
	return reply.body;
}

async function look(edge: Client, build: Build): Promise<void> {
	const list = await edge.listBuilds({ limit: 10 });
	check(list.status === 200 && list.body.builds.some((each) => each.id === build.id), "it is listed");
	const shown = await edge.getBuild(build.id);
	check(shown.status === 200 && shown.body.nodes[0].ssh === build.nodes[0].ssh, "it is shown");
	// @ts-expect-error null until it has ended
	void (() => shown.body.ended_at.length);
	const how = await edge.connectBuild(build.id, { view: "wait", format: "json" });
	check(how.status === 200 && typeof how.body !== "string" && how.body.view === "wait", "how to connect");
	const second = await edge.putBuild("second", { nodes: [{ index: 0, address: build.nodes[0].address }] });
	check(second.status === 409 && holderOf(second.body) === build.id, "the holder of the endpoint");
	const none = await edge.getBuild("none");
	check(none.status === 404 && none.body.type === "urn:sallyport:problem:not-found", "no such build");
}

async function end(edge: Client, build: Build): Promise<void> {
	const key = { "Idempotency-Key": "typed-1" };
	const finished = await edge.finishBuild(build.id, {});
	check(finished.status === 200 && finished.body.state === "finished", "it is finished");
	const deadline = finished.body.deadline;
	const extended = await edge.extendBuild(build.id, { by_s: 60 }, key);
	check(extended.status === 200 && extended.body.deadline > deadline, "it is extended");
	const again = await edge.extendBuild(build.id, { by_s: 60 }, key);
	check(again.status === 200 && again.body.deadline === extended.body.deadline, "once");
	const most = await edge.extendBuild(build.id, { by_s: 10000000 });
	check(most.status === 422 && most.body.type === "urn:sallyport:problem:over-extension", "the most");
	const cancelled = await edge.cancelBuild(build.id);
	check(cancelled.status === 204 && cancelled.body === undefined, "it is cancelled");
}

async function main(edge: Client): Promise<void> {
	const build = await enable(edge, "typed", "10.0.9.1");
	const told: string[] = [];
	const lines = edge.followEvents({ since: 0 });

	await look(edge, build);
	await end(edge, build);
	for await (const line of lines) {
		told.push(`${line.type} ${tell(line)}`);
		if (line.type === "build.ended") break;
	}
	check(told[0].startsWith("build.enabled typed until 2"), told[0]);
	check(told[told.length - 1] === "build.ended typed cancelled", told.join(", "));
	check(told.length === 4, told.join(", "));
	for await (const line of edge.followEvents({ since: 1000000, follow: "0" })) throw new Error(line.type);
}

const client = new Client(process.argv[2]);

main(client).then(
	() => {
		throw new Error("events of the future");
	},
	(error: unknown) => {
		const refused = error instanceof Refusal && error.problem.type === "urn:sallyport:problem:invalid";

		console.log(refused ? "ok" : String(error));
		process.exitCode = refused ? 0 : 1;
	},
);
