package export

// trainers are all that a format was made for. What each reads, and how, was run or read in its code: the table of the README
// says which, and make test-trainers runs it.
var trainers = []Trainer{
	{Name: "trl", Title: "TRL", Version: "1.16.0", Loads: true, Reads: []Reads{
		as(KTO, "KTOTrainer"), as(DPO, "DPOTrainer"), as(DPOAnswers, "DPOTrainer"), as(SFT, "SFTTrainer"), as(SFTTokens, "SFTTrainer: labels are taken as they are"),
		as(RLPrompts, "GRPOTrainer, RLOOTrainer: the other columns reach the reward function"), as(RLPromptsReflect, "as rl_prompts"), as(SDFT, "SDFTTrainer"),
	}},
}
