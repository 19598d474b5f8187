// Package server serves verifiers over HTTP, so that an online trainer rewards what its policy writes
// with the verdicts that a run of Mulligan records. A question is judged by ReadQuestion and Judge,
// which the command verify calls too.
//
//	POST /verify        {"id":7,"answer":{"numbers":[3,5,2],"target":17},"response":"<answer>3*5+2</answer>"}
//	200                 {"id":7,"pass":true,"score":1,"parsed":"3*5+2","reason":"","feedback":""}
//	422                 {"id":7,"error":"..."}       could not be decided: never a wrong answer
//	POST /verify/batch  {"items":[question,...]}     or one question a line, as application/x-ndjson
//	200                 {"results":[ruling,...]}     or one ruling a line; in order
//	GET  /healthz       200 {"status":"ready",...}; 503 where it is "draining" or "stuck"
//	GET  /metrics       text format of Prometheus
//
// A question is an object of these fields; others are refused. A text stands for itself: bytes that
// are not UTF-8 are refused, half of a surrogate pair is read as U+FFFD.
//
//	id        any JSON value, given back as it came; without one the ruling's is null
//	answer    the ground truth, in the shape that the verifier wants (an object, not its text)
//	response  the reply to judge, a text; the one field that must be there
//	messages  what was asked, [{"role","content"},...]; for verifiers that look at it (command)
//	verifier  the verifier's name; may be left out where one is served
//
// A ruling has pass, score, parsed, reason and feedback, or error. In a batch each question has a
// ruling in its place: one that is refused (a field is unknown, say) or undecided has an error, the
// others are judged. An error that a question alone would be answered 400 or 503 for says so: {"id","error","status"}; 503 is
// to be asked again. Only a body that is no list of questions is refused as a whole.
//
//	400  no question: the error names the field, and what is allowed     404, 405  path, method
//	401  the token is missing or wrong                                   408       the body did not come within 30 s
//	413  the body is larger than MaxBytes                                415       Content-Type is not said, or another
//	422  undecided: time-out, a ground truth that cannot be read,        503       the queue is full, the server stops or
//	     a verifier that crashed                                                   is stuck: ask again after Retry-After
//
// At most Workers questions are judged at a time; requests share the workers in turn, so that a large
// batch does not keep a single question waiting. Workers+Queue requests are in hand at most, each
// with a body of MaxBytes at most; one more gets 503 at once. A verdict has Timeout from when a
// worker takes it. A verifier that runs on has lost its worker's place to others, up to
// about four times Workers; beyond that nothing is tried and /healthz says "stuck". Where a client goes
// away, or closes its side of the connection, what it asked is given up.
//
// # From a trainer
//
// With the Python standard library alone; answers of the data set hold the ground truth as JSON text:
//
//	import json, urllib.request
//
//	def ask(items, url="http://127.0.0.1:8730/verify/batch"):
//	    request = urllib.request.Request(url, json.dumps({"items": items}).encode(), {"Content-Type": "application/json"})
//	    with urllib.request.urlopen(request, timeout=600) as answer:
//	        return json.load(answer)["results"]
//
//	def trl_reward(completions, answer, **kwargs):
//	    texts = [c if isinstance(c, str) else c[-1]["content"] for c in completions]
//	    return [r.get("score") for r in ask([{"answer": json.loads(a), "response": t} for a, t in zip(answer, texts)])]
//
//	def compute_score(data_source, solution_str, ground_truth, extra_info=None):
//	    return ask([{"answer": json.loads(ground_truth), "response": solution_str}])[0]["score"]
//
// The first reward function is for TRL (GRPOTrainer's reward_funcs; answer is a column of its data set). None
// for what could not be decided is right from TRL 1.16 on, which leaves such a completion out of its
// group's baseline with an advantage of 0; earlier versions count it as the reward 0, a wrong answer:
// raise there. The second one is for verl 0.9 (reward.custom_reward_function.path), which knows no
// missing reward: the KeyError ends the step. With a token, both need the header
// "Authorization": "Bearer TOKEN".
package server
