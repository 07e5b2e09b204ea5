#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A typed client for TypeScript: typescript_client.py <openapi.json >sallyport.ts

Of each schema it makes a type, of each call a method of Client, whose answer is told apart by its status, and a
problem or an event by its type. The client needs nothing but Node's http."""
import json
import sys

RUNTIME = '''
export interface Reply<Status extends number, Body> {
\tstatus: Status;
\theaders: { [name: string]: string | string[] | undefined };
\tbody: Body;
}

/** What a stream of events was refused with. */
export class Refusal extends Error {
\tconstructor(readonly problem: Problem) {
\t\tsuper(problem.detail);
\t}
}

interface Call {
\tmethod: string;
\tpath: string;
\tquery?: { [name: string]: string | number | undefined };
\theaders?: { [name: string]: string };
\tbody?: object;
}

const agent = new Agent({ keepAlive: true });

function send(socketPath: string, call: Call): Promise<IncomingMessage> {
\tconst query = Object.entries(call.query ?? {})
\t\t.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]))
\t\t.join("&");
\tconst text = call.body === undefined ? undefined : JSON.stringify(call.body);
\tconst headers = { ...call.headers, ...(text === undefined ? {} : { "Content-Type": "application/json" }) };
\treturn new Promise((resolve, reject) => {
\t\tconst path = call.path + (query ? "?" + query : "");
\t\tconst sent = request({ socketPath, agent, method: call.method, path, headers }, resolve);
\t\tsent.on("error", reject);
\t\tsent.end(text);
\t});
}

async function read(message: IncomingMessage): Promise<string> {
\tlet text = "";
\tmessage.setEncoding("utf8");
\tfor await (const part of message) text += part;
\treturn text;
}

/** The one place where JSON becomes a type: what the document promises is believed. */
async function ask<Answer>(socketPath: string, call: Call): Promise<Answer> {
\tconst message = await send(socketPath, call);
\tconst text = await read(message);
\tconst json = /json/.test(message.headers["content-type"] ?? "");
\tconst reply = JSON.parse("{}");
\treply.status = message.statusCode;
\treply.headers = message.headers;
\treply.body = text && json ? JSON.parse(text) : text || undefined;
\treturn reply;
}

async function* follow<Line>(socketPath: string, call: Call): AsyncGenerator<Line, void, void> {
\tconst message = await send(socketPath, call);
\tif (message.statusCode !== 200) throw new Refusal(JSON.parse(await read(message)));
\tlet rest = "";
\tmessage.setEncoding("utf8");
\tfor await (const part of message) {
\t\tconst lines = (rest + part).split("\\n");
\t\trest = lines.pop() ?? "";
\t\tfor (const line of lines) yield JSON.parse(line);
\t}
}

export class Client {
\tconstructor(private readonly socketPath: string) {}
'''


def indent(text):
    return text.replace("\n", "\n\t")


def make_object(schema):
    required, more = schema.get("required", []), schema.get("additionalProperties")
    lines = []
    for name, member in schema.get("properties", {}).items():
        if "description" in member:
            lines.append(f"/** {member['description']} */")
        lines.append(f"{name}{'' if name in required else '?'}: {make_type(member)};")
    if not lines:
        return f"{{ [name: string]: {make_type(more) if isinstance(more, dict) else 'unknown'} }}"
    return "{\n\t" + "\n\t".join(indent(line) for line in lines) + "\n}"


def make_type(schema):
    """The type of a schema, as TypeScript writes it."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " | ".join(make_type(choice) for choice in choices)
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum") or [schema["const"]])
    kind = schema["type"]
    if kind == "array":
        item = make_type(schema["items"])
        return f"({item})[]" if "|" in item else item + "[]"
    if kind == "object":
        return make_object(schema)
    return {"integer": "number"}.get(kind, kind)


def make_reply(status, response):
    bodies = [make_type(content["schema"]) for content in response.get("content", {}).values()]
    return f"Reply<{status}, {' | '.join(dict.fromkeys(bodies)) or 'undefined'}>"


def make_parameters(operation, where):
    return [f'"{p["name"]}"?: {make_type(p["schema"])}' for p in operation["parameters"] if p["in"] == where]


def make_method(method, path, operation):
    """A method of Client: id, body, then what may be left out."""
    arguments, fields = [], [f'method: "{method.upper()}"']
    target = path.replace("{id}", "${encodeURIComponent(id)}")
    fields.append(f"path: `{target}`")
    if "{id}" in path:
        arguments.append("id: string")
    if "requestBody" in operation:
        body = operation["requestBody"]
        arguments.append(f"body{'' if body['required'] else '?'}: {make_type(body['content']['application/json']['schema'])}")
        fields.append("body")
    for where, name in (("query", "query"), ("header", "headers")):
        parameters = make_parameters(operation, where)
        if parameters:
            arguments.append(f"{name}: {{ {'; '.join(parameters)} }} = {{}}")
            fields.append(f"{name}: {{ ...{name} }}")
    call = f"this.socketPath, {{ {', '.join(fields)} }}"
    lines = operation["responses"].get("200", {}).get("content", {}).get("application/x-ndjson")
    head = f"\n\t/** {operation['summary']} */\n\t{operation['operationId']}({', '.join(arguments)})"
    if lines:
        line = make_type(lines["schema"])
        return f"{head}: AsyncGenerator<{line}, void, void> {{\n\t\treturn follow<{line}>({call});\n\t}}"
    answers = " | ".join(make_reply(status, r) for status, r in sorted(operation["responses"].items()))
    return f"{head}: Promise<{answers}> {{\n\t\treturn ask({call});\n\t}}"


def main():
    document = json.load(sys.stdin)
    print("/* Made by typescript_client.py of openapi.json: not to be edited. */")
    print('import { Agent, IncomingMessage, request } from "node:http";\n')
    for name, schema in document["components"]["schemas"].items():
        made = make_type(schema)
        declared = f"interface {name} " if made.startswith("{\n") else f"type {name} = "
        print(f"export {declared}{made}{'' if declared.startswith('interface') else ';'}\n")
    print(RUNTIME.strip())
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            print(make_method(method, path, operation))
    print("}")


if __name__ == "__main__":
    main()
