package waitq

// Service is what is known about the duration of calls. The zero Service knows
// nothing.
type Service struct {
	Typical int64 // how long a call takes
	Base    int64 // how long one takes when the dependency is at ease
	known   bool
}

// observe learns from a call that took d.
func (s *Service) observe(d int64) {
	if d < 0 {
		return // the reading at its start was later than the one at its end
	}
	if !s.known {
		*s = Service{Typical: d, Base: d, known: true}
		return
	}
	// One call that hung must not make every deadline look hopeless, so a call
	// counts as at most four typical ones.
	d = min(d, 4*s.Typical+outlierSlack)
	s.Typical += (d - s.Typical) / 16
	// Down a fifth of the way, up a fiftieth: the low end of what is seen.
	if d < s.Base {
		s.Base += (d - s.Base) / 5
	} else {
		s.Base += (d - s.Base) / 50
	}
}

const outlierSlack = 1e6 // lets the estimate grow again from almost nothing
