package demo

import "time"

// act is one part of the demo: how the upstream behaves, and what there is to
// see.
type act struct {
	name  string // one word, for tables and lines
	title string
	what  string // what happens to the upstream
	watch string // what to look at
	share int    // of the whole demo, in percent

	errors float64 // the share of answers that are a 503
	// slower is added to the time of each answer: the first at the beginning of
	// the act, the second at its end, and what lies on the line between.
	slower [2]time.Duration
}

// acts are the schedule. The shares add up to 100.
var acts = []act{
	{
		name: "healthy", title: "All is well", share: 10,
		what:  "The upstream answers within 60 ms and has capacity to spare.",
		watch: "Backstay stands in between, and does not show.",
	},
	{
		name: "errors", title: "Random errors", share: 15, errors: 0.3,
		what:  "30 % of its answers are a 503, at random.",
		watch: "Retries are the right answer to that, so both sides do well.",
	},
	{
		name: "slow", title: "Slow", share: 20, slower: [2]time.Duration{800 * time.Millisecond, 800 * time.Millisecond},
		what:  "Each answer takes 800 ms more: capacity falls below what arrives.",
		watch: "Without, retries pile up. With, the bulkhead soon refuses what does not fit.",
	},
	{
		name: "dead", title: "Dead", share: 15, errors: 1,
		what:  "Every answer is a 503.",
		watch: "Nobody can answer. What counts: how soon callers know, and the load it gets.",
	},
	{
		name: "recovery", title: "Recovery", share: 25, slower: [2]time.Duration{900 * time.Millisecond, 300 * time.Millisecond},
		what:  "It is back but cold: 900 ms slower at first, 300 ms at the end.",
		watch: "For about 2 s the plain client wins; then its own retries fell it again.",
	},
	{
		name: "healthy", title: "All is well again", share: 15,
		what:  "The upstream is as it was.",
		watch: "Without first has to work off what piled up. The summary follows.",
	},
}

// behaviour is how the upstream treats a request.
type behaviour struct {
	errors float64
	slower time.Duration
}

// script says what happens when. It is a value of pure functions of the time
// since the beginning.
type script struct{ length time.Duration }

// act returns the index of the act at a time; the last one lasts for ever.
func (s script) act(at time.Duration) int {
	for i := range acts {
		if at < s.end(i) {
			return i
		}
	}
	return len(acts) - 1
}

// end returns when an act ends; it is when the next begins.
func (s script) end(act int) time.Duration {
	sum := 0
	for _, a := range acts[:act+1] {
		sum += a.share
	}
	return s.length * time.Duration(sum) / 100
}

// begin returns when an act begins.
func (s script) begin(act int) time.Duration {
	if act == 0 {
		return 0
	}
	return s.end(act - 1)
}

// behaviour returns how the upstream behaves at a time.
func (s script) behaviour(at time.Duration) behaviour {
	i := s.act(at)
	a, begin, end := acts[i], s.begin(i), s.end(i)
	done := 1.0
	if at < end {
		done = float64(at-begin) / float64(end-begin)
	}
	between := time.Duration(done * float64(a.slower[1]-a.slower[0]))
	return behaviour{errors: a.errors, slower: a.slower[0] + between}
}
