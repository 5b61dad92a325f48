"""docs/api/openapi.yaml and the table of routes say the same.

    openapi_check.py NARU OPENAPI

Compared both ways: paths with their parameters, methods, who may (the first sentence of each description: "Roles: a, b.
Scope: c."), what may be done without an account, Idempotency-Key. Also: every operationId is there once, every $ref
leads somewhere, every component is used. Then faults are planted, each of which must be found.
"""
import copy
import json
import re
import subprocess
import sys

import yaml

METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}


def routes_of(naru):
    lines = subprocess.run([naru, "serve", "--print-routes"], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield (method.upper(), path), item[method], item.get("parameters", []) + item[method].get("parameters", [])


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


def target(document, reference):
    """What a $ref names, or None."""
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node if reference.startswith("#/") else None


def sentence(route):
    """How the document says who may use the route."""
    if route["door"] == "open":
        return "Roles: none."
    who = {"signed_in": "any", "roles": ", ".join(route["roles"]), "link": ", ".join(route["roles"]) + "; or without an account"}
    return f"Roles: {who[route['door']]}. Scope: {route['scope']}."


def check_security(route, operation):
    """None where the document's own default holds; [] where nobody needs an account; {} among the ways of a link."""
    security = operation.get("security")
    if route["door"] == "open":
        return [] if security == [] else ["must have security: []"]
    if route["door"] == "link":
        return [] if security and {} in security else ["must allow no credential in its security"]
    return ["must leave security to the document's default"] if security is not None else []


def check_operation(document, route, operation, parameters):
    parameters = [target(document, p["$ref"]) or {} if "$ref" in p else p for p in parameters]
    description = operation.get("description", "").replace("\n", " ")
    if not (description + " ").startswith(sentence(route) + " "):
        yield f"the description must begin with: {sentence(route)}"
    yield from check_security(route, operation)
    wanted = re.findall(r"\{(\w+)\*?\}", route["path"])
    given = [p.get("name") for p in parameters if p.get("in") == "path"]
    if sorted(wanted) != sorted(given):
        yield f"path parameters are {given}, the route has {wanted}"
    takes_key = any(p.get("name") == "Idempotency-Key" for p in parameters)
    if takes_key != route["takes_idempotency_key"]:
        yield "Idempotency-Key is in one of the two alone"


def check(document, routes):
    """All differences, as lines."""
    table = {(r["method"], r["path"].replace("*}", "}")): r for r in routes}
    found, ids = {}, []
    for key, operation, parameters in operations(document):
        found[key] = (operation, parameters)
        ids.append(operation.get("operationId"))
    problems = [f"{m} {p}: is not in the document" for m, p in table.keys() - found.keys()]
    problems += [f"{m} {p}: no route has it" for m, p in found.keys() - table.keys()]
    for key in table.keys() & found.keys():
        problems += [f"{key[0]} {key[1]}: {problem}" for problem in check_operation(document, table[key], *found[key])]
    problems += [f"operationId {i}: is there {ids.count(i)} times" for i in set(ids) if i is None or ids.count(i) > 1]
    used = set(references(document))
    problems += [f"{reference}: leads nowhere" for reference in used if target(document, reference) is None]
    for kind, components in document["components"].items():
        if kind == "securitySchemes":  # named, not referred to
            continue
        problems += [f"#/components/{kind}/{n}: is not used" for n in components if f"#/components/{kind}/{n}" not in used]
    return sorted(problems)


def plant_faults(document, routes):
    """Each fault, as its name and the document and the routes that have it."""
    def fault(name, change):
        changed = copy.deepcopy(document), copy.deepcopy(routes)
        change(*changed)
        return name, *changed

    job = "/api/v1/jobs/{job_id}"
    yield fault("a path is missing", lambda d, r: d["paths"].pop(job))
    yield fault("a method is missing", lambda d, r: d["paths"][job].pop("get"))
    yield fault("a route is missing", lambda d, r: r.remove(next(x for x in r if x["path"] == job)))
    yield fault("a method is another", lambda d, r: d["paths"][job].update(put=d["paths"][job].pop("patch")))
    yield fault("a path parameter is missing", lambda d, r: d["paths"][job].pop("parameters"))
    yield fault("a role is another", lambda d, r: next(x for x in r if x["path"] == job)["roles"].append("broker"))
    yield fault("a scope is another", lambda d, r: next(x for x in r if x["path"] == job).update(scope="admin"))
    yield fault("a route is open", lambda d, r: next(x for x in r if x["path"] == job).update(door="open"))
    yield fault("an operation is open", lambda d, r: d["paths"][job]["get"].update(security=[]))
    yield fault("a link is none", lambda d, r: d["paths"]["/api/v1/data/{object_id}"]["get"].pop("security"))
    yield fault("a key is not told", lambda d, r: d["paths"]["/api/v1/jobs"]["post"].pop("parameters"))
    yield fault("an id is there twice", lambda d, r: d["paths"][job]["get"].update(operationId="listJobs"))
    yield fault("a reference leads nowhere", lambda d, r: d["components"]["schemas"].pop("Job"))
    yield fault("a component is not used", lambda d, r: d["components"]["schemas"].update(Nobody={}))


def main(naru, openapi):
    with open(openapi, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    routes = routes_of(naru)
    problems = check(document, routes)
    if not problems:
        problems = [f"self-test: not found: {name}" for name, d, r in plant_faults(document, routes) if not check(d, r)]
    print("\n".join(problems) or f"{len(routes)} routes, each as documented")
    return 1 if problems or not routes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
