"""Reflect, Retry, Reward as a generate function of slime: the policy reflects and retries, Mulligan judges, the reflection trains.

The data are rows of the export format `rl_prompts_reflect`: the prompt is the conversation up to the request to
reflect, after a failed attempt that was kept earlier. The current policy writes the reflection; the question is put
again; it writes the retry. `mulligan serve` judges the retry, and its verdict is the reward of the reflection's tokens,
and of no others (Bensal et al., arXiv 2505.24726).

    --prompt-data rl_prompts_reflect/train-00000-of-00001.parquet --input-key prompt --label-key label    # without --apply-chat-template
    --custom-generate-function-path slime_reflect.generate
    --dynamic-sampling-filter-path slime_reflect.keep_decided
    --custom-config-path mulligan.yaml          # its keys become arguments: mulligan_url: http://127.0.0.1:8730, and those of OPTIONS

A sample gets tokens, the context of the reflection, the reflection, the question and the retry; loss_mask over the
response, 1 on the reflection (its end token included) and 0 elsewhere; rollout_log_probs, 0.0 where loss_mask is 0;
reward. Where the chat template rewrites the reflection when it is history (it takes a <think> block out), the sample
ends with the reflection. --rollout-max-response-len holds for each of the two draws.

Undecided: where Mulligan could not decide, the retry is drawn again, `redraws` times; then the sample is marked, and
keep_decided has slime drop its group and take another. Without that filter, and in an evaluation, it is an error: slime
would take any reward into the group's mean. A reflection that was cut by length keeps the reward of its retry, and has
loss_mask 0 unless train_truncated. A server that does not answer is an error, never a reward.

By contract: slime has no wheel on the package index. Written against slime/utils/types.py
(Sample.append_response_tokens), slime/rollout/sglang_rollout.py (generate, generate_and_rm) and
slime/rollout/filter_hub/base_types.py of THUDM/slime at 624b824a898ab0ec1fcb4d373004c7f3852bf515.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.error
import urllib.request
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from slime.rollout.filter_hub.base_types import DynamicFilterOutput
from slime.rollout.sglang_rollout import GenerateState
from slime.utils.http_utils import post
from slime.utils.types import Sample

Message = dict[str, Any]

OPTIONS: dict[str, Any] = {
    "mulligan_url": None,  # of `mulligan serve`
    "mulligan_token": None,  # sent as bearer token
    "mulligan_verifier": None,  # needed where several are served
    "mulligan_reward": "binary",  # binary: 1 for a retry that passes, else 0; shaped: the verifier's score
    "mulligan_train_truncated": False,  # train on reflections that were cut by length, too
    "mulligan_redraws": 3,  # of a retry that could not be decided
    "mulligan_undecided": "error",  # drop: a filter of your own calls keep_decided
    "mulligan_retry": "Now answer the original question again:\n\n{{.Question}}",  # {{.Question}} is the last message of the task
    "mulligan_timeout": 60.0,  # seconds, for one request for a verdict
    "mulligan_tries": 5,  # of one request, while the server is busy or away
}


async def generate(args: Namespace, sample: Sample, sampling_params: dict[str, Any], evaluation: bool = False) -> Sample:
    """Plays one reflection and one retry."""
    o = {k: getattr(args, k, default) for k, default in OPTIONS.items()}
    name = f"sample {sample.index}"
    if not o["mulligan_url"]:
        raise ValueError("no mulligan_url: give the address of `mulligan serve` in the file of --custom-config-path")
    if o["mulligan_reward"] not in ("binary", "shaped"):
        raise ValueError(f"mulligan_reward is {o['mulligan_reward']!r}: want binary or shaped")
    context, answer = _row(name, sample)
    tokenizer = GenerateState(args).tokenizer
    # A sample that comes back from an abort starts again: half a reflection is of an older policy.
    sample.tokens, sample.response, sample.response_length = _ids(args, tokenizer, context), "", 0
    sample.loss_mask, sample.rollout_log_probs = [], []
    prompt = list(sample.tokens)

    ids, logprobs, meta, text = await _draw(args, prompt, sampling_params)
    if meta["finish_reason"]["type"] == "abort":
        return _aborted(sample)
    said = {"role": "assistant", "content": tokenizer.decode(ids, skip_special_tokens=True)}
    question = {"role": "user", "content": _render(o["mulligan_retry"], context[-3]["content"])}
    retry_prompt = _ids(args, tokenizer, [*context, said, question])
    verdict: Mapping[str, Any] = {}
    for _ in range(1 + o["mulligan_redraws"]):
        retry, _lp, retry_meta, _text = await _draw(args, retry_prompt, sampling_params)
        if retry_meta["finish_reason"]["type"] == "abort":
            return _aborted(sample)
        item = {"id": 0, "answer": answer, "response": tokenizer.decode(retry, skip_special_tokens=True), "messages": context[:-2]}
        if o["mulligan_verifier"] is not None:
            item["verifier"] = o["mulligan_verifier"]
        verdict = await asyncio.to_thread(
            _verdict, o["mulligan_url"], o["mulligan_token"], item, o["mulligan_timeout"], o["mulligan_tries"]
        )
        if "error" not in verdict:
            break

    sample.append_response_tokens(args, tokens=ids, log_probs=logprobs, trainable=True, meta_info=meta, text=text)
    cut = meta["finish_reason"]["type"] != "stop"
    if "error" in verdict or (cut and not o["mulligan_train_truncated"]):
        sample.loss_mask = [0] * len(ids)
    if retry_prompt[: len(prompt) + len(ids)] == prompt + list(ids):
        rest = retry_prompt[len(prompt) + len(ids) :] + list(retry)
        sample.append_response_tokens(args, tokens=rest, trainable=False, text=tokenizer.decode(rest))
    if "error" in verdict:
        filtered = getattr(args, "dynamic_sampling_filter_path", None) == f"{__name__}.keep_decided"
        if evaluation or not (filtered or o["mulligan_undecided"] == "drop"):
            raise RuntimeError(
                f"{name}: {1 + o['mulligan_redraws']} retries could not be decided, the last: {verdict['error']}; in training, "
                "--dynamic-sampling-filter-path slime_reflect.keep_decided drops such groups"
            )
        sample.metadata = {**(sample.metadata or {}), "mulligan_undecided": verdict["error"]}
        sample.remove_sample, sample.reward = True, 0.0  # never seen: keep_decided drops the group
        return sample
    sample.reward = float(verdict["score"]) if o["mulligan_reward"] == "shaped" else float(bool(verdict["pass"]))
    sample.metadata = {**(sample.metadata or {}), "mulligan_pass": bool(verdict["pass"]), "mulligan_cut": cut}
    return sample


def keep_decided(args: Namespace, samples: Sequence[Sample], **_: Any) -> DynamicFilterOutput:
    """Drops groups in which a retry could not be decided. With a filter of your own, call it there, and set mulligan_undecided to drop."""
    undecided = any("mulligan_undecided" in (s.metadata or {}) for s in samples)
    return DynamicFilterOutput(keep=not undecided, reason="mulligan_undecided" if undecided else None)


def _aborted(sample: Sample) -> Sample:
    sample.tokens, sample.response, sample.response_length, sample.loss_mask, sample.rollout_log_probs = [], "", 0, None, None
    sample.status = Sample.Status.ABORTED
    return sample


async def _draw(args: Namespace, ids: list[int], sampling_params: Mapping[str, Any]) -> tuple[list[int], list[float], dict[str, Any], str]:
    """Ids, log-probabilities, meta_info and text of one draw of SGLang."""
    url = f"http://{args.sglang_router_ip}:{args.sglang_router_port}/generate"
    out = await post(url, {"input_ids": ids, "sampling_params": dict(sampling_params), "return_logprob": True})
    meta = out["meta_info"]
    drawn = meta.get("output_token_logprobs") or []
    return [int(t[1]) for t in drawn], [float(t[0]) for t in drawn], meta, str(out["text"])


def _row(name: str, sample: Sample) -> tuple[list[Message], Any]:
    """Conversation and ground truth of a row of rl_prompts_reflect."""
    context = sample.prompt
    if isinstance(context, str):
        raise ValueError(f"{name}: prompt is a text: leave --apply-chat-template out, the conversation is needed")
    context = [{"role": m["role"], "content": m["content"]} for m in context]
    if len(context) < 3 or [m["role"] for m in context[-2:]] != ["assistant", "user"]:
        raise ValueError(f"{name}: prompt ends with {[m['role'] for m in context[-2:]]}: want rows of the format rl_prompts_reflect")
    if not sample.label:
        raise ValueError(f"{name}: no label: give --label-key label")
    try:
        return context, json.loads(sample.label)
    except ValueError as e:
        raise ValueError(f"{name}: label: {e}") from e


def _ids(args: Namespace, tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    kwargs = getattr(args, "apply_chat_template_kwargs", None) or {}
    out = tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, tokenize=True, return_dict=True, **kwargs)
    return list(out["input_ids"])


def _verdict(url: str, token: str | None, item: Mapping[str, Any], timeout: float, tries: int) -> Mapping[str, Any]:
    """Asks for one verdict, again while the server is busy or away; holds "error" where the verifier could not decide."""
    url = url.rstrip("/") + "/verify"
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data, why = json.dumps(item, ensure_ascii=False).encode(), ""
    for n in range(tries):
        if n > 0:
            time.sleep(min(30.0, 0.5 * 2 ** (n - 1)))
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=timeout) as reply:
                return dict(json.load(reply))
        except urllib.error.HTTPError as e:
            body = e.read()
            if e.code == 422:
                return dict(json.loads(body))
            why = f"{e.code} {body[:500].decode(errors='replace').strip()}"
            if e.code not in (408, 429, 500, 502, 503, 504):
                break
        except OSError as e:
            why = str(e)
    raise RuntimeError(f"ask {url} for a verdict: {why}")


def _render(template: str, question: str) -> str:
    """Fills a text of a plan in. Of Go's templates it knows {{.Question}}, the only field there is."""
    text = re.sub(r"\{\{-?\s*\.Question\s*-?\}\}", "\0", template.strip())
    if "{{" in text:
        raise ValueError(f"prompt text {template!r}: only {{{{.Question}}}} can stand in braces")
    return text.replace("\0", question)
