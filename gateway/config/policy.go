package config

// Policy is a pipeline: how a request runs. Its fields stand in the order in
// which they act. What is left out of a policy does not act.
type Policy struct {
	// Timeout is how long a request may take until the response begins, retries
	// and their waits included. If left out, nothing bounds it.
	Timeout Duration `json:"timeout,omitempty"`
	// Retry says when a failed request is attempted again; {} is the default. If
	// left out, never.
	Retry *Retry `json:"retry,omitempty"`
	// AttemptTimeout is how long each attempt may take until the response begins.
	// If left out, only Timeout bounds it.
	AttemptTimeout Duration `json:"attempt_timeout,omitempty"`
}

// Retry is the configuration of a retry policy. Only requests that can be
// repeated without harm are: see the package backstayhttp.
type Retry struct {
	// MaxAttempts is how often a request is attempted at most, the first time
	// included. If zero, 3.
	MaxAttempts int `json:"max_attempts,omitempty"`
	// MaxElapsed is how long after the first attempt began another may begin. If
	// zero, only the timeout bounds the time.
	MaxElapsed Duration `json:"max_elapsed,omitempty"`
	// Backoff says how long to wait before the next attempt.
	Backoff *Backoff `json:"backoff,omitempty"`
	// Budget bounds the retries of all requests to the upstream together, or is
	// off.
	Budget *Budget `json:"budget,omitempty"`
}

// Backoff says how long to wait before the next attempt.
type Backoff struct {
	// Base is the longest wait after the first attempt. If zero, 100ms.
	Base Duration `json:"base,omitempty"`
	// Max is the longest wait of all. If zero, 10s.
	Max Duration `json:"max,omitempty"`
	// Factor is what the wait grows by with each attempt. If zero, 2.
	Factor float64 `json:"factor,omitempty"`
}

// Budget bounds retries. In a file, the word off stands for none.
type Budget struct {
	// Off switches the budget off.
	Off bool `json:"-"`
	// Ratio is how many retries each success pays for. If zero, 0.2.
	Ratio float64 `json:"ratio,omitempty"`
	// Window is how long successes and retries are remembered. If zero, 10s.
	Window Duration `json:"window,omitempty"`
	// MinPerSecond is how many retries per second are allowed without any
	// success. If zero, one for each window.
	MinPerSecond float64 `json:"min_per_second,omitempty"`
}
