# SPDX-License-Identifier: BSD-3-Clause
"""Answers against the daemon's OpenAPI document, more strictly than a client may be: what is not declared is wrong."""
import re

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}
KNOWN = {"$ref", "anyOf", "oneOf", "discriminator", "type", "properties", "required", "additionalProperties", "items",
         "enum", "const", "format", "description", "examples", "minimum", "maximum", "minLength", "maxLength",
         "minItems", "maxItems", "pattern"}


class Wrong(AssertionError):
    pass


class Document:
    def __init__(self, document):
        self.document = document
        self.schemas = document["components"]["schemas"]
        self.paths = [(re.compile(re.escape(path).replace(re.escape("{id}"), "[^/?]+") + "(\\?|$)"), operations)
                      for path, operations in document["paths"].items()]

    def named(self, name):
        return self.schemas[name.rsplit("/", 1)[1]]

    def check(self, value, schema, where="answer"):
        """Raises Wrong, naming the place, if value is not exactly what schema declares."""
        if schema.keys() - KNOWN:
            raise Wrong(f"{where}: the schema has {schema.keys() - KNOWN}, which is not looked at")
        if "$ref" in schema:
            self.check(value, self.named(schema["$ref"]), where)
        elif "oneOf" in schema:
            names = schema["discriminator"]["mapping"]
            self.check(value, self.named(names.get(value["type"]) or self.refuse(where, value)), where)
        elif "anyOf" in schema:
            self.check_null_or(value, schema["anyOf"], where)
        else:
            self.check_one(value, schema, where)

    @staticmethod
    def refuse(where, value):
        raise Wrong(f"{where}: {str(value)[:200]} is not declared")

    def check_null_or(self, value, choices, where):
        schemas = [s for s in choices if (s == {"type": "null"}) == (value is None)]
        self.check(value, schemas[0], where)

    def check_one(self, value, schema, where):
        kind = TYPES[schema["type"]]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Wrong(f"{where}: {value!r} is not of type {schema['type']}")
        if "const" in schema and value != schema["const"]:
            raise Wrong(f"{where}: {value!r} is not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            raise Wrong(f"{where}: {value!r} is none of {schema['enum']}")
        if schema.get("format") == "date-time" and not TIME.fullmatch(value):
            raise Wrong(f"{where}: {value!r} is no time")
        if kind is list:
            for i, item in enumerate(value):
                self.check(item, schema["items"], f"{where}/{i}")
        if kind is dict and ("properties" in schema or "additionalProperties" in schema):
            self.check_members(value, schema, where)

    def check_members(self, value, schema, where):
        missing = set(schema.get("required", [])) - value.keys()
        if missing:
            raise Wrong(f"{where}: {', '.join(sorted(missing))} is missing")
        for name, member in value.items():
            declared = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if not declared:
                raise Wrong(f"{where}: {name} is not declared")
            self.check(member, declared, f"{where}/{name}")

    def operation(self, method, path):
        for pattern, operations in self.paths:
            if pattern.match(path):
                return operations.get(method.lower())
        return None

    def check_answer(self, method, path, answer):
        """An answer with status, headers, text and json, to a request."""
        media_type = (answer.headers.get("Content-Type") or "").split(";")[0]
        where = f"{method} {path.split('?')[0]} {answer.status}"
        operation = self.operation(method, path)
        if media_type == "application/problem+json":
            self.check(answer.json, self.schemas[f"Problem{answer.status}"], where)
        elif operation and answer.text:
            responses = operation["responses"].get(str(answer.status)) or self.refuse(where, "the status")
            content = responses.get("content", {}).get(media_type) or self.refuse(where, media_type)
            if media_type == "application/x-ndjson":
                for line in answer.lines():
                    self.check(line, content["schema"], f"{where} {line.get('type')}")
            elif media_type == "application/json":
                self.check(answer.json, content["schema"], where)
