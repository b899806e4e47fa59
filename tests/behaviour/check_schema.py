#!/usr/bin/env python3
"""Holds an answer of superd's, as superctl --json prints it, against the schema that is documented.

   check_schema.py SCHEMA DEFINITION <ANSWER

All lines are of this definition, but the last one may be an end; superctl keeps that of a good answer to itself. Members that the
schema does not name are an error here, so that it stays whole; a line must match the schema without that rule, too. 77: there is
no jsonschema."""
import json
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def strict(schema):
    """The same schema, in which nothing may stand that it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        schema.setdefault("additionalProperties", False)
    return schema


def check(schema, definition, line):
    validator = jsonschema.Draft7Validator({**schema, "$ref": f"#/definitions/{definition}"})
    wrong = False
    for error in validator.iter_errors(json.loads(line)):
        print(f"{definition}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}\n  in {line[:1000]}", file=sys.stderr)
        wrong = True
    return wrong


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    lines = sys.stdin.read().splitlines()
    if not lines:
        print("there is no line", file=sys.stderr)
        return 1
    end = lines.pop() if json.loads(lines[-1]).keys() & {"done", "error"} else '{"done": true}'
    wrong = [check(form, sys.argv[2], line) for form in (schema, strict(schema)) for line in lines]
    wrong.append(check(strict(schema), "end", end))
    return 1 if any(wrong) else 0


sys.exit(main())
