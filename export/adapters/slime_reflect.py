"""Reflect, Retry, Reward as a generate function of slime: the policy reflects and retries, Mulligan judges, the reflection trains.

The data are rows of the export format `rl_prompts_reflect`: the prompt is the conversation up to the request to
reflect, after a failed attempt that was kept earlier. The current policy writes the reflection; the question is put
again; it writes the retry. `mulligan serve` judges the retry, and its verdict is the reward of the reflection's tokens,
and of no others (Bensal et al., arXiv 2505.24726).

    --prompt-data rl_prompts_reflect/train-00000-of-00001.parquet --input-key prompt --label-key label    # without --apply-chat-template
    --custom-generate-function-path slime_reflect.generate
    --dynamic-sampling-filter-path slime_reflect.keep_decided
    --custom-config-path mulligan.yaml          # its keys become arguments: mulligan_url: http://127.0.0.1:8730, and those of OPTIONS

A sample gets tokens, the context of the reflection and the reflection; loss_mask, 1 on all of the reflection (its end
token included); rollout_log_probs; reward. The retry is no part of it: a reward on a last token that does not train
would be lost by some estimators. --rollout-max-response-len holds for each of the two draws.

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
import http.client
import json
import logging
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

AGAIN = (408, 429, 500, 502, 503, 504)  # statuses that pass

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
    "mulligan_patience": 300.0,  # seconds, while the server is busy or away
    "mulligan_show_thinking": False,  # show the verifier the thinking of a retry, too, and not only what stands behind it
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
    for n in range(1 + o["mulligan_redraws"]):
        params = dict(sampling_params)
        if params.get("sampling_seed") is not None:
            params["sampling_seed"] += n  # the same seed would say the same again
        retry, _lp, retry_meta, _text = await _draw(args, retry_prompt, params)
        if retry_meta["finish_reason"]["type"] == "abort":
            return _aborted(sample)
        whole = o["mulligan_show_thinking"]
        shown = tokenizer.decode(retry, skip_special_tokens=True) if whole else _shown(tokenizer, retry_prompt, retry)
        item = {"id": 0, "answer": answer, "response": shown, "messages": context[:-2]}
        if o["mulligan_verifier"] is not None:
            item["verifier"] = o["mulligan_verifier"]
        verdict = await asyncio.to_thread(
            _verdict, o["mulligan_url"], o["mulligan_token"], item, o["mulligan_timeout"], o["mulligan_patience"]
        )
        if "error" not in verdict:
            break

    sample.append_response_tokens(args, tokens=ids, log_probs=logprobs, trainable=True, meta_info=meta, text=text)
    cut = meta["finish_reason"]["type"] != "stop"
    if "error" in verdict or (cut and not o["mulligan_train_truncated"]):
        sample.loss_mask = [0] * len(ids)
    if not ids:  # a response of slime holds at least one token
        sample.append_response_tokens(args, tokens=[tokenizer.eos_token_id], trainable=False, text="")
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


def _shown(tokenizer: Any, context: Sequence[int], ids: Sequence[int]) -> str:
    """What stands behind the thinking of a reply, which is what a run judges; nothing where the thinking has no end."""
    ids, close = list(ids), tokenizer.convert_tokens_to_ids("</think>")
    # The template may have begun the thinking. Its marks may be special tokens, which a text leaves out.
    begun, said = (str(tokenizer.decode(part)).strip() for part in (list(context)[-8:], ids))
    thinks = begun.endswith("<think>") or said.startswith("<think>")
    if close is not None and close != tokenizer.unk_token_id and close in ids:
        ids, thinks = ids[len(ids) - ids[::-1].index(close) :], False
    _before, end, behind = str(tokenizer.decode(ids, skip_special_tokens=True)).rpartition("</think>")
    return "" if thinks and not end else behind.partition("<think>")[0]


def _verdict(url: str, token: str | None, item: Mapping[str, Any], timeout: float, patience: float) -> Mapping[str, Any]:
    """Asks for one verdict, again while the server is busy or away; holds "error" where the verifier could not decide."""
    url = url.rstrip("/") + "/verify"
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, json.dumps(item, ensure_ascii=False).encode(), headers)
    end, wait = time.monotonic() + patience, 0.5
    while True:
        try:
            status, text = _ask(request, timeout)
            why = f"{status} {text[:500].decode(errors='replace').strip()}"
            if status in (200, 422):
                verdict = json.loads(text)
                if isinstance(verdict, dict) and verdict.keys() >= ({"pass", "score"} if status == 200 else {"error"}):
                    return verdict
            elif status not in AGAIN:
                break
        except (OSError, http.client.HTTPException, ValueError) as e:
            why = f"{type(e).__name__}: {e}"
        if time.monotonic() + wait > end:
            break
        logging.getLogger(__name__).warning("ask %s for a verdict: %s; again in %.1f s", url, why, wait)
        time.sleep(wait)
        wait = min(30.0, 2 * wait)
    raise RuntimeError(f"ask {url} for a verdict: {why}")


def _ask(request: urllib.request.Request, timeout: float) -> tuple[int, bytes]:
    """Status and body of an answer."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read()


def _render(template: str, question: str) -> str:
    """Fills a text of a plan in. Of Go's templates it knows {{.Question}}, the only field there is."""
    text = re.sub(r"\{\{\s*\.Question\s*\}\}", "\0", template.strip())
    if "{{" in text:
        raise ValueError(f"prompt text {template!r}: only {{{{.Question}}}} can stand in braces")
    return text.replace("\0", question)
