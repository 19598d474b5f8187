package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// interruptible returns a context that the first Ctrl-C (or SIGTERM) ends, and a channel that is
// closed when draws in flight must end too: after within, at the second Ctrl-C, or by drop. A third one
// ends the process.
func interruptible(w io.Writer, within time.Duration) (ctx context.Context, kill <-chan struct{}, drop, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	killed := make(chan struct{})
	var once sync.Once
	end := func() { once.Do(func() { close(killed) }) }
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for n := 1; ; n++ {
			select {
			case <-done:
				return
			case <-signals:
			}
			switch n {
			case 1:
				if within > 0 {
					fmt.Fprintf(w, "\nstopping: draws in flight may finish for %s; Ctrl-C again to drop them\n", within)
				}
				cancel(errInterrupted)
				time.AfterFunc(within, end)
			case 2:
				end()
			default:
				os.Exit(exitInterrupted)
			}
		}
	}()
	return ctx, killed, end, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
