#!/usr/bin/env python3
"""Holds an answer of superd's, as superctl --json prints it, against the schema that is documented.

   check_schema.py SCHEMA DEFINITION <ANSWER

All lines but the last are of this definition, the last one is an end. Members that the schema does not name are an error
here, so that it stays whole; a line must match the schema without that rule, too. 77: there is no jsonschema."""
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
    wrong = [check(form, sys.argv[2], line) for form in (schema, strict(schema)) for line in lines[:-1]]
    wrong.append(check(strict(schema), "end", lines[-1]))
    return 1 if any(wrong) else 0


sys.exit(main())
