package llmtest

import (
	"net/http"
	"strconv"
	"time"
)

// misbehave does what a fault says in place of sending body. The replies of faults whose form
// depends on the wire format are given.
func misbehave(w http.ResponseWriter, r *http.Request, f Fault, body []byte, replies map[Fault]any) {
	hijack := func(send []byte) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		buf.Write(send)
		buf.Flush()
		conn.Close()
	}
	switch f {
	case TooMany:
		w.Header().Set("Retry-After", "0")
		write(w, http.StatusTooManyRequests, replies[f])
	case Internal:
		write(w, http.StatusInternalServerError, replies[f])
	case Unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
	case ResetBefore:
		hijack(nil)
	case ResetInside:
		hijack(append([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"), body[:len(body)/2]...))
	case CutJSON:
		w.Write(body[:len(body)/2])
	case ErrorField, NotDone, NoReason:
		write(w, http.StatusOK, replies[f])
	case Empty:
		w.WriteHeader(http.StatusOK)
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<html><body>Bad gateway</body></html>"))
	case Hang:
		select {
		case <-r.Context().Done():
		case <-time.After(slow):
		}
	}
}

// slow is how long a fault that never answers lasts at most.
const slow = 30 * time.Second
