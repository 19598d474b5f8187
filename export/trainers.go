package export

// trainers are all that a format was made for. What each reads, and how, was run or read in its code: the table of the README
// says which, and make test-trainers runs it.
var trainers = []Trainer{
	{Name: "trl", Title: "TRL", Version: "1.16.0", Loads: true, Reads: []Reads{
		as(KTO, "KTOTrainer"), as(DPO, "DPOTrainer"), as(DPOAnswers, "DPOTrainer"), as(SFT, "SFTTrainer"), as(SFTTokens, "SFTTrainer: labels are taken as they are"),
		as(RLPrompts, "GRPOTrainer, RLOOTrainer: the other columns reach the reward function"), as(RLPromptsReflect, "as rl_prompts"), as(SDFT, "SDFTTrainer"),
		as(Sequences, "export/adapters/trl_replay.py"), as(Failures, "export/adapters/trl_reflect.py"),
	}},
	{Name: "openrlhf", Title: "OpenRLHF", Version: "0.11.2", Loads: true, Reads: []Reads{
		as(DPO, "RewardDataset: --data.prompt_key prompt --data.chosen_key chosen --data.rejected_key rejected"),
		as(SFT, "SFTDataset: --data.input_key prompt --data.output_key completion --data.apply_chat_template"),
		as(RLPrompts, "PromptDataset: --data.input_key prompt --data.label_key label --data.apply_chat_template"), as(RLPromptsReflect, "as rl_prompts"),
	}},
	{Name: "axolotl", Title: "axolotl", Version: "0.19.0", Loads: true, Reads: []Reads{
		as(SFTTokens, "path: DIR/sft_tokens, ds_type: parquet, type: (empty)"),
		as(SFTMessages, "type: chat_template, message_field_training: train, roles_to_train: [], train_on_eos: turn, chat_template: tokenizer_default (a bare chat_template trains the failed attempt, too)"),
		as(SFTMessagesDetail, "as sft_messages, with message_field_training_detail: train_detail"),
		as(KTO, "rl: kto, remove_unused_columns: false, skip_prepare_dataset: true, datasets: [{path: DIR/kto, split: train}], no type"),
		as(KTOText, "rl: kto, type: {field_prompt: prompt, field_completion: completion, field_label: label, prompt_format: \"{prompt}\", completion_format: \"{completion}\"}"),
		as(DPO, "rl: dpo, path: DIR/dpo (a name is dropped without a word), type: chat_template.default, field_messages: prompt, field_chosen: chosen, field_rejected: rejected"),
	}},
	{Name: "llamafactory", Title: "LLaMA-Factory", Version: "0.9.5", Loads: true, Reads: []Reads{
		{SFTMessagesPlain, SFTMessages.Name, "dataset_dir: this folder, dataset: sft_messages_llamafactory, mask_history: true (without it the failed attempt trains, too); a second split is sft_messages_llamafactory_SPLIT"},
		{KTOMessages, KTO.Name, "stage: kto, dataset_dir: this folder, dataset: kto_messages"},
		{DPOMessages, DPO.Name, "stage: dpo, dataset_dir: this folder, dataset: dpo_messages"},
	}},
	{Name: "ms-swift", Title: "ms-swift", Version: "4.6.0", Loads: true, Reads: []Reads{
		{SFTMessagesSwift, SFTMessages.Name, "swift sft --dataset FILE"}, {KTOMessages, KTO.Name, "swift rlhf --rlhf_type kto --dataset FILE, with a batch size that leaves no last batch of one row: that row is dropped"},
		{DPOSwift, DPO.Name, "swift rlhf --rlhf_type dpo --dataset FILE"},
		{RLPromptsSwift, RLPrompts.Name, "swift rlhf --rlhf_type grpo --dataset FILE --remove_unused_columns false"}, {RLReflectSwift, RLPromptsReflect.Name, "as rl_prompts_swift"},
	}},
	{Name: "verl", Title: "verl", Version: "0.9.1", Loads: true, Reads: []Reads{
		as(RLPrompts, "RLHFDataset: data.max_prompt_length=N data.filter_overlong_prompts=True (without the filter a longer prompt is cut at its beginning: the task), and your own reward.custom_reward_function: verl's scorer runs where it knows the name in data_source"),
		as(RLPromptsReflect, "as rl_prompts, with a larger max_prompt_length"),
		as(SFTTokensMask, "data.custom_cls.path=export/adapters/verl_sft.py data.custom_cls.name=TokensDataset (verl's own MultiTurnSFTDataset trains the failed attempt, too)"),
		as(Sequences, "export/adapters/verl_replay.py"), as(Failures, "export/adapters/verl_reflect.py"),
	}},
	{Name: "skyrl", Title: "SkyRL", Version: "0.4.0", Loads: true, Reads: []Reads{
		as(RLPrompts, "PromptDataset; env_class is mulligan: register an environment of that name"), as(RLPromptsReflect, "as rl_prompts"),
		as(SFTTokensMask, "pretokenized_dataset_paths: name the files, a folder is read with all its splits; max_length cuts at the end, where the reflection is"),
		as(Sequences, "export/adapters/skyrl_replay.py"), as(Failures, "export/adapters/skyrl_reflect.py"),
	}},
	{Name: "tinker", Title: "Tinker cookbook", Version: "0.6.1", Loads: true, Reads: []Reads{
		{SFTMessagesTinker, SFTMessages.Name, "conversation_to_datum with TrainOnWhat.CUSTOMIZED; max_length cuts at the end, where the reflection is"},
		as(Sequences, "export/adapters/tinker_replay.py"),
	}},
	{Name: "verifiers", Title: "verifiers", Version: "0.1.14, 0.4.0", Loads: true, Reads: []Reads{
		as(RLPrompts, "0.1.14: SingleTurnEnv(dataset=...)"), as(RLPromptsReflect, "as rl_prompts; on-policy: export/adapters/verifiers_reflect.py"), as(Sequences, "0.4.0: message nodes, export/adapters/verifiers_replay.py (install pyarrow, or take sequences_jsonl)"),
	}},
	{Name: "prime-rl", Title: "prime-rl", Version: "559b447", Reads: []Reads{
		as(Sequences, "export/adapters/prime_rl_replay.py (its SFT trains every message of the assistant, the failed attempt too)"),
	}},
	{Name: "nemo-rl", Title: "NeMo-RL", Version: "7ea279a", Reads: []Reads{
		{DPONeMo, DPO.Name, "dataset_name: PreferenceDataset, data_path: FILE (dpo itself loads as BinaryPreferenceDataset, and wrongly)"},
		as(SFTMessages, "dataset_name: ResponseDataset, sft.only_unmask_final: true (by default the failed attempt trains, too); the header of the reply trains as well"),
	}},
	{Name: "slime", Title: "slime", Version: "624b824", Reads: []Reads{
		as(RLPrompts, "--input-key prompt --label-key label --metadata-key metadata --apply-chat-template"), as(RLPromptsReflect, "as rl_prompts; on-policy: export/adapters/slime_reflect.py"),
		{SFTMessagesSlime, SFTMessages.Name, "--input-key messages --loss-mask-type qwen, qwen3 or qwen3_5 (distill_qwen leaves the failed attempt out of the context)"},
		as(Sequences, "export/adapters/slime_replay.py"),
	}},
	{Name: "areal", Title: "AReaL", Version: "4aef98d", Reads: []Reads{
		as(SFTTokensMask, "load_dataset(\"parquet\", data_files=\"sft_tokens_mask/train-*.parquet\")[\"train\"].save_to_disk(DIR): it reads such a folder"), as(RLPrompts, "RLVRWorkflow with data_extract_prompt_fn=lambda d: d[\"prompt\"]"), as(RLPromptsReflect, "as rl_prompts"),
	}},
}
