package hint_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/hint"
)

func TestRetryAfter(t *testing.T) {
	refusal := func(after time.Duration) error { return &gate.RejectedError{Policy: "breaker", After: after} }
	tests := []struct {
		err   error
		after time.Duration
		told  bool
	}{
		{nil, 0, false},
		{errors.New("connection refused"), 0, false},
		{refusal(time.Second), time.Second, true},
		{refusal(0), 0, false},
		{fmt.Errorf("get: %w", refusal(time.Second)), time.Second, true},
		{errors.Join(errors.New("connection refused"), refusal(time.Second)), time.Second, true},
		{errors.Join(refusal(time.Minute), refusal(time.Second)), time.Minute, true},
	}
	for _, test := range tests {
		if after, told := hint.RetryAfter(test.err); after != test.after || told != test.told {
			t.Errorf("RetryAfter(%v) = %v, %v; want %v, %v", test.err, after, told, test.after, test.told)
		}
	}
}
