/* SPDX-License-Identifier: BSD-3-Clause */
/* The little of Node that the client and its test use; who has @types/node does without. */
declare module "node:http" {
	interface IncomingMessage extends AsyncIterable<string> {
		statusCode?: number;
		headers: { [name: string]: string | undefined };
		setEncoding(encoding: "utf8"): void;
	}
	interface ClientRequest {
		on(event: "error", listener: (error: Error) => void): void;
		end(text?: string): void;
	}
	interface Options {
		socketPath: string;
		agent: Agent;
		method: string;
		path: string;
		headers: { [name: string]: string | undefined };
	}
	class Agent {
		constructor(options: { keepAlive: boolean });
		destroy(): void;
	}
	function request(options: Options, answered: (message: IncomingMessage) => void): ClientRequest;
}

declare const process: { argv: string[]; exitCode: number };
declare const console: { log(text: string): void; error(text: string): void };
