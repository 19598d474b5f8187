package reward

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"mulligan/data"
)

const (
	maxAnswerLine = 1 << 20         // bytes of one line that a program writes
	stderrTail    = 2 << 10         // last bytes of its standard error that are kept
	closeGrace    = 1 * time.Second // between the end of its input and its end
)

// errDied says that a program ended before it answered.
var errDied = errors.New("the program ended before it answered")

// program is one running copy, asked by one caller at a time.
type program struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *tail
	ended  chan struct{} // closed once the process is gone and reaped
	err    error         // how it ended; to be read after ended
	next   int           // id of the next request
}

func startProgram(command []string, dir string) (*program, error) {
	p := &program{cmd: exec.Command(command[0], command[1:]...), stderr: &tail{}, ended: make(chan struct{})}
	p.cmd.Stderr, p.cmd.Dir = p.stderr, dir
	p.cmd.WaitDelay = closeGrace // a grandchild that left the group may hold the pipes
	ownGroup(p.cmd)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	// A pipe of our own: Wait closes that of StdoutPipe before the last answer is read, and waits
	// for a Writer that nobody reads from.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	p.cmd.Stdout = w
	p.out = bufio.NewReaderSize(r, 64<<10)
	err = p.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("start: %w", err)
	}
	go func() {
		p.err = p.cmd.Wait()
		killGroup(p.cmd) // what it left behind
		close(p.ended)
		time.AfterFunc(closeGrace, func() { r.Close() }) // a grandchild may still hold the other end
	}()
	return p, nil
}

// request is a line that a program reads.
type request struct {
	ID       string          `json:"id"`
	Answer   json.RawMessage `json:"answer"`
	Response string          `json:"response"`
	Messages []data.Message  `json:"messages"`
}

// ask sends one request and reads its answer. After an error other than declined the program is of
// no use: what it writes next may belong to this request.
func (p *program) ask(ctx context.Context, prompt data.Prompt, response string) (Verdict, error) {
	p.next++
	id := strconv.Itoa(p.next)
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(request{id, prompt.Answer, response, prompt.Messages}); err != nil {
		return Verdict{}, fmt.Errorf("write request: %w", err)
	}
	defer context.AfterFunc(ctx, p.kill)()
	written := make(chan error, 1)
	go func() {
		_, err := p.in.Write(line.Bytes())
		written <- err
	}()
	answer, err := p.readLine()
	if err != nil {
		p.kill() // ends the write too
		<-written
		return Verdict{}, err
	}
	if err := <-written; err != nil {
		return Verdict{}, errDied
	}
	return readVerdict(answer, id)
}

func (p *program) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := p.out.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case len(line) > maxAnswerLine:
			return nil, fmt.Errorf("read answer: a line of more than %d bytes", maxAnswerLine)
		case errors.Is(err, bufio.ErrBufferFull):
		default:
			return nil, errDied
		}
	}
}

// blame adds to an error what is known of a program that was killed or died.
func (p *program) blame(err error) error {
	<-p.ended
	if errors.Is(err, errDied) && p.err != nil {
		err = fmt.Errorf("%w (%w)", err, p.err)
	}
	if s := p.stderr.String(); s != "" {
		err = fmt.Errorf("%w; its standard error ends with %q", err, s)
	}
	return err
}

// kill ends the program and everything in its process group.
func (p *program) kill() {
	select {
	case <-p.ended:
	default:
		killGroup(p.cmd)
	}
	p.in.Close()
}

// close ends the program's input, then, after a while, the program, and waits for its end.
func (p *program) close() {
	p.in.Close()
	select {
	case <-p.ended:
	case <-time.After(closeGrace):
		p.kill()
		<-p.ended
	}
}

// tail keeps the last bytes written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if n := len(t.buf) - stderrTail; n > 0 {
		t.buf = append(t.buf[:0], t.buf[n:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(t.buf), "\ufffd"))
}
