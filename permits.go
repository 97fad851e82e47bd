package backstay

import (
	"context"
	"time"

	"github.com/backstay-go/backstay/gate"
)

// permits are a stack of those that a call holds. The first few need no
// allocation.
type permits struct {
	few  [6]gate.Permit
	rest []gate.Permit
	n    int
}

// acquire takes a permit from each of gates. The reading now is renewed when a
// gate has, or may have, waited. On a refusal, the permits taken so far are
// still held.
func (h *permits) acquire(ctx context.Context, gates []gate.Gate, now *time.Time) error {
	for _, g := range gates {
		permit, err := gate.AcquireAt(ctx, g, *now)
		if err != nil {
			*now = time.Now()
			return err
		}
		if permit.Waited() {
			*now = time.Now()
		}
		h.add(permit)
	}
	return nil
}

func (h *permits) add(permit gate.Permit) {
	if h.n < len(h.few) {
		h.few[h.n] = permit
	} else {
		h.rest = append(h.rest, permit)
	}
	h.n++
}

// done releases all but the first keep, the last taken first.
func (h *permits) done(keep int, now time.Time, err error) {
	for h.n > keep {
		h.n--
		if i := h.n - len(h.few); i >= 0 {
			permit := h.rest[i]
			h.rest = h.rest[:i]
			permit.DoneAt(now, err)
		} else {
			h.few[h.n].DoneAt(now, err)
		}
	}
}
