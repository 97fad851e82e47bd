package waitq

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/internal/transcript"
)

// TestScripts runs the scripts in testdata. Each line is a time, a command with
// its arguments, and what is to come of it:
//
//	5ms next free=1 -> granted a
//
// The commands are bounds capacity= max_wait=; offer NAME class= weight=
// deadline=; next free= limit=; expire NAME; leave NAME; observe took=; and
// state. What is left out of offer is a critical call of weight 1 without a
// deadline, and of next one free permit of 100.
func TestScripts(t *testing.T) {
	transcript.Play(t, func(t *testing.T) transcript.Player {
		s := script{New[string](Bounds{Capacity: 100, MaxWait: int64(time.Second)}), map[string]*Waiter[string]{}}
		return func(where string, words []string) string {
			got, err := s.do(words)
			if err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			return got
		}
	})
}

// script is a queue driven by a text.
type script struct {
	queue   *Queue[string]
	waiters map[string]*Waiter[string]
}

// arguments are the words name=value of a line.
type arguments map[string]string

func (a arguments) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(a[name]); err == nil {
		return n
	}
	return otherwise
}

func (a arguments) time(name string, otherwise int64) int64 {
	if d, err := time.ParseDuration(a[name]); err == nil {
		return int64(d)
	}
	return otherwise
}

func (s *script) do(words []string) (string, error) {
	at, err := time.ParseDuration(words[0])
	if err != nil || len(words) < 2 {
		return "", fmt.Errorf("want a time and a command: %v, %v", words, err)
	}
	now, command, name, args := int64(at), words[1], "", arguments{}
	for _, word := range words[2:] {
		if key, value, ok := strings.Cut(word, "="); ok {
			args[key] = value
		} else {
			name = word
		}
	}
	switch command {
	case "bounds":
		s.queue.SetBounds(Bounds{Capacity: args.number("capacity", 100), MaxWait: args.time("max_wait", 1e9)})
		return "", nil
	case "observe":
		s.queue.Observe(now, args.time("took", 0))
		return "", nil
	case "offer":
		return s.offer(now, name, args), nil
	case "next":
		w, verdict := s.queue.Next(now, args.number("free", 1), args.number("limit", 100))
		if w == nil {
			return "nobody", nil
		}
		return verdicts[verdict] + " " + w.Value, nil
	case "expire":
		verdict, left := s.queue.Expire(now, s.waiters[name])
		if verdict == Waiting {
			return "waiting " + time.Duration(left).String(), nil
		}
		return verdicts[verdict], nil
	case "leave":
		return fmt.Sprint(s.queue.Leave(s.waiters[name])), nil
	case "state":
		state := s.queue.State(now)
		return fmt.Sprintf("waiting=%d oldest=%v standing=%v typical=%v counts=%v admits=%04b", state.Waiting,
			time.Duration(state.Oldest), state.Standing, time.Duration(state.Typical), state.Counts, s.queue.Admits()), nil
	}
	return "", fmt.Errorf("no command is called %q", command)
}

var verdicts = map[Verdict]string{
	Waiting: "waiting", Granted: "granted", Full: "full", Evicted: "evicted",
	Expired: "expired", Hopeless: "hopeless", TooLarge: "too large",
}

func (s *script) offer(now int64, name string, args arguments) string {
	w := &Waiter[string]{
		Value:    name,
		Weight:   args.number("weight", 1),
		Class:    args.number("class", 2),
		Deadline: args.time("deadline", NoDeadline),
	}
	s.waiters[name] = w
	verdict, out := s.queue.Offer(now, w)
	if out != nil {
		return verdicts[verdict] + ", evicted " + out.Value
	}
	if verdict == Waiting {
		return "waiting " + time.Duration(s.queue.Left(w)).String()
	}
	return verdicts[verdict]
}
