"""The reference for the tests of bfcl and function_call: the field's own code, over JSON lines.

Reads one request a line, writes one answer a line, in order:

    {"op": "rows"}                                     -> {"rows": [...]}: the AST rows of the package's data
    {"op": "bfcl", "tools", "ground_truth", "category", "reply", "json": false, "underscore_to_dot": false}
                                                       -> {"pass", "error_type"}
    {"op": "decode", "reply"}                          -> {"calls": typed value} or {"error": class}
    {"op": "xlam", "calls", "reply"}                   -> {"score"}: stdlib only
    {"op": "lower", "text"}                            -> {"text"}

"bfcl", "decode" and "rows" need bfcl-eval==2026.3.23 (pip install --no-deps) with filelock, tenacity,
tree_sitter==0.21.3, tree-sitter-java==0.21.0 and tree-sitter-javascript==0.21.4. Its table of models, which
imports the clients of every vendor, is replaced by one with two entries.
"""

import json
import os
import re
import sys
import types

sys.set_int_max_str_digits(4300)


def load_bfcl():
    table = types.ModuleType("bfcl_eval.constants.model_config")
    table.MODEL_CONFIG_MAPPING = {
        "keep": types.SimpleNamespace(underscore_to_dot=False),
        "convert": types.SimpleNamespace(underscore_to_dot=True),
    }
    sys.modules["bfcl_eval.constants.model_config"] = table
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker
    from bfcl_eval.model_handler.utils import default_decode_ast_prompting
    from bfcl_eval.utils import is_function_calling_format_output

    return Language, ast_checker, default_decode_ast_prompting, is_function_calling_format_output


LOADED = []


def bfcl_parts():
    if not LOADED:
        LOADED.append(load_bfcl())
    return LOADED[0]


def rows(_):
    import bfcl_eval

    data = os.path.join(os.path.dirname(bfcl_eval.__file__), "data")
    out = []
    for name in ["simple_python", "multiple", "parallel", "parallel_multiple"] + [
        "live_simple",
        "live_multiple",
        "live_parallel",
        "live_parallel_multiple",
    ]:
        with open(os.path.join(data, f"BFCL_v4_{name}.json"), encoding="utf-8") as f:
            tasks = {row["id"]: row for row in map(json.loads, f)}
        with open(os.path.join(data, "possible_answer", f"BFCL_v4_{name}.json"), encoding="utf-8") as f:
            for gold in map(json.loads, f):
                if gold["id"] in tasks:
                    out.append(
                        {
                            "id": gold["id"],
                            "category": name.replace("live_", "").replace("_python", ""),
                            "tools": tasks[gold["id"]]["function"],
                            "ground_truth": gold["ground_truth"],
                            "question": tasks[gold["id"]]["question"],
                        }
                    )
    return {"rows": out}


def bfcl(req):
    language, ast_checker, decode, well_formed = bfcl_parts()
    try:
        if req.get("json"):  # as the handlers of function-calling models do
            calls = [{c["name"]: c["arguments"]} for c in json.loads(req["reply"])]
        else:
            calls = decode(req["reply"])
    except Exception:
        return {"pass": False, "error_type": "ast_decoder:decoder_failed"}
    if not well_formed(calls):
        return {"pass": False, "error_type": "ast_decoder:decoder_wrong_output_format"}
    try:
        model = "convert" if req.get("underscore_to_dot") else "keep"
        got = ast_checker(
            req["tools"], calls, req["ground_truth"], language.PYTHON, req["category"], model
        )
    except Exception:
        return {"pass": False, "error_type": "exception"}
    return {"pass": got["valid"], "error_type": "" if got["valid"] else got["error_type"]}


def typed(v):
    name = type(v).__name__
    if name == "dict":
        return [name, [[typed(k), typed(x)] for k, x in v.items()]]
    if name in ("list", "tuple"):
        return [name, [typed(x) for x in v]]
    if name == "bytes":
        return [name, v.hex()]
    if name == "str":
        return [name, v.encode("utf-8", "surrogatepass").hex()]
    return [name, hex(v) if name == "int" else repr(v)]


def decode(req):
    try:
        return {"calls": typed(bfcl_parts()[2](req["reply"]))}
    except Exception as e:
        return {"error": type(e).__name__}


def xlam(req):
    """Containment both ways of the JSON in the first <tool> element; what raises scores 0."""
    found = re.search(r"<tool>\s*(.*?)\s*</tool>", req["reply"], re.DOTALL)
    inner = found.group(1).strip() if found else ""
    try:
        called, wanted = json.loads(inner or "[]"), json.loads(req["calls"])
        return {"score": int(all(c in wanted for c in called) and all(w in called for w in wanted))}
    except Exception:
        return {"score": 0}


def lower(req):
    return {"text": req["text"].lower()}


OPS = {"rows": rows, "bfcl": bfcl, "decode": decode, "xlam": xlam, "lower": lower}

for line in sys.stdin:
    request = json.loads(line)
    sys.stdout.write(json.dumps(OPS[request["op"]](request)) + "\n")
    sys.stdout.flush()
