// Package stages holds the strategies, and the steps that they share.
//
// A strategy is one ordinary function from a prompt to groups of scored rollouts. Every effect (a
// draw from the model, a verdict) goes through a Session, which answers from the journal what was
// recorded there. So a strategy has no resume code: playing it again is resuming it. It uses no
// clock, no globals and no randomness of its own.
package stages
