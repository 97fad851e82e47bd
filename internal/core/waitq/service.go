package waitq

// Service is what is known about how long calls take, once they have their
// permits. The zero Service knows nothing.
type Service struct {
	mean int64 // of recent calls
	low  int64 // the low end of recent calls
	seen int64 // when the latest of them ended, or 0
}

const (
	// memory is how long an estimate holds without news. An old one says nothing
	// about the dependency of today, and would refuse callers who would be served.
	memory = 10e9
	// longest keeps sums from overflowing, whatever readings come in.
	longest = 1e18
)

// observe learns from a call that ended now and took d.
func (s *Service) observe(now, d int64) {
	if d < 0 {
		return // the reading at its start was taken later than the one at its end
	}
	d = min(d, longest)
	if !s.valid(now) {
		*s = Service{mean: d, low: d, seen: max(now, 1)}
		return
	}
	s.seen = max(now, 1)
	// One call that hung must not make every deadline look hopeless: it counts
	// as four usual ones. The millisecond lets the mean grow from nothing.
	d = min(d, 4*s.mean+1e6)
	s.mean += (d - s.mean) / 16
	// Down by a fifth of the way and up by a fiftieth, which stays near the low
	// end of what is seen, and follows a dependency that got slower for good.
	if d < s.low {
		s.low += (d - s.low) / 5
	} else {
		s.low += (d - s.low) / 50
	}
}

// typical returns how long a call takes, or 0 if that is not known.
func (s *Service) typical(now int64) int64 {
	if !s.valid(now) {
		return 0
	}
	return s.mean
}

// base returns how long a call takes when the dependency is at ease, or 0 if
// that is not known.
func (s *Service) base(now int64) int64 {
	if !s.valid(now) {
		return 0
	}
	return s.low
}

func (s *Service) valid(now int64) bool {
	return s.seen != 0 && now-s.seen <= max(memory, 4*s.mean)
}
